import type { CaseState } from "#protocol/case-state.ts";
import type { Filed } from "#protocol/events.ts";
import type { ParkCode } from "#protocol/filing-desk.ts";
import type { Patient } from "#protocol/patient.ts";
import { missingCase } from "#protocol/result.ts";
import { type Logger, toLog } from "../kit/log.ts";
import type { Clock } from "../kit/role.ts";
import { isTheCorrection, underId } from "./anew.ts";
import { backoffMs } from "./backoff.ts";
import { type FiledCase, readCase } from "./case-of.ts";
import { decideOnPicture, type GateReason, gate, gateAgain, type RegistryPort } from "./gate.ts";
import { sha256Hex } from "./ids.ts";
import { LostLease } from "./leases.ts";
import type { NamesStore } from "./names-store.ts";
import { type Plan, type PlanContext, planFiling, type Step } from "./plan/index.ts";
import { halfWritten } from "./plan/misfiled.ts";
import { photoBinaryId } from "./plan/references.ts";
import { refusalAudit } from "./plan/trail.ts";
import type { DicomArchive } from "./record/dicom.ts";
import type { FhirRecord } from "./record/fhir.ts";
import { RecordFault } from "./record/http.ts";
import { type Names, named, noNames } from "./record/names.ts";
import type { PatientCheck } from "./record/patient-lookup.ts";
import type { FilingStore, Held } from "./store.ts";
import { ClipUnreadable, type Converter, type Video } from "./video/index.ts";
import type { FileableEvent, FileableKind, InboxItem } from "./work.ts";

/** A human must look: this item goes no further, and its case waits behind it. */
export class ParkFault extends Error {
  override readonly name = "ParkFault";
  readonly reason: ParkCode;
  constructor(reason: ParkCode) {
    super(reason);
    this.reason = reason;
  }
}

/** Not now: nothing is wrong with the item. */
class LaterFault extends Error {
  override readonly name = "LaterFault";
  readonly reason: ParkCode;
  constructor(reason: ParkCode) {
    super(reason);
    this.reason = reason;
  }
}

export type WorkerParts = {
  readonly store: FilingStore;
  readonly names: NamesStore;
  readonly record: FhirRecord;
  readonly patients: PatientCheck;
  readonly archive: DicomArchive | undefined;
  /** Makes of a clip what the archive takes. */
  readonly convert: Converter | undefined;
  readonly registry: RegistryPort;
  readonly clock: Clock;
  readonly log: Logger;
  /** What a plan needs and the item does not say. */
  readonly surroundings: Omit<
    PlanContext,
    "state" | "patient" | "certificate" | "nowMs" | "filedAtMs" | "pictures"
  >;
  readonly random: () => number;
  /** The record or the archive did not answer. */
  readonly onDown: () => void;
};

/** One item in its case, which `said` tells with Matrix's ids and `state` with those that things are filed under. */
type Read = Pick<FiledCase, "said" | "state"> &
  Pick<InboxItem, "event" | "before"> & { readonly patient: Patient };

/** Steps that go wrong in our own code, or a server that answers 500 to one item, are not tried for ever. */
const maxFaults = 8;
/** What others must mend (a registry that does not know a consent, a conflict that stays) is told to a human after some minutes. */
const maxWaits = 20;

/**
 * Takes one item one turn further, in these phases, each durable before the next and each safe to repeat:
 * gate → plan (kept) → steps, in order (each marked when done) → read-back of everything → filed (entries and word in one commit).
 * It does not rely on a step's mark: a step that was done and not marked is done again and changes nothing.
 */
export function createWorker(parts: WorkerParts) {
  const { store, names, record, archive, registry, clock, log } = parts;

  /** True when the item came to an end (filed, refused, parked), false when it must wait. */
  async function advance(item: Held): Promise<boolean> {
    try {
      if (item.state === "refusing") await auditRefusal(item);
      else if (item.state === "planned" ? await mayStill(item) : await prepare(item)) await carryOut(item);
      return true;
    } catch (fault) {
      // Another process has it: not a word more about it from here.
      if (fault instanceof LostLease) throw fault;
      return await handle(item, fault);
    }
  }

  /** Gate and plan; false when the item ended here. */
  async function prepare(item: Held): Promise<boolean> {
    const read = await readItem(item);
    const { event, state, patient } = read;
    const picture = await pictureOf(item, read);
    const answer = isTheCorrection(item.event_id)
      ? await gateAgain(event, registry)
      : await gate(event, picture, read.said, registry, clock());
    const isOfNothing =
      answer.allow === "later" &&
      answer.reason === "consent-not-filed" &&
      !(event.kind === "identity"
        ? await store.isOpen(item.room_id, "misfiled", item.event_id)
        : await store.isOpen(item.room_id, "consent"));
    if (answer.allow === "nothing" || isOfNothing) {
      await store.end(item, "ignored", "nothing-new", undefined, clock());
      return false;
    }
    if (answer.allow === "later") throw new LaterFault(answer.reason);
    if (!answer.allow) {
      // A consent that a human filed is not in the record under our id, and a picture is not destroyed for that.
      if (answer.reason === "no-consent" && (await store.isByHand(item.room_id, "consent")))
        throw new ParkFault("consent-by-hand");
      if (
        answer.reason === "not-a-version-of-the-opinion" &&
        ((await store.isByHand(item.room_id, "opinion")) || (await store.isByHand(item.room_id, "amendment")))
      )
        throw new ParkFault("opinion-by-hand");
      await refuse(item, read, answer.reason);
      return false;
    }
    if (event.kind === "identity" && !isTheCorrection(item.event_id)) {
      await checkPatient(event.correction.payload.patient);
      await store.beginAnew(item, event.correction.payload.patient, clock());
      return false;
    }
    const context: PlanContext = {
      ...contextOf(read),
      certificate: answer.certificate,
      proof: answer.proof,
      filedAtMs: await store.photosFiledAt(item.room_id),
      ...(await entriesFor(item)),
      pictures: event.kind === "opinion" || event.kind === "amendment" ? await picturesOf(state) : new Map(),
    };
    // What is entered in error is so whatever became of the patient.
    if (event.kind !== "misfiled") await checkPatient(patient);
    const video = await videoOf(event, picture);
    const plan = await planFiling(underId(event, item.event_id), picture, { ...context, video });
    if (event.kind === "withdrawn") await store.dropPictures(photosOf(state, event.withdrawn.consentId));
    await store.savePlan(item, plan);
    return true;
  }

  /** A clip as the archive takes it; one that cannot be turned into that waits for somebody who looks at it. */
  async function videoOf(event: FileableEvent, picture: Uint8Array | undefined): Promise<Video | undefined> {
    if (event.kind !== "photo" || event.photo.clip === undefined || picture === undefined) return undefined;
    if (archive === undefined || parts.convert === undefined) return undefined;
    try {
      return await parts.convert(picture, event.photo.clip.type);
    } catch (fault) {
      if (fault instanceof ClipUnreadable) throw new ParkFault("clip-unreadable");
      throw fault;
    }
  }

  /**
   * A photo that was planned and could not be written yet is asked about again: its consent may have been taken back while it waited. What the
   * record has of it already stays there, and the withdrawal marks it.
   */
  async function mayStill(item: Held): Promise<boolean> {
    if (item.kind !== "photo" || item.step > 0) return true;
    const read = await readItem(item);
    if (read.event.kind !== "photo") return true;
    const decision = await decideOnPicture(read.event.photo.receipt.payload, read.said, registry, clock());
    if (decision.allow) return true;
    if (decision.reason === "status-unknown" || decision.reason === "status-stale")
      throw new LaterFault(decision.reason);
    for (const step of (await store.plan(item.event_id)).steps) {
      if (step.kind === "documents" && (await record.provided(step)) !== undefined) return true;
    }
    await refuse(item, read, decision.reason);
    return false;
  }

  /** What the record has of the case; for words about all of it, what it may have and what it has in error, too. */
  async function entriesFor({
    room_id: roomId,
    kind,
  }: Held): Promise<Pick<PlanContext, "entries" | "inError">> {
    const entries = (await store.entries(roomId)).map((entry) => entry.reference);
    if (kind === "misfiled")
      return { entries: [...entries, ...halfWritten(await store.plannedEntries(roomId))] };
    if (kind !== "identity") return { entries };
    return { entries, inError: (await store.entriesInError(roomId)).map((entry) => entry.reference) };
  }

  /** A photo that is filed anew may be in the record alone. */
  async function pictureOf(item: Held, { event, before }: Read): Promise<Uint8Array | undefined> {
    const kept = await store.blob(item.event_id, "picture");
    if (kept !== undefined || event.kind !== "photo" || before === undefined) return kept;
    const binary = await store.binaryOf(before);
    const filed = binary && (await filedPicture(binary, event.photo.receipt.payload.pictureSha256));
    if (!filed) throw new ParkFault("bytes-lost");
    await store.keepPicture(item, filed);
    return filed;
  }

  const contextOf = ({ state, patient }: Read): PlanContext => ({
    ...parts.surroundings,
    state,
    patient,
    nowMs: clock(),
    filedAtMs: new Map(),
    pictures: new Map(),
  });

  async function readItem(item: Held): Promise<Read> {
    const { said, state, last, patient } = await readCase(store, item.room_id, item);
    if (last === undefined) throw new Error("An item of the inbox can be read");
    if (patient === undefined) {
      // Where a human filed the request, there is nothing to file the rest under. A withdrawal may come while the request waits.
      if (await store.isByHand(item.room_id, "request")) throw new ParkFault("request-by-hand");
      throw new LaterFault("consent-not-filed");
    }
    return { ...last, said, state, patient };
  }

  /**
   * The figures of the letter; a photo that was withdrawn after its filing is not reproduced in a new document. After the opinion the record alone
   * has them: a later version of it takes them from there.
   */
  async function picturesOf(state: CaseState): Promise<Map<string, Uint8Array>> {
    const pictures = new Map<string, Uint8Array>();
    for (const { eventId, photo } of state.photos) {
      // Paper shows no film.
      if (photo.clip !== undefined) continue;
      const decision = await decideOnPicture(photo.receipt.payload, state, registry, clock());
      if (!decision.allow) continue;
      const picture =
        (await store.blob(eventId, "picture")) ??
        (await filedPicture(`Binary/${photoBinaryId(eventId)}`, photo.receipt.payload.pictureSha256));
      if (picture !== undefined) pictures.set(eventId, picture);
    }
    return pictures;
  }

  /** The bytes as the record gives them, when they are the photo's own. */
  async function filedPicture(binary: string, sha256: string): Promise<Uint8Array | undefined> {
    const read = await record.readBinary(binary);
    return read !== undefined && sha256Hex(read.bytes) === sha256 ? read.bytes : undefined;
  }

  /** A picture that is refused is destroyed; its hash and the reason are kept, here and in the record's audit. */
  async function refuse(item: Held, read: Read, reason: GateReason): Promise<void> {
    const { event } = read;
    const receipt = event.kind === "photo" ? event.photo.receipt.payload : undefined;
    const audit = refusalAudit(contextOf(read), item.event_id, event.sender, {
      consent: {
        identifier: { value: receipt === undefined ? event.eventId : `urn:uuid:${receipt.consentId}` },
      },
      reason,
      pictureSha256: receipt?.pictureSha256,
    });
    const nowMs = clock();
    const outcome = outcomeOf(item, { state: "refused", at: iso(nowMs), reason });
    const plan = { steps: [{ kind: "bundle" as const, writes: [{ resource: audit }] }], entries: [] };
    await store.refuse(item, reason, plan, outcome, nowMs, receipt);
    log.warn({ eventId: item.event_id, kind: item.kind, reason }, "gate 4 refused");
  }

  async function auditRefusal(item: Held): Promise<void> {
    const { steps } = await store.plan(item.event_id);
    for (const step of steps) await perform(step, noNames, noBytes);
    await store.end(item, "refused", item.reason ?? "", undefined, clock());
  }

  /** Never created, never guessed: the patient is there, is the one that was meant, and is still in use. */
  async function checkPatient(patient: Patient): Promise<void> {
    const problem = await parts.patients.problemWith(patient);
    if (problem !== undefined) throw new ParkFault(problem);
  }

  async function carryOut(item: Held): Promise<void> {
    const plan = await store.plan(item.event_id);
    const bytesOf = async (name: string) => {
      const bytes = await store.blob(item.event_id, name);
      if (bytes === undefined) throw new ParkFault("bytes-lost");
      return bytes;
    };
    for (const [index, step] of plan.steps.entries()) {
      if (index < item.step) continue;
      const learnt = await perform(step, await names.of(item.room_id), bytesOf);
      await names.learn(item.lease, item.room_id, learnt);
      await store.setStep(item, index + 1);
    }
    const known = await names.of(item.room_id);
    await readBack(item, plan, known, bytesOf);
    const nowMs = clock();
    const entries = plan.entries.map((each) => ({ ...each, reference: named(known, each.reference) }));
    const said = entries.map(({ reference, sha256 }) => ({ reference, sha256 }));
    const outcome = outcomeOf(item, { state: "filed", at: iso(nowMs), entries: said });
    await store.finish(item, entries, outcome, nowMs);
    log.info({ eventId: item.event_id, kind: item.kind }, "filed");
  }

  /** Gives what the record calls the documents of this step, where it named any. */
  async function perform(
    step: Step,
    known: Names,
    bytesOf: (name: string) => Promise<Uint8Array>,
  ): Promise<Names> {
    switch (step.kind) {
      case "bundle":
        await record.write(step.writes, known, bytesOf);
        return noNames;
      case "documents":
        return await record.provide(step, known, bytesOf);
      case "dicom":
        if (archive === undefined) throw new ParkFault("archive-gone");
        await archive.store(step, await bytesOf(step.blob));
        return noNames;
      case "reject":
        if (archive === undefined) throw new ParkFault("archive-gone");
        await archive.reject(step);
        return noNames;
      case "retract":
        await record.retract(step.references, known);
        return noNames;
      case "mark":
        await record.mark(step, known);
        return noNames;
      default:
        return missingCase(step);
    }
  }

  async function readBack(
    item: Held,
    plan: Pick<Plan, "steps">,
    known: Names,
    bytesOf: (name: string) => Promise<Uint8Array>,
  ): Promise<void> {
    for (const answer of await Promise.all(plan.steps.map((step) => readBackStep(step, known, bytesOf)))) {
      if (answer === "differs") throw new ParkFault("read-back-differs");
      if (answer === "missing") {
        // Written again from the first step: the server lost it, or said yes too early.
        await store.setStep(item, 0);
        throw new LaterFault("read-back-missing");
      }
    }
  }

  async function readBackStep(
    step: Step,
    known: Names,
    bytesOf: (name: string) => Promise<Uint8Array>,
  ): Promise<"same" | "missing" | "differs"> {
    if (step.kind === "dicom") return (await archive?.readBack(step, await bytesOf(step.blob))) ?? "missing";
    if (step.kind === "reject") return (await archive?.readRejection(step)) ?? "missing";
    if (step.kind === "retract")
      return (await record.isRetracted(step.references, known)) ? "same" : "missing";
    if (step.kind === "mark") return (await record.isMarked(step, known)) ? "same" : "missing";
    for (const write of step.writes) {
      const answer = await record.readBack(write, known, bytesOf);
      if (answer !== "same") {
        log.warn({ reference: `${write.resource.resourceType}/${write.resource.id}`, answer }, "read-back");
        return answer;
      }
    }
    return "same";
  }

  async function handle(item: Held, fault: unknown): Promise<boolean> {
    const nowMs = clock();
    const about = { eventId: item.event_id, kind: item.kind };
    const reason = parkReason(item, fault);
    if (reason !== undefined && item.state === "refusing") {
      // The refusal stands, audited or not.
      await store.end(item, "refused", item.reason ?? "", undefined, nowMs);
      log.error({ ...about, reason, ...toLog(fault) }, "a refusal could not be audited");
      return true;
    }
    if (reason !== undefined) {
      const outcome = outcomeOf(item, { state: "parked", at: iso(nowMs), reason });
      await store.end(item, "parked", reason, outcome, nowMs);
      log.error({ ...about, reason, ...toLog(fault) }, "parked");
      return true;
    }
    const isDown = fault instanceof RecordFault && fault.what === "down";
    await store.postpone(item, nowMs + backoffMs(item.attempts, parts.random()), !isDown);
    await store.tellWaiting(item, nowMs, (eventId, kind) => ({
      ofEvent: eventId,
      kind,
      outcome: { state: "waiting", since: iso(nowMs) },
    }));
    log.warn({ ...about, attempts: item.attempts + 1, ...toLog(fault) }, "waits");
    if (isDown) parts.onDown();
    return false;
  }

  return { advance };
}

/** Why this can't succeed by itself, or undefined when it is worth another try. */
function parkReason(item: Held, fault: unknown): ParkCode | undefined {
  if (fault instanceof ParkFault) return fault.reason;
  if (fault instanceof RecordFault) {
    if (fault.what === "differs") return "read-back-differs";
    if (fault.what === "refused") return `record-refused-${fault.status ?? "none"}`;
    if (fault.what === "failing" && item.faults >= maxFaults) return "record-fails";
    if (fault.what === "conflict" && item.faults >= maxWaits) return "record-conflict";
    return undefined;
  }
  if (fault instanceof LaterFault) return item.faults >= maxWaits ? fault.reason : undefined;
  return item.faults >= maxFaults ? "internal" : undefined;
}

const photosOf = (state: CaseState, consentId: string): string[] =>
  state.photos
    .filter((each) => each.photo.receipt.payload.consentId === consentId)
    .map((each) => each.eventId);

const iso = (ms: number): string => new Date(ms).toISOString();
const outcomeOf = (item: { event_id: string; kind: FileableKind }, outcome: Filed["outcome"]): Filed => ({
  ofEvent: item.event_id,
  kind: item.kind,
  outcome,
});

const noBytes = (): Promise<Uint8Array> => Promise.reject(new Error("This request has no bytes"));
