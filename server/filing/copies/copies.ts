import type { CaseState } from "#protocol/case-state.ts";
import { grants } from "#protocol/consent.ts";
import type {
  AskCopy,
  Copies,
  CopyObstacle,
  CopyTo,
  Correspondent,
  Correspondents,
} from "#protocol/copies.ts";
import { ColloqueError } from "#protocol/errors.ts";
import type { Patient } from "#protocol/patient.ts";
import { fullName } from "#protocol/people.ts";
import { type Logger, toLog } from "../../kit/log.ts";
import type { Clock } from "../../kit/role.ts";
import { backoffMs } from "../backoff.ts";
import { type FiledCase, readCase } from "../case-of.ts";
import { sha256Hex } from "../ids.ts";
import { documentId } from "../plan/documents.ts";
import type { PlanContext } from "../plan/index.ts";
import { disclosureAudit } from "../plan/trail.ts";
import type { FiledBytes } from "../reading.ts";
import type { FhirRecord } from "../record/fhir.ts";
import { noNames } from "../record/names.ts";
import type { EntryRow, FilingStore } from "../store.ts";
import type { LetterCopy } from "./letter-copy.ts";
import { type Envelope, type Sender, SenderRefusal } from "./sender.ts";
import type { CopyRecipient, CopyRow, CopyStore } from "./store.ts";
import { xdmPackage } from "./xdm.ts";

export type CopiesParts = {
  readonly store: Pick<FilingStore, "entries" | "itemsUpTo">;
  readonly copies: CopyStore;
  readonly record: Pick<FhirRecord, "write">;
  /** Reads the letter out of the record for somebody, and notes it there. */
  readonly readEntry: (roomId: string, id: string, reader: string) => Promise<FiledBytes>;
  /** Undefined where the hospital has none: nothing can be asked for. */
  readonly sender: Sender | undefined;
  readonly correspondents: Correspondents;
  readonly surroundings: Pick<PlanContext, "clinician" | "hospital" | "language" | "timeZone" | "recordHost">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
};

export type CopiesPort = {
  of(roomId: string): Promise<Copies>;
  /** Durable when it resolves. Throws `bad-request` with the obstacle as `why`. */
  ask(roomId: string, by: string, asked: AskCopy): Promise<void>;
};

type Case = Pick<FiledCase, "state" | "events"> & { readonly patient: Patient };

/**
 * Copies of a filed letter. What was asked for is kept until the hospital's sender has it, over restarts of both: read from the record,
 * noted there as a disclosure, handed over, in this order.
 */
export function createCopies(parts: CopiesParts): CopiesPort & Disposable & { resume(): Promise<void> } {
  const { store, copies, correspondents, sender, clock, log } = parts;
  const timers = new Map<string, NodeJS.Timeout>();
  const running = new Set<string>();
  let stopped = false;

  async function caseOf(roomId: string): Promise<Case> {
    const { state, events, patient } = await readCase(store, roomId);
    if (patient === undefined) throw new ColloqueError("not-found");
    return { state, events, patient };
  }

  async function recipientOf(to: CopyTo, { patient }: Case): Promise<CopyRecipient> {
    if (to.kind === "patient") return { to, family: patient.family, given: patient.given, title: "" };
    const known = await find(to, patient);
    if (known === undefined) throw obstacle("no-usual-doctor");
    if (known.secureMail === undefined) throw obstacle("no-secure-address");
    const { family, given, title, rpps, secureMail } = known;
    return { to, family, given, title, ...(rpps === undefined ? {} : { rpps }), secureMail };
  }

  async function find(
    to: Exclude<CopyTo, { kind: "patient" }>,
    patient: Patient,
  ): Promise<Correspondent | undefined> {
    if (to.kind === "usual-doctor") return correspondents.usualDoctorOf(patient.recordId);
    const person = parts.surroundings.clinician(to.userId);
    if (person === undefined) throw new ColloqueError("not-found");
    return correspondents.colleague(person.practitionerRoleId);
  }

  async function letterOf(
    row: CopyRow,
    { events, patient }: Case,
  ): Promise<{ letter: LetterCopy; entry: EntryRow }> {
    const entry = (await store.entries(row.room_id)).find((each) => each.id === row.entry_id);
    const event = events.find((each) => documentId(each.eventId, "letter") === row.entry_id);
    const author = event === undefined ? undefined : parts.surroundings.clinician(event.sender);
    if (entry === undefined || event === undefined || author === undefined) throw obstacle("not-a-letter");
    const { bytes } = await parts.readEntry(row.room_id, row.entry_id, row.asked_by);
    const { hospital, language, timeZone } = parts.surroundings;
    const french = language === "fr";
    return {
      entry,
      letter: {
        documentId: row.entry_id,
        pdf: bytes,
        title: french ? "Avis de télé-expertise" : "Opinion",
        language: french ? "fr-FR" : "en",
        patient,
        author,
        hospital,
        signedAtMs: event.atMs,
        timeZone,
      },
    };
  }

  /** One try; false when it must be tried again. */
  async function hand(row: CopyRow): Promise<boolean> {
    if (sender === undefined) throw obstacle("no-sender");
    const { recipient } = row;
    const isForPatient = recipient.to.kind === "patient";
    // Much may have been said since it was asked for.
    const inCase = await caseOf(row.room_id);
    if (inCase.state.misfiled !== null) throw obstacle("not-a-letter");
    if (!isForPatient && hasEnded(inCase.state)) throw obstacle("consent-ended");
    const { letter, entry } = await letterOf(row, inCase);
    const { secureMail } = recipient;
    const file =
      secureMail === undefined
        ? Uint8Array.from(letter.pdf)
        : xdmPackage(letter, { ...recipient, secureMail }, row.asked_at_ms);
    const name = fullName(recipient);
    const envelope: Envelope = {
      version: 1,
      id: row.copy_id,
      kind: isForPatient ? "patient" : "secure-mail",
      to: { name, ...(secureMail === undefined ? {} : { address: secureMail }) },
      patient: letter.patient.recordId,
      subject: isForPatient ? letter.title : "XDM/1.0/DDM",
      file: isForPatient ? "letter.pdf" : "IHE_XDM.ZIP",
      sha256: sha256Hex(file),
      askedAt: new Date(row.asked_at_ms).toISOString(),
    };
    const context = { ...parts.surroundings, patient: letter.patient, nowMs: clock() };
    const audit = disclosureAudit(context, {
      id: row.copy_id,
      by: row.asked_by,
      reference: entry.reference,
      to: isForPatient ? "patient" : { name, address: secureMail ?? "" },
    });
    await parts.record.write([{ resource: audit }], noNames, noBytes);
    await sender.hand({ copyId: row.copy_id, envelope, file });
    return true;
  }

  async function go(copyId: string): Promise<void> {
    if (stopped || running.has(copyId)) return;
    clearTimeout(timers.get(copyId));
    timers.delete(copyId);
    running.add(copyId);
    try {
      const row = await copies.one(copyId);
      if (row?.state !== "waiting") return;
      const why = await tryIt(row);
      if (why === "done") await copies.handed(copyId, clock());
      else if (why !== "later") await copies.failed(copyId, why);
      else again(copyId, backoffMs(row.attempts, parts.random()));
    } catch (fault) {
      // Our own database: it may come back.
      log.error(toLog(fault), "a copy waits after a fault");
      again(copyId, backoffMs(5, parts.random()));
    } finally {
      running.delete(copyId);
    }
  }

  async function tryIt(row: CopyRow): Promise<"done" | "later" | CopyObstacle> {
    try {
      await hand(row);
      log.info({ copy: row.copy_id }, "a copy was handed to the sender");
      return "done";
    } catch (fault) {
      const why = obstacleOf(fault);
      log.warn(
        { copy: row.copy_id, attempts: row.attempts, ...toLog(fault) },
        "a copy could not be handed over",
      );
      if (why !== undefined) return why;
      await copies.tried(row.copy_id);
      return "later";
    }
  }

  function again(copyId: string, waitMs: number): void {
    if (stopped) return;
    timers.set(
      copyId,
      setTimeout(() => void go(copyId), waitMs),
    );
  }

  return {
    of: async (roomId) => {
      const { patient } = await caseOf(roomId);
      const doctor = sender === undefined ? undefined : await correspondents.usualDoctorOf(patient.recordId);
      return {
        canSend: sender !== undefined,
        usualDoctor:
          doctor === undefined
            ? null
            : { name: fullName(doctor), reachable: doctor.secureMail !== undefined },
        copies: (await copies.ofRoom(roomId)).map(toCopy),
      };
    },
    ask: async (roomId, by, { copyId, entryId, to }) => {
      if (sender === undefined) throw obstacle("no-sender");
      const known = await copies.one(copyId);
      if (known !== undefined) {
        if (known.room_id !== roomId || known.asked_by !== by) throw new ColloqueError("not-found");
        return;
      }
      const isThere = (await store.entries(roomId)).some((each) => each.id === entryId && isLetter(each));
      const inCase = await caseOf(roomId);
      if (!isThere || inCase.state.misfiled !== null) throw obstacle("not-a-letter");
      if (to.kind !== "patient" && hasEnded(inCase.state)) throw obstacle("consent-ended");
      const recipient = await recipientOf(to, inCase);
      await copies.insert({
        copy_id: copyId,
        room_id: roomId,
        entry_id: entryId,
        asked_by: by,
        asked_at_ms: clock(),
        recipient,
      });
      void go(copyId);
    },
    resume: async () => {
      for (const copyId of await copies.waiting()) void go(copyId);
    },
    [Symbol.dispose]: () => {
      stopped = true;
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

/** The letter of an opinion, or of its later version. */
const isLetter = ({ kind, content_type }: EntryRow): boolean =>
  (kind === "opinion" || kind === "amendment") && content_type === "application/pdf";

const obstacle = (why: CopyObstacle): ColloqueError => new ColloqueError("bad-request", { details: { why } });

const obstacles: readonly string[] = ["consent-ended", "not-a-letter", "no-sender", "no-secure-address"];
function obstacleOf(fault: unknown): CopyObstacle | undefined {
  if (fault instanceof SenderRefusal) return fault.obstacle;
  if (!(fault instanceof ColloqueError) || fault.code !== "bad-request") return undefined;
  const { why } = fault.details;
  return typeof why === "string" && isObstacle(why) ? why : undefined;
}
const isObstacle = (why: string): why is CopyObstacle => obstacles.includes(why);

/** No consent to the opinion is left that was not taken back: what the patient agreed to is over. */
export const hasEnded = (state: CaseState): boolean =>
  !state.consents.some(
    ({ consent }) =>
      grants(consent, "opinion") &&
      !state.withdrawals.some(({ withdrawn }) => withdrawn.consentId === consent.consentId),
  );

const toCopy = (row: CopyRow): Copies["copies"][number] => ({
  copyId: row.copy_id,
  to: row.recipient.to,
  name: fullName(row.recipient),
  by: row.asked_by,
  askedAt: new Date(row.asked_at_ms).toISOString(),
  state: row.state,
  ...(row.handed_at_ms === null ? {} : { handedAt: new Date(row.handed_at_ms).toISOString() }),
  ...(row.obstacle === null ? {} : { obstacle: row.obstacle }),
});

const noBytes = (): Promise<Uint8Array> => Promise.reject(new Error("An audit event has no bytes"));
