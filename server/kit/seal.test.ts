import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createSealer } from "./seal.ts";

const key = new Uint8Array(randomBytes(32));

describe("a sealed value", () => {
  test("opens under the same key, label and context", () => {
    const sealed = createSealer(key, "inbox").seal("N’Guessan Aïcha-Élodie", "row 1");
    expect(Buffer.from(sealed).includes("Guessan")).toBe(false);
    expect(createSealer(key, "inbox").openText(sealed, "row 1")).toBe("N’Guessan Aïcha-Élodie");
  });

  test("stays closed in another row, under another label, under another key, and with one bit changed", () => {
    const sealed = createSealer(key, "inbox").seal("secret", "row 1");
    expect(() => createSealer(key, "inbox").open(sealed, "row 2")).toThrow();
    expect(() => createSealer(key, "outbox").open(sealed, "row 1")).toThrow();
    expect(() => createSealer(new Uint8Array(randomBytes(32)), "inbox").open(sealed, "row 1")).toThrow();
    for (const at of [0, 5, sealed.length - 1]) {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => createSealer(key, "inbox").open(changed, "row 1")).toThrow();
    }
  });

  test("differs each time, so that equal values do not show", () => {
    const sealer = createSealer(key, "inbox");
    expect(Buffer.from(sealer.seal("x", "r")).equals(Buffer.from(sealer.seal("x", "r")))).toBe(false);
  });
});
