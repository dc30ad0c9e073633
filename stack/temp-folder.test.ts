import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { setup } from "./temp-folder.ts";

const before = process.env.TMPDIR;

afterEach(() => {
  process.env.TMPDIR = before;
});

describe("what tests leave behind", () => {
  it("lies in the folder of their run", () => {
    expect(basename(tmpdir())).toMatch(/^colloque-tests-/);
  });

  it("is gone when the run is over", () => {
    const outside = tmpdir();
    const clear = setup();
    const inside = tmpdir();
    writeFileSync(join(mkdtempSync(join(tmpdir(), "registry-")), "left.db"), "");
    expect(basename(inside)).toMatch(/^colloque-tests-/);
    expect(inside).not.toBe(outside);
    clear();
    expect(existsSync(inside)).toBe(false);
    expect(tmpdir()).toBe(outside);
  });

  it("may be a socket in a folder of its own", () => {
    expect(Buffer.byteLength(join(tmpdir(), "policy-123456", "homeserver.sock"))).toBeLessThan(108);
  });
});
