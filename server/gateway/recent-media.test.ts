import { describe, expect, test } from "vitest";
import { maxUploadBytes } from "#protocol/api.ts";
import { createRecentMedia } from "./recent-media.ts";

const mxc = "mxc://valombre.example/a";

/** Large buffers are compared by what they are: a report of how two differ would take minutes. */
describe("media that has just come in", () => {
  test("is there for some seconds, and then no longer", () => {
    let nowMs = 0;
    const recent = createRecentMedia(() => nowMs);
    recent.put(mxc, Buffer.from("ciphertext"));
    nowMs = 19_000;
    expect(recent.get(mxc)?.toString()).toBe("ciphertext");
    nowMs = 20_000;
    expect(recent.get(mxc)).toBeUndefined();
  });

  test("wakes those who wait for it, not those who wait for another or no longer", () => {
    const recent = createRecentMedia(() => 0);
    const woken: string[] = [];
    recent.onPut(mxc, () => woken.push("this"));
    recent.onPut(`${mxc}b`, () => woken.push("another"));
    recent.onPut(mxc, () => woken.push("gone"))[Symbol.dispose]();
    recent.put(mxc, Buffer.from("x"));
    expect(woken).toEqual(["this"]);
  });

  test("takes no more memory than two of the largest uploads: the oldest go first", () => {
    const recent = createRecentMedia(() => 0);
    const large = Buffer.alloc(45 * 1024 * 1024);
    for (const name of ["a", "b", "c"]) recent.put(name, large);
    expect(recent.get("a") === undefined).toBe(true);
    expect(recent.get("c") === large).toBe(true);
  });

  test("has room for exactly two of the largest, also when one of them comes in twice", () => {
    const recent = createRecentMedia(() => 0);
    const largest = Buffer.alloc(maxUploadBytes);
    for (const name of ["a", "a", "b", "b"]) recent.put(name, largest);
    expect(recent.get("a") === largest).toBe(true);
    expect(recent.get("b") === largest).toBe(true);
    recent.put("c", Buffer.from("x"));
    expect(recent.get("a") === undefined).toBe(true);
    expect(recent.get("b") === largest).toBe(true);
  });

  test("makes room by letting go of what is over before what is not", () => {
    let nowMs = 0;
    const recent = createRecentMedia(() => nowMs);
    const largest = Buffer.alloc(maxUploadBytes);
    recent.put("old", largest);
    nowMs = 20_000;
    for (const name of ["a", "b"]) recent.put(name, largest);
    expect(recent.get("a") === largest).toBe(true);
    expect(recent.get("b") === largest).toBe(true);
  });

  test("wakes everybody who waits for it, and each of them again for the next of that name", () => {
    const recent = createRecentMedia(() => 0);
    const woken: string[] = [];
    const one = recent.onPut(mxc, () => woken.push("one"));
    recent.onPut(mxc, () => woken.push("other"));
    recent.put(mxc, Buffer.from("x"));
    one[Symbol.dispose]();
    one[Symbol.dispose]();
    recent.put(mxc, Buffer.from("y"));
    expect(woken).toEqual(["one", "other", "other"]);
  });
});
