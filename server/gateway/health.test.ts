import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Client, type Dispatcher } from "undici";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createHealth } from "./health.ts";

/** A part that answers what it is told, and remembers what it was asked. */
const part = { status: 200, asked: [] as string[] };
const server = createServer((request, reply) => {
  part.asked.push(request.url ?? "");
  reply.writeHead(part.status).end("x");
});
let url = "";
let dispatcher: Dispatcher;
beforeEach(async () => {
  Object.assign(part, { status: 200, asked: [] });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  dispatcher = new Client(url);
});
afterEach(async () => {
  await dispatcher.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

type Parts = Parameters<typeof createHealth>[0];
const healthOf = (change: Partial<Parts> = {}) =>
  createHealth({
    synapse: { dispatcher },
    archive: { url: `${url}/dicom-web`, fetch },
    recordIsUp: () => true,
    botState: () => "up",
    clock: () => 0,
    ...change,
  });

describe("how the parts are", () => {
  test("is well when all of them are up, or off", async () => {
    const up = { homeserver: "up", record: "up", archive: "up", bot: "up" };
    expect(await healthOf()()).toEqual({ ok: true, parts: up });
    expect(part.asked.toSorted()).toEqual(["/dicom-web/studies?limit=1", "/health"]);
    const without = healthOf({ archive: undefined, botState: () => "off" });
    expect(await without()).toEqual({ ok: true, parts: { ...up, archive: "off", bot: "off" } });
  });

  test("is not well when one of them is down", async () => {
    const ofOne = async (change: Partial<Parts>) => healthOf(change)();
    expect(await ofOne({ recordIsUp: () => false })).toMatchObject({ ok: false, parts: { record: "down" } });
    expect(await ofOne({ botState: () => "down" })).toMatchObject({ ok: false, parts: { bot: "down" } });
    const nobody = new Client("http://127.0.0.1:9");
    expect(await ofOne({ synapse: { dispatcher: nobody } })).toMatchObject({
      ok: false,
      parts: { homeserver: "down", archive: "up" },
    });
    await nobody.destroy();
    expect(await ofOne({ archive: { url: "http://127.0.0.1:9", fetch } })).toMatchObject({
      ok: false,
      parts: { homeserver: "up", archive: "down" },
    });
  });

  test("says of record and archive why, where one of them is down and it is known", async () => {
    const trouble = (part: "record" | "archive") => (part === "record" ? "credentials-refused" : undefined);
    expect((await healthOf({ trouble })()).why).toBeUndefined();
    part.status = 500;
    expect(await healthOf({ trouble, recordIsUp: () => false })()).toMatchObject({
      parts: { record: "down", archive: "down" },
      why: { record: "credentials-refused" },
    });
  });

  test.each([
    [200, "up", "up"],
    [204, "down", "up"],
    [300, "down", "down"],
    [500, "down", "down"],
  ])(
    "is told from the status %i: the homeserver is %s, the archive %s",
    async (status, homeserver, archive) => {
      part.status = status;
      expect((await healthOf()()).parts).toMatchObject({ homeserver, archive });
    },
  );

  test("is asked of the parts at most every two seconds", async () => {
    let now = 0;
    const health = healthOf({ clock: () => now });
    await Promise.all([health(), health()]);
    now = 1_999;
    await health();
    expect(part.asked).toHaveLength(2);
    now = 2_000;
    await health();
    expect(part.asked).toHaveLength(4);
  });
});
