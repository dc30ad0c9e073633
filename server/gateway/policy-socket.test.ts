import { describe, expect, test } from "vitest";
import { consentSchema } from "#protocol/consent.ts";
import { receiptSchema } from "#protocol/receipt.ts";
import type { MediaFacts } from "../consent/index.ts";
import { mayKeep, mayStore } from "./policy-socket.ts";

const now = Date.parse("2026-03-01T10:00:00Z");
const hash = "a".repeat(64);
const leroy = "@leroy:valombre.example";
const caseId = "7f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f";
const consentId = "8f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f";

const consent = consentSchema.parse({
  v: 1,
  consentId,
  caseId,
  pseudonym: "abcdefghijklmnopqrstuv",
  decisions: [{ purpose: "care-named", granted: true }],
  recipients: [{ kind: "person", userId: "@martin:valombre.example" }],
  method: "oral-witnessed",
  givenBy: "patient",
  notice: { version: "1", sha256: hash, language: "fr" },
  evidenceSha256: hash,
  collectedBy: leroy,
  collectedAt: "2026-03-01T09:00:00Z",
  expiresAt: "2026-06-01T09:00:00Z",
});

const picture = (state: "live" | "withdrawn"): MediaFacts => ({
  kind: "picture",
  mxc: "mxc://valombre.example/a",
  caseId,
  roomId: "!r",
  uploader: leroy,
  rendition: "full",
  sha256: hash,
  bytes: 10,
  uploaded: false,
  receipt: receiptSchema.parse({
    v: 1,
    receiptId: "9f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f",
    consentId,
    caseId,
    pseudonym: "abcdefghijklmnopqrstuv",
    pictureSha256: hash,
    ciphertexts: [{ rendition: "full", sha256: hash, bytes: 10 }],
    takenBy: leroy,
    takenAt: "2026-03-01T09:30:00Z",
    source: "camera",
  }),
  consent,
  status: { state, untilMs: now + 60_000 },
  glasses: [],
});

const bundle: MediaFacts = { kind: "key-bundle", roomId: "!r", invitee: leroy, expiresAt: now + 1000 };
const bytes = { bytes: 10, sha256: hash };

describe("the homeserver may keep", () => {
  test("the bytes that a receipt announced, and no others in their place", () => {
    expect(mayKeep(picture("live"), bytes, now)).toEqual({ allow: true, reason: "announced" });
    const others = { allow: false, reason: "other-bytes" };
    expect(mayKeep(picture("live"), { ...bytes, sha256: "b".repeat(64) }, now)).toEqual(others);
    expect(mayKeep(picture("live"), { ...bytes, bytes: 11 }, now)).toEqual(others);
  });

  test("nothing of a consent that was withdrawn while the bytes were on their way", () => {
    expect(mayKeep(picture("withdrawn"), bytes, now)).toEqual({ allow: false, reason: "withdrawn" });
  });

  test("nothing at an address that nobody reserved", () => {
    expect(mayKeep({ kind: "unknown" }, bytes, now)).toEqual({ allow: false, reason: "not-reserved" });
  });

  test("keys that a ticket was opened for, in time and of a size", () => {
    expect(mayKeep(bundle, bytes, now).allow).toBe(true);
    expect(mayKeep(bundle, bytes, now + 1000).allow).toBe(false);
    const most = 8 * 1024 * 1024;
    const yes = { allow: true, reason: "key-bundle" };
    const no = { allow: false, reason: "key-bundle-too-late-or-large" };
    expect(mayKeep(bundle, { ...bytes, bytes: most }, now)).toEqual(yes);
    expect(mayKeep(bundle, { ...bytes, bytes: most + 1 }, now)).toEqual(no);
    expect(mayKeep(bundle, bytes, now + 999)).toEqual(yes);
    expect(mayKeep(bundle, bytes, now + 1000)).toEqual(no);
  });
});

describe("a file that Synapse asks about", () => {
  const noted: unknown[] = [];
  const asked = (mxc: string, reading: boolean) =>
    mayStore(
      {
        registry: { mediaFacts: async (of) => (of === bundleMxc ? bundle : { kind: "unknown" }) },
        audit: { note: async ({ details }) => void noted.push(details) },
        clock: () => now,
        serverName: "valombre.example",
        isReadingFrom: (server) => reading && server === "b.example:8448",
      },
      { mxc, ...bytes },
    );
  const bundleMxc = "mxc://valombre.example/keys";

  test("is judged by the ledger when it is ours, and a refusal is written down", async () => {
    expect(await asked(bundleMxc, false)).toMatchObject({ allow: true });
    expect(noted).toEqual([]);
    const other = "mxc://valombre.example/other";
    expect(await asked(other, true)).toMatchObject({ allow: false });
    expect(noted).toEqual([{ mxc: other, bytes: 10, reason: "not-reserved" }]);
  });

  test("is a copy of another hospital's while somebody reads there, and else is not kept", async () => {
    const copy = "mxc://b.example:8448/file";
    expect(await asked(copy, true)).toEqual({ allow: true, reason: "copy" });
    expect(await asked(copy, false)).toEqual({ allow: false, reason: "nobody-reads-it" });
    expect(await asked("mxc://c.example/file", true)).toEqual({ allow: false, reason: "nobody-reads-it" });
  });
});
