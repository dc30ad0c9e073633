import { leaseClaimsSchema } from "#protocol/api.ts";
import { canonicalJson, type Json } from "#protocol/canonical.ts";
import type { CaseState } from "#protocol/case-state.ts";
import { type Consent, consentSchema, inForce } from "#protocol/consent.ts";
import { type Decision, mayDisclose, type RefusalReason, type Status } from "#protocol/disclose.ts";
import { ColloqueError } from "#protocol/errors.ts";
import { opinionSchema } from "#protocol/events.ts";
import { glassSchema } from "#protocol/glass.ts";
import { identityCorrectionSchema } from "#protocol/identity.ts";
import { misfilingSchema } from "#protocol/misfiling.ts";
import { amendmentSchema } from "#protocol/opinion.ts";
import { questionAmendmentSchema } from "#protocol/question.ts";
import { type Receipt, receiptSchema } from "#protocol/receipt.ts";
import { missingCase } from "#protocol/result.ts";
import type { Certificate, RegistryKey } from "#protocol/signed.ts";
import { verifyCompact, verifySigned } from "../kit/jose.ts";
import { sha256Hex } from "./ids.ts";
import { parseJpeg } from "./jpeg.ts";
import { isPhonesWord } from "./phone-proof.ts";
import { untoldOf } from "./plan/inform.ts";
import { clipTypeOf } from "./video/index.ts";
import type { FileableEvent } from "./work.ts";

/** The registry as filing sees it: the keys that its certificates are signed with, and its word on a consent and one of its photos. */
export type RegistryPort = {
  readonly key: RegistryKey;
  statusOf(consentId: string, receiptId: string | null): Promise<Status>;
  /** Its signed word on each consent of a case. */
  leasesOf(caseId: string): Promise<readonly string[]>;
};

export type GateReason =
  | RefusalReason
  | "bad-signature"
  | "not-the-senders"
  | "another-case"
  | "evidence-differs"
  | "picture-missing"
  | "picture-differs"
  | "not-a-jpeg"
  | "not-a-clip"
  | "not-the-cases-request"
  | "not-the-cases-opinion"
  | "not-a-version-of-the-opinion"
  | "not-a-version-of-the-question"
  | "of-the-wrong-patient"
  | "reason-differs"
  | "nothing-to-tell"
  | "not-withdrawn";

export type GateAnswer =
  | {
      readonly allow: true;
      readonly certificate?: Certificate | undefined;
      /** The registry's signed word, for a withdrawal. */
      readonly proof?: string;
    }
  | { readonly allow: false; readonly reason: GateReason }
  /** Not this item's fault: ask again later. A photo is never destroyed because the registry did not answer. */
  | { readonly allow: "later"; readonly reason: "status-unknown" | "status-stale" | "consent-not-filed" }
  /** Says nothing new (a message sent twice, an answer after the end): nothing is filed, nobody is told. */
  | { readonly allow: "nothing" };

const refuse = (reason: GateReason): GateAnswer => ({ allow: false, reason });
const nothing: GateAnswer = { allow: "nothing" };

/**
 * Gate 4: what enters the record. A photo needs a receipt that its taker signed, the very bytes of it, and a live consent that
 * covers it; a consent and an opinion need their signer's signature. Words between professionals about the care are not gated: they
 * belong to the record by law (CSP R6316-4). `state` is the case with this event in it.
 */
export async function gate(
  event: FileableEvent,
  picture: Uint8Array | undefined,
  state: CaseState,
  registry: RegistryPort,
  nowMs: number,
): Promise<GateAnswer> {
  try {
    // Nothing more of the case goes into a record that it does not belong in.
    if (state.misfiled !== null && event.kind !== "misfiled" && event.kind !== "identity")
      return refuse("of-the-wrong-patient");
    switch (event.kind) {
      case "request":
        return state.request?.eventId === event.eventId ? { allow: true } : refuse("not-the-cases-request");
      case "consent":
        return await gateConsent(event, state, registry);
      case "photo":
        return await gatePhoto(event, picture, state, registry, nowMs);
      case "opinion":
        return await gateOpinion(event, state, registry);
      case "amendment":
        return await gateAmendment(event, state, registry);
      case "question":
        return await gateQuestion(event, state, registry);
      case "misfiled":
        return await gateMisfiling(event, state, registry);
      case "identity":
        return await gateIdentity(event, state, registry);
      case "message":
        return state.messages.some((each) => each.eventId === event.eventId) ? { allow: true } : nothing;
      case "response":
        return state.responses.some((each) => each.eventId === event.eventId) ? { allow: true } : nothing;
      case "glass":
        return await gateGlass(event, state, registry);
      case "informed":
        return gateInformed(event, state);
      case "call":
        // Whose word it is was looked at when it came in.
        return state.calls.some((each) => each.eventId === event.eventId) ? { allow: true } : nothing;
      case "withdrawn":
        return await gateWithdrawal(event, state, registry);
      default:
        return missingCase(event);
    }
  } catch (error) {
    if (error instanceof ColloqueError && error.code === "bad-signature") return refuse("bad-signature");
    throw error;
  }
}

type Of<K extends FileableEvent["kind"]> = Extract<FileableEvent, { kind: K }>;

async function gateConsent(
  event: Of<"consent">,
  state: CaseState,
  registry: RegistryPort,
): Promise<GateAnswer> {
  const { payload, certificate } = await verifySigned(
    consentSchema,
    event.consent,
    registry.key,
    Date.parse(event.consent.payload.collectedAt),
  );
  if (payload.collectedBy !== event.sender || certificate.sub !== event.sender)
    return refuse("not-the-senders");
  if (payload.caseId !== state.request?.request.caseId) return refuse("another-case");
  const evidence: Json = JSON.parse(JSON.stringify(event.evidence));
  if (
    event.evidence.consentId !== payload.consentId ||
    sha256Hex(canonicalJson(evidence)) !== payload.evidenceSha256
  )
    return refuse("evidence-differs");
  if (!(await isPhonesWord(payload, event.evidence))) return refuse("evidence-differs");
  return { allow: true, certificate };
}

async function gatePhoto(
  event: Of<"photo">,
  picture: Uint8Array | undefined,
  state: CaseState,
  registry: RegistryPort,
  nowMs: number,
): Promise<GateAnswer> {
  const signed = event.photo.receipt;
  const { payload: receipt, certificate } = await verifySigned(
    receiptSchema,
    signed,
    registry.key,
    Date.parse(signed.payload.takenAt),
  );
  if (receipt.takenBy !== event.sender || certificate.sub !== event.sender) return refuse("not-the-senders");
  if (receipt.receiptId !== event.photo.photoId || receipt.caseId !== state.request?.request.caseId)
    return refuse("another-case");
  const decision = await decideOnPicture(receipt, state, registry, nowMs);
  if (!decision.allow) {
    if (decision.reason === "status-unknown" || decision.reason === "status-stale")
      return { allow: "later", reason: decision.reason };
    return refuse(decision.reason);
  }
  if (picture === undefined) return refuse("picture-missing");
  if (sha256Hex(picture) !== receipt.pictureSha256) return refuse("picture-differs");
  const { clip } = event.photo;
  if (clip !== undefined && clipTypeOf(picture) !== clip.type) return refuse("not-a-clip");
  if (clip === undefined && parseJpeg(picture) === undefined) return refuse("not-a-jpeg");
  return { allow: true, certificate };
}

/** Whether a picture of the case may go into the record now: as itself, or as a figure of the letter. */
export async function decideOnPicture(
  receipt: Receipt,
  state: CaseState,
  registry: RegistryPort,
  nowMs: number,
): Promise<Decision> {
  // A registry that does not answer is a status that is not known.
  const ask = (consentId: string, receiptId: string | null): Promise<Status> =>
    registry.statusOf(consentId, receiptId).catch((): Status => ({ state: "unknown" }));
  const status = await ask(receipt.consentId, receipt.receiptId);
  const first = consentOf(state, receipt.consentId);
  const consent = first === null ? null : inForce(first, await laterWords(state, ask));
  return mayDisclose(consent, receipt, status, "record", "care", nowMs);
}

/** Consents of the case that take another's place and were not taken back (rule G14). */
async function laterWords(
  state: CaseState,
  ask: (consentId: string, receiptId: null) => Promise<Status>,
): Promise<Consent[]> {
  const later = state.consents.map((each) => each.consent).filter((each) => each.supersedes !== undefined);
  const states = await Promise.all(later.map(async (each) => (await ask(each.consentId, null)).state));
  return later.filter((_each, index) => states[index] === "live");
}

async function gateOpinion(
  event: Of<"opinion">,
  state: CaseState,
  registry: RegistryPort,
): Promise<GateAnswer> {
  if (state.opinion?.eventId !== event.eventId) return refuse("not-the-cases-opinion");
  const { payload, certificate } = await verifySigned(
    opinionSchema,
    event.opinion,
    registry.key,
    Date.parse(event.opinion.payload.signedAt),
  );
  if (payload.author !== event.sender || certificate.sub !== event.sender) return refuse("not-the-senders");
  return { allow: true, certificate };
}

/** Another version of the opinion, signed by the author of the first (rule C13). */
async function gateAmendment(
  event: Of<"amendment">,
  state: CaseState,
  registry: RegistryPort,
): Promise<GateAnswer> {
  if (!state.amendments.some((each) => each.eventId === event.eventId))
    return refuse("not-a-version-of-the-opinion");
  const { payload, certificate } = await verifySigned(
    amendmentSchema,
    event.amendment,
    registry.key,
    Date.parse(event.amendment.payload.opinion.signedAt),
  );
  if (payload.opinion.author !== event.sender || certificate.sub !== event.sender)
    return refuse("not-the-senders");
  return { allow: true, certificate };
}

/** Another version of the question, signed by who asked (rule C18). */
async function gateQuestion(
  event: Of<"question">,
  state: CaseState,
  registry: RegistryPort,
): Promise<GateAnswer> {
  if (!state.questions.some((each) => each.eventId === event.eventId))
    return refuse("not-a-version-of-the-question");
  const { payload, certificate } = await verifySigned(
    questionAmendmentSchema,
    event.amendment,
    registry.key,
    Date.parse(event.amendment.payload.signedAt),
  );
  if (payload.author !== event.sender || certificate.sub !== event.sender) return refuse("not-the-senders");
  return { allow: true, certificate };
}

/** That the case is of the wrong patient, signed by who may say so (rule C14). */
async function gateMisfiling(
  event: Of<"misfiled">,
  state: CaseState,
  registry: RegistryPort,
): Promise<GateAnswer> {
  if (state.misfiled?.eventId !== event.eventId) return nothing;
  const { payload, certificate } = await verifySigned(
    misfilingSchema,
    event.misfiling,
    registry.key,
    Date.parse(event.misfiling.payload.at),
  );
  if (payload.by !== event.sender || certificate.sub !== event.sender) return refuse("not-the-senders");
  return { allow: true, certificate };
}

/** Whose the case is instead, signed by who asked (rule C17); never before the record knows that it was of the wrong patient. */
async function gateIdentity(
  event: Of<"identity">,
  state: CaseState,
  registry: RegistryPort,
): Promise<GateAnswer> {
  if (state.corrections.some((each) => each.eventId === event.eventId))
    return signedIdentity(event, registry);
  return state.misfiled === null && state.corrections.length === 0
    ? { allow: "later", reason: "consent-not-filed" }
    : nothing;
}

/** A correction that had passed, when all that it moved is filed: whose signature it bears. */
export async function gateAgain(event: FileableEvent, registry: RegistryPort): Promise<GateAnswer> {
  if (event.kind !== "identity") throw new Error("A correction is an item of its own");
  return signedIdentity(event, registry);
}

async function signedIdentity(event: Of<"identity">, registry: RegistryPort): Promise<GateAnswer> {
  const { payload, certificate } = await verifySigned(
    identityCorrectionSchema,
    event.correction,
    registry.key,
    Date.parse(event.correction.payload.at),
  );
  if (payload.by !== event.sender || certificate.sub !== event.sender) return refuse("not-the-senders");
  return { allow: true, certificate };
}

/** Who breaks a glass signs for it, with a reason, in this very case. */
async function gateGlass(event: Of<"glass">, state: CaseState, registry: RegistryPort): Promise<GateAnswer> {
  const { payload, certificate } = await verifySigned(
    glassSchema,
    event.glass,
    registry.key,
    Date.parse(event.glass.payload.openedAt),
  );
  if (payload.openedBy !== event.sender || certificate.sub !== event.sender) return refuse("not-the-senders");
  if (payload.caseId !== state.request?.request.caseId) return refuse("another-case");
  if (sha256Hex(event.reason) !== payload.reasonSha256) return refuse("reason-differs");
  const first = state.glasses.find((each) => each.glass.glassId === payload.glassId);
  return first?.eventId === event.eventId ? { allow: true, certificate } : nothing;
}

function gateInformed(event: Of<"informed">, state: CaseState): GateAnswer {
  if (untoldOf({ state }, event.informed.of) === undefined) return refuse("nothing-to-tell");
  const of = JSON.stringify(event.informed.of);
  const first = state.informed.find((each) => JSON.stringify(each.informed.of) === of);
  return first?.eventId === event.eventId ? { allow: true } : nothing;
}

/** Whoever says it: it is so when the registry says so, whose signed word is filed as the proof. */
async function gateWithdrawal(
  event: Of<"withdrawn">,
  state: CaseState,
  registry: RegistryPort,
): Promise<GateAnswer> {
  const { consentId } = event.withdrawn;
  const consent = state.consents.find((each) => each.consent.consentId === consentId)?.consent;
  if (consent === undefined) return { allow: "later", reason: "consent-not-filed" };
  const first = state.withdrawals.find((each) => each.withdrawn.consentId === consentId);
  if (first?.eventId !== event.eventId) return nothing;
  const leases = await registry.leasesOf(consent.caseId).catch((): readonly string[] => []);
  for (const lease of leases) {
    const claims = await verifyCompact(leaseClaimsSchema, lease, registry.key).catch(() => undefined);
    if (claims?.consentId !== consentId) continue;
    return claims.state === "withdrawn" ? { allow: true, proof: lease } : refuse("not-withdrawn");
  }
  return { allow: "later", reason: "status-unknown" };
}

/** The consent that a receipt names, among those that passed this gate before it. */
const consentOf = (state: CaseState, consentId: string): Consent | null =>
  state.consents.find((each) => each.consent.consentId === consentId)?.consent ?? null;
