import { describe, expect, test } from "vitest";
import { alwaysEncrypted } from "./always-encrypted.ts";

describe("what LiveKit's worker is told of encryption", () => {
  test("is that it is on, whatever the media server announced", () => {
    const off = {
      kind: "enable",
      data: { enabled: false, participantIdentity: "@leroy:valombre.example:NURSE" },
    };
    expect(alwaysEncrypted(off)).toEqual({ ...off, data: { ...off.data, enabled: true } });
  });

  test("is left as it is otherwise", () => {
    const on = { kind: "enable", data: { enabled: true, participantIdentity: "x" } };
    expect(alwaysEncrypted(on)).toEqual(on);
    const key = { kind: "setKey", data: { enabled: false } };
    expect(alwaysEncrypted(key)).toBe(key);
    expect(alwaysEncrypted(null)).toBeNull();
  });
});
