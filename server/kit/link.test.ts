import { mkdtempSync, rmSync, statSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { ColloqueError } from "#protocol/errors.ts";
import { answerOn, askOn } from "./link.ts";
import { openLog } from "./testing/a-log.ts";

const contract = {
  double: { takes: z.object({ of: z.number() }), gives: z.number() },
  fail: { takes: z.object({ how: z.enum(["known", "unknown"]) }), gives: z.null() },
} as const;

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "link-"));
  path = join(folder, "a.sock");
});
afterEach(() => rmSync(folder, { recursive: true }));

async function open() {
  const { log, lines } = openLog();
  const asked: unknown[] = [];
  const side = await answerOn(
    path,
    contract,
    {
      double: async ({ of }) => {
        asked.push(of);
        return 2 * of;
      },
      fail: async ({ how }) => {
        if (how === "known") throw new ColloqueError("withdrawn", { details: { since: 3 } });
        throw new Error("Madame Delattre");
      },
    },
    log,
  );
  return { side, asked, lines };
}

/** Asks without the contract, as somebody might who is in the group. */
const raw = (method: string, name: string, body: string): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const sent = request({ socketPath: path, method, path: `/${name}` }, async (answer) => {
      let text = "";
      for await (const chunk of answer) text += chunk;
      resolve({ status: answer.statusCode ?? 0, text });
    });
    sent.on("error", reject);
    sent.end(body);
  });

describe("a link between two processes of ours", () => {
  test("carries a call and its answer, over a socket that only its owner and its group may open", async () => {
    const { side } = await open();
    await using _side = side;
    await using port = askOn(path, contract);
    expect(await port.double({ of: 21 })).toBe(42);
    expect(statSync(path).mode & 0o777).toBe(0o660);
  });

  test("lets nothing through that is not in the contract, or not in its shape", async () => {
    const { side, asked } = await open();
    await using _side = side;
    for (const [method, name, body] of [
      ["GET", "double", ""],
      ["POST", "constructor", "{}"],
      ["POST", "triple", JSON.stringify({ of: 1 })],
      ["POST", "double", JSON.stringify({ of: "1; DROP TABLE" })],
      ["POST", "double", "please double 1"],
    ] as const) {
      const answer = await raw(method, name, body);
      expect(answer.status).toBe(500);
      expect(answer.text).toMatch(/^\{"code":"(not-found|bad-request)","details":\{\}\}$/);
    }
    expect(asked).toEqual([]);
    expect(await raw("POST", "double", JSON.stringify({ of: 1 }))).toEqual({
      status: 200,
      text: '{"value":2}',
    });
    expect(asked).toEqual([1]);
  });

  test("carries a fault by its code, and no words of one that is not ours, there or into the log", async () => {
    const { side, lines } = await open();
    await using _side = side;
    await using port = askOn(path, contract);
    await expect(port.fail({ how: "known" })).rejects.toMatchObject({
      code: "withdrawn",
      details: { since: 3, link: "fail" },
    });
    await expect(port.fail({ how: "unknown" })).rejects.toMatchObject({ code: "internal" });
    expect((await raw("POST", "fail", '{"how":"unknown"}')).text).not.toContain("Delattre");
    expect(lines).toHaveLength(3);
    expect(JSON.stringify(lines)).not.toContain("Delattre");
  });

  test("says that nobody is there until somebody is", async () => {
    await using port = askOn(path, contract);
    await expect(port.double({ of: 1 })).rejects.toMatchObject({ code: "internal" });
    const { side } = await open();
    await using _side = side;
    expect(await port.double({ of: 1 })).toBe(2);
  });
});
