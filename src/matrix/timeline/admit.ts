import { canonicalJson } from "#protocol/canonical.ts";
import { type CaseEvent, parseCaseEvent } from "#protocol/events.ts";
import type { RegistryKey } from "#protocol/signed.ts";
import type { RatchetPlace } from "#protocol/trust.ts";
import { sha256Hex, utf8 } from "../kit/bytes.ts";
import { toJson } from "../kit/json.ts";
import { verifySigned } from "../session/signing.ts";
import type { UnreadableReason } from "../types.ts";

/** An event of a case room as it came, decrypted where it could be. */
export type RoomEvent = {
  readonly eventId: string;
  readonly sender: string;
  readonly atMs: number;
  readonly encrypted: boolean;
  /** Where in which session it was encrypted: the same place twice is a replay. Null when it was not encrypted or is no Megolm. */
  readonly place: RatchetPlace | null;
  readonly clear: { readonly type: string; readonly content: unknown } | null;
  readonly failure: UnreadableReason | null;
  /** The crypto layer says that sender and device do not belong together. */
  readonly forged: boolean;
};

export type RefusedReason =
  | "not-encrypted"
  | "replayed"
  | "forged-sender"
  | "rewritten"
  | "bad-signature"
  | "of-another-case";

export type Judged =
  | { readonly kind: "event"; readonly event: CaseEvent }
  | { readonly kind: "unreadable"; readonly reason: UnreadableReason }
  | { readonly kind: "refused"; readonly reason: RefusedReason }
  | { readonly kind: "ignored" };

/** What may never come in the clear. Everything else unencrypted is Matrix's own business. */
const spoken = (type: string): boolean => type === "m.room.message" || type.startsWith("fr.colloque.");

/**
 * Judges one event on its own: encrypted, by whom it says, unedited, of this case, and signed where it must be. Replays are told
 * apart by `admitAll`, which sees the others.
 */
export async function judge(raw: RoomEvent, caseId: string, registryKey: RegistryKey): Promise<Judged> {
  if (raw.failure !== null) return { kind: "unreadable", reason: raw.failure };
  if (raw.clear === null) return { kind: "ignored" };
  if (!raw.encrypted)
    return spoken(raw.clear.type) ? { kind: "refused", reason: "not-encrypted" } : { kind: "ignored" };
  if (raw.forged || raw.place === null) return { kind: "refused", reason: "forged-sender" };
  // Clinical events are immutable: a correction is an event of its own.
  if (isReplacement(raw.clear.content)) return { kind: "refused", reason: "rewritten" };
  const event = parseCaseEvent({ ...raw, ...raw.clear });
  if (!isOfCase(event, caseId)) return { kind: "refused", reason: "of-another-case" };
  if (!(await isSigned(event, registryKey))) return { kind: "refused", reason: "bad-signature" };
  return { kind: "event", event };
}

function isReplacement(content: unknown): boolean {
  if (content === null || typeof content !== "object" || !("m.relates_to" in content)) return false;
  const relation = content["m.relates_to"];
  return (
    relation !== null &&
    typeof relation === "object" &&
    "rel_type" in relation &&
    relation.rel_type === "m.replace"
  );
}

/** A consent, photo or request copied from another room names another case. */
function isOfCase(event: CaseEvent, caseId: string): boolean {
  switch (event.kind) {
    case "request":
      return event.request.caseId === caseId;
    case "consent":
      return event.consent.payload.caseId === caseId;
    case "photo":
      return event.photo.receipt.payload.caseId === caseId;
    case "preview":
      return event.preview.receipt.payload.caseId === caseId;
    case "opinion":
      return event.opinion.payload.caseId === caseId;
    case "amendment":
      return event.amendment.payload.opinion.caseId === caseId;
    case "misfiled":
      return event.misfiling.payload.caseId === caseId;
    case "identity":
      return event.correction.payload.caseId === caseId;
    case "question":
      return event.amendment.payload.caseId === caseId;
    case "glass":
      return event.glass.payload.caseId === caseId;
    case "expired":
      return event.expired.request.caseId === caseId;
    default:
      return true;
  }
}

async function isSigned(event: CaseEvent, registryKey: RegistryKey): Promise<boolean> {
  switch (event.kind) {
    case "consent": {
      const { payload } = event.consent;
      const evidence = await sha256Hex(utf8(canonicalJson(toJson(event.evidence))));
      if (evidence !== payload.evidenceSha256) return false;
      const by = { signer: payload.collectedBy, signedAtMs: Date.parse(payload.collectedAt) };
      return (await verifySigned(event.consent, registryKey, by)).ok;
    }
    case "photo":
    case "preview": {
      const { receipt } = event.kind === "photo" ? event.photo : event.preview;
      const by = { signer: receipt.payload.takenBy, signedAtMs: Date.parse(receipt.payload.takenAt) };
      return (await verifySigned(receipt, registryKey, by)).ok;
    }
    case "glass": {
      const { payload } = event.glass;
      if ((await sha256Hex(utf8(event.reason))) !== payload.reasonSha256) return false;
      const by = { signer: payload.openedBy, signedAtMs: Date.parse(payload.openedAt) };
      return (await verifySigned(event.glass, registryKey, by)).ok;
    }
    case "opinion": {
      const { payload } = event.opinion;
      const by = { signer: payload.author, signedAtMs: Date.parse(payload.signedAt) };
      return (await verifySigned(event.opinion, registryKey, by)).ok;
    }
    case "amendment": {
      const { opinion } = event.amendment.payload;
      const by = { signer: opinion.author, signedAtMs: Date.parse(opinion.signedAt) };
      return (await verifySigned(event.amendment, registryKey, by)).ok;
    }
    case "misfiled": {
      const { payload } = event.misfiling;
      const by = { signer: payload.by, signedAtMs: Date.parse(payload.at) };
      return (await verifySigned(event.misfiling, registryKey, by)).ok;
    }
    case "identity": {
      const { payload } = event.correction;
      const by = { signer: payload.by, signedAtMs: Date.parse(payload.at) };
      return (await verifySigned(event.correction, registryKey, by)).ok;
    }
    case "question": {
      const { payload } = event.amendment;
      const by = { signer: payload.author, signedAtMs: Date.parse(payload.signedAt) };
      return (await verifySigned(event.amendment, registryKey, by)).ok;
    }
    // Not signed: what is said by a device that its owner vouches for, and what the archivist tells. Named one by one, so that the compiler
    // asks for each new kind.
    case "request":
    case "message":
    case "response":
    case "informed":
    case "withdrawn":
    case "admission":
    case "call":
    case "ring":
    case "decline":
    case "expired":
    case "filed":
    case "seen":
    case "foreign":
    case "malformed":
      return true;
  }
}

export type Admitted = {
  readonly events: readonly CaseEvent[];
  readonly unreadable: readonly { eventId: string; atMs: number; reason: UnreadableReason }[];
  readonly refused: readonly { eventId: string; reason: RefusedReason }[];
};

/**
 * Puts a room together from its judged events, in the room's order. `claim` says to which event a place in a session belongs:
 * the first that came, for ever.
 */
export function admitAll(
  judged: readonly { readonly raw: RoomEvent; readonly verdict: Judged }[],
  claim: (place: RatchetPlace, eventId: string) => boolean,
): Admitted {
  const events: CaseEvent[] = [];
  const unreadable: Admitted["unreadable"][number][] = [];
  const refused: Admitted["refused"][number][] = [];
  for (const { raw, verdict } of judged) {
    const { eventId, atMs, place } = raw;
    if (verdict.kind === "unreadable") unreadable.push({ eventId, atMs, reason: verdict.reason });
    if (verdict.kind === "refused") refused.push({ eventId, reason: verdict.reason });
    if (verdict.kind !== "event") continue;
    if (place !== null && !claim(place, eventId)) refused.push({ eventId, reason: "replayed" });
    else events.push(verdict.event);
  }
  return { events, unreadable, refused };
}
