import { consentSchema } from "#protocol/consent.ts";
import { type Receipt, receiptSchema } from "#protocol/receipt.ts";
import type { MediaFacts } from "../../consent/index.ts";
import { leroy, startMs } from "./a-gateway.ts";

const hash = "a".repeat(64);

/** A picture of Leroy's as the registry knows it, whose bytes are there, and somebody of another hospital whom its consent names. */
export const abroad = "@weber:ambreville.example";
export const roomId = "!case:valombre.example";
export const ids = {
  caseId: "7f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f",
  consentId: "8f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f",
  receiptId: "9f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f",
};
export const receipt: Receipt = receiptSchema.parse({
  v: 1,
  ...ids,
  pseudonym: "abcdefghijklmnopqrstuv",
  pictureSha256: hash,
  ciphertexts: [{ rendition: "full", sha256: hash, bytes: 10 }],
  takenBy: leroy,
  takenAt: "2026-03-01T10:00:00Z",
  source: "camera",
});
export const ours: Extract<MediaFacts, { kind: "picture" }> = {
  kind: "picture",
  mxc: "mxc://valombre.example/ours",
  caseId: ids.caseId,
  roomId,
  uploader: leroy,
  rendition: "full",
  sha256: hash,
  bytes: 10,
  uploaded: true,
  receipt,
  consent: consentSchema.parse({
    v: 1,
    ...ids,
    pseudonym: "abcdefghijklmnopqrstuv",
    decisions: [{ purpose: "opinion", granted: true }],
    recipients: [{ kind: "person", userId: abroad }],
    method: "oral-witnessed",
    givenBy: "patient",
    notice: { version: "1", sha256: hash, language: "fr" },
    evidenceSha256: hash,
    collectedBy: leroy,
    collectedAt: "2026-03-01T09:00:00Z",
    expiresAt: "2026-06-01T09:00:00Z",
  }),
  status: { state: "live", untilMs: startMs + 60_000 },
  glasses: [],
};
