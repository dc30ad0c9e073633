import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openPresence } from "./presence.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "presence-"));
  path = join(folder, "a.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a presence", () => {
  test("is seen by others while it lasts and leaves no file behind", () => {
    using one = openPresence(path);
    {
      using other = openPresence(path);
      expect(one.isGone(other.id)).toBe(false);
      expect(other.isGone(one.id)).toBe(false);
      expect(one.isGone(one.id)).toBe(false);
    }
    expect(one.isGone(randomUUID())).toBe(true);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  test("of a process that was killed is gone at once; of one that is paused it is not", async () => {
    using own = openPresence(path);
    const module = JSON.stringify(join(import.meta.dirname, "presence.ts"));
    const code = `import { openPresence } from ${module}; console.log(openPresence(${JSON.stringify(path)}).id); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", code], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const id = await new Promise<string>((resolve) =>
      child.stdout.once("data", (bytes) => resolve(String(bytes).trim())),
    );
    expect(own.isGone(id)).toBe(false);
    child.kill("SIGSTOP");
    expect(own.isGone(id)).toBe(false);
    child.kill("SIGKILL");
    await ended;
    expect(own.isGone(id)).toBe(true);
    expect(readdirSync(folder)).toHaveLength(1);
  });
});
