import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { faults, quickFaults } from "./faults.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const isFull = process.env.COLLOQUE_MODEL_RUNS !== undefined;
const run = promisify(execFile);

/** What the model test says of the product with that fault in it. */
async function modelTestWith(fault: string): Promise<string> {
  const args = ["node_modules/.bin/vitest", "run", "--config", "test/model/faults.config.ts"];
  const env = { ...process.env, COLLOQUE_FAULT: fault, COLLOQUE_MODEL_RUNS: "600", COLLOQUE_MODEL_SEED: "1" };
  try {
    await run(process.execPath, args, { cwd: root, env, maxBuffer: 2 ** 28 });
    return "passed";
  } catch (error) {
    return error instanceof Error && "stdout" in error
      ? String(error.stdout) + ("stderr" in error ? String(error.stderr) : "")
      : String(error);
  }
}

describe("seeded faults", () => {
  test("each fits the source that it is put into", async () => {
    const wrong: string[] = [];
    for (const { name, file, from } of faults)
      if ((await readFile(root + file, "utf8")).split(from).length !== 2) wrong.push(name);
    expect(wrong).toEqual([]);
  });

  const tried = faults.filter((fault) => isFull || quickFaults.includes(fault.name));
  test.each(tried)("$name: the model test finds it", { timeout: 600_000 }, async ({ name }) => {
    expect(await modelTestWith(name)).toMatch(/RuleBroken.*(the rules)/s);
  });
});
