import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { idOf, oidOf, sha1Base64, uuidV5 } from "./ids.ts";

describe("ids of what is filed", () => {
  test("[F15] the same event and part give the same uuid of version 5, another gives another", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(uuidV5(one)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(uuidV5(one)).toBe(uuidV5(one));
        if (one !== other) expect(uuidV5(one)).not.toBe(uuidV5(other));
      }),
    );
  });

  test("[F15] never change from one release to the next", () => {
    expect(idOf("$event", "Task")).toBe(uuidV5("$event Task"));
    expect(idOf("$event", "Task")).toBe("1f819a29-5a26-558d-a698-fe1219975fd9");
  });

  test("[F15] a uuid is a DICOM UID of at most 64 characters, and back", () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        const oid = oidOf(uuid);
        expect(oid).toMatch(/^2\.25\.(0|[1-9]\d*)$/);
        expect(oid.length).toBeLessThanOrEqual(44);
        const hex = BigInt(oid.slice(5)).toString(16).padStart(32, "0");
        expect(hex).toBe(uuid.replaceAll("-", ""));
      }),
    );
  });

  test("the hash of an attachment is SHA-1 over the raw bytes", () => {
    expect(sha1Base64(Buffer.from("abc"))).toBe("qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
  });
});
