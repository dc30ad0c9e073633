import type { RecordView } from "#protocol/api.ts";
import { canonicalJson } from "#protocol/canonical.ts";
import type { Correspondents } from "#protocol/copies.ts";
import { ColloqueError } from "#protocol/errors.ts";
import type { Filed, Withdrawn } from "#protocol/events.ts";
import type { CareTeam, Clinician } from "#protocol/people.ts";
import { keySetOf } from "../kit/jose.ts";
import { type Logger, toLog } from "../kit/log.ts";
import type { Clock } from "../kit/role.ts";
import type { Sealer } from "../kit/seal.ts";
import type { Database } from "../store/index.ts";
import { asSaid } from "./anew.ts";
import { type CopiesPort, createCopies, createCopyStore, type Sender } from "./copies/index.ts";
import { createDesk, type FilingDesk } from "./desk.ts";
import { createDeskStore } from "./desk-store.ts";
import type { RegistryPort } from "./gate.ts";
import { createLeases, LostLease } from "./leases.ts";
import { createNamesStore } from "./names-store.ts";
import type { DocumentFlavour, HospitalFacts } from "./plan/index.ts";
import { createProbe } from "./probe.ts";
import { createQueues } from "./queues.ts";
import { type FiledBytes, readFiled } from "./reading.ts";
import { createDicomArchive } from "./record/dicom.ts";
import { createFhirRecord, type DocumentIds } from "./record/fhir.ts";
import { createRecordHttp } from "./record/http.ts";
import { createPatientLookup, type PatientLookup } from "./record/patient-lookup.ts";
import type { StampSource } from "./stamp/authority.ts";
import { createStamper } from "./stamp/stamper.ts";
import { createFilingStore } from "./store.ts";
import type { Converter } from "./video/index.ts";
import { isFileable, type WorkItem } from "./work.ts";
import { createWorker } from "./worker.ts";

export { folderSender, hookSender, type Sender } from "./copies/index.ts";
export type { FilingDesk } from "./desk.ts";
export type { RegistryPort } from "./gate.ts";
export { openTimeAuthority, type StampSource } from "./stamp/authority.ts";
export { findConverter } from "./video/index.ts";
export type { WorkItem } from "./work.ts";

export type FilingOptions = {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly config: {
    readonly fhirUrl: string;
    readonly dicomwebUrl?: string | undefined;
    /** The hospital's audit repository, where its record takes no audit events. */
    readonly auditUrl?: string | undefined;
    /** Cases that are filed at the same time; more than four saturate a small record. */
    readonly concurrency?: number;
    readonly language?: "fr" | "en";
    readonly timeZone?: string;
    /** How documents name author and patient, and who names documents (docs/validation.md). */
    readonly documents?: DocumentFlavour;
    readonly documentIds?: DocumentIds;
    readonly patientLookup?: PatientLookup;
  };
  /** The archivist's user id. */
  readonly archivist: string;
  readonly registry: RegistryPort;
  readonly directory: {
    clinician(userId: string): Clinician | undefined;
    team?(id: string): CareTeam | undefined;
  };
  readonly hospital: HospitalFacts;
  /** Where copies of letters go; without it none can be asked for. */
  readonly correspondence?:
    | { readonly sender: Sender | undefined; readonly correspondents: Correspondents }
    | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /**
   * Tells the room. Awaited until it resolves, tried again when it does not; `id` is the same each time and may serve as the
   * transaction id of the event, so that a repetition shows once.
   */
  readonly onOutcome: (roomId: string, filed: Filed, id: string) => Promise<void>;
  /** Told at once when the record or the archive does not answer, so that the health check need not find out by itself. */
  readonly onDown?: () => void;
  /** How the record is spoken to, and the archive where it is entered in another way. */
  /** Absent: opinions are not time stamped. */
  readonly timestamps?: StampSource | undefined;
  readonly fetcher?: typeof fetch;
  /** Absent: clips are filed as they were sent, and have no twin in the archive. */
  readonly convert?: Converter | undefined;
  readonly archiveFetcher?: typeof fetch | undefined;
  readonly auditFetcher?: typeof fetch | undefined;
  readonly random?: () => number;
  /** How long another process on the same database may say nothing before its cases are taken over. */
  readonly patienceMs?: number;
};

/** What is known of a picture that was destroyed before it was filed. */
export type Tombstone = {
  readonly receiptId: string;
  readonly consentId: string;
  readonly pictureSha256: string;
  readonly reason: string;
  readonly atMs: number;
};

/** The way into the record, and back to what is in it. */
export type Filing = AsyncDisposable & {
  /** Takes an event of a case. Durable when it resolves; the same event twice is taken once. Other kinds than the record's are left. */
  submit(item: WorkItem): Promise<void>;
  recordOf(roomId: string): Promise<RecordView>;
  /** Notes in the record that a consent was taken back. Durable when it resolves; told twice, or by an event of the room too, it is once. */
  withdrawn(roomId: string, withdrawn: Withdrawn): Promise<void>;
  /** What is left of pictures that were destroyed unfiled: their hash and why. */
  destroyed(roomId: string): Promise<Tombstone[]>;
  /** The bytes of a document as the record gives them now, checked against the hash of what was filed; the record notes who read them. */
  readEntry(roomId: string, id: string, reader: string): Promise<FiledBytes>;
  parked(): Promise<{ eventId: string; roomId: string; kind: Filed["kind"]; reason: string; atMs: number }[]>;
  /** Letters that leave the house by the hospital's own sender. */
  readonly copies: CopiesPort;
  /** What an administrator sees and does of what waits. */
  readonly desk: FilingDesk;
  /** Puts a parked item back in line, after a human mended what was wrong. */
  retry(eventId: string): Promise<boolean>;
  health(): Promise<{ record: "up" | "down"; archive: "up" | "down" | "off" }>;
};

/**
 * Filing: inbox row → gate 4 → plan → steps → record → read-back → filing receipt. Everything that was not finished when the process
 * died goes on from here, or in another process on the same database. It does not rely on being the only one who ever wrote (ids are the
 * event's own); that a case is in one process's hands at a time, and its order, are the leases'.
 */
export async function createFiling(options: FilingOptions): Promise<Filing> {
  const { config, log, clock } = options;
  const store = await createFilingStore(options.db, options.sealer);
  const deskStore = await createDeskStore(options.db, options.sealer);
  const { patienceMs } = options;
  const leases = await createLeases({ db: options.db, ...(patienceMs === undefined ? {} : { patienceMs }) });
  const send = options.fetcher ?? fetch;
  /** Nothing leaves while others may think that we are gone. */
  const fenced =
    (by: typeof fetch): typeof fetch =>
    async (...given) => {
      if (!leases.isCurrent()) throw new LostLease();
      return by(...given);
    };
  const recordHttp = createRecordHttp(config.fhirUrl, fenced(send));
  const auditHttp =
    config.auditUrl === undefined
      ? undefined
      : createRecordHttp(config.auditUrl, fenced(options.auditFetcher ?? send));
  const record = createFhirRecord(recordHttp, config.documentIds, auditHttp);
  const archive =
    config.dicomwebUrl === undefined
      ? undefined
      : createDicomArchive(createRecordHttp(config.dicomwebUrl, fenced(options.archiveFetcher ?? send)));
  const surroundings = {
    clinician: (userId: string) => options.directory.clinician(userId),
    team: (id: string) => options.directory.team?.(id),
    hospital: options.hospital,
    language: config.language ?? "fr",
    timeZone: config.timeZone ?? "Europe/Paris",
    archive: archive !== undefined,
    documents: config.documents ?? "contained",
    recordHost: new URL(config.fhirUrl).hostname,
    registryKeys: Buffer.from(canonicalJson(await keySetOf(options.registry.key))),
  };
  const worker = createWorker({
    store,
    names: await createNamesStore(options.db),
    record,
    patients: createPatientLookup(recordHttp, config.patientLookup ?? "pdqm"),
    archive,
    convert: options.convert,
    registry: options.registry,
    clock,
    log,
    random: options.random ?? Math.random,
    onDown: () => {
      probe.start();
      options.onDown?.();
    },
    surroundings,
  });
  const stamper =
    options.timestamps === undefined
      ? undefined
      : await createStamper({
          db: options.db,
          store,
          record,
          leases,
          source: options.timestamps,
          clock,
          log,
          random: options.random ?? Math.random,
        });
  const queues = createQueues({
    store,
    leases,
    random: options.random ?? Math.random,
    advance: async (item) => {
      const isOver = await worker.advance(item);
      if (isOver && (item.kind === "opinion" || item.kind === "amendment")) stamper?.kick();
      return isOver;
    },
    tell: async (roomId, filed, id) => options.onOutcome(roomId, asSaid(await deskStore.inWords(filed)), id),
    clock,
    concurrency: config.concurrency ?? 4,
    onFault: (fault, what) => log.error({ what, ...toLog(fault) }, "filing waits after a fault"),
  });
  const goOn = async (): Promise<void> => {
    for (const roomId of await store.openRooms()) queues.file(roomId);
  };
  const probe = createProbe(
    async () => (await record.isUp()) && (archive === undefined || (await archive.isUp())),
    async () => {
      await store.hurry();
      stamper?.kick();
      await goOn();
    },
    (fault) => log.error(toLog(fault), "filing could not be woken"),
  );
  const readEntry: Filing["readEntry"] = (roomId, id, reader) =>
    readFiled({ store, record, surroundings, clock }, roomId, id, reader);
  const copies = createCopies({
    store,
    copies: await createCopyStore(options.db, options.sealer),
    record,
    readEntry,
    sender: options.correspondence?.sender,
    correspondents: options.correspondence?.correspondents ?? nobody,
    surroundings,
    clock,
    log,
    random: options.random ?? Math.random,
  });
  await queues.look();
  await copies.resume();

  /** One withdrawal of one consent, whoever tells of it and however often. */
  async function withdraw(roomId: string, withdrawn: Withdrawn, sender: string): Promise<void> {
    const event = {
      kind: "withdrawn" as const,
      eventId: `$withdrawn-${withdrawn.consentId}`,
      sender,
      atMs: Date.parse(withdrawn.at),
      withdrawn,
    };
    if (!(await store.insert({ roomId, event }, undefined))) return;
    await store.reopenPhotos(roomId);
    queues.file(roomId);
  }

  return {
    submit: async (item) => {
      const { event, roomId, picture } = item;
      if (!isFileable(event)) return;
      // C19: nobody else's word says that a call took place.
      if (event.kind === "call" && event.sender !== options.archivist) return;
      if (event.eventId !== item.eventId || event.sender !== item.sender)
        throw new ColloqueError("bad-request", { details: { why: "event-and-envelope-differ" } });
      if (event.kind === "withdrawn") return withdraw(roomId, event.withdrawn, event.sender);
      if (await store.insert({ roomId, event }, picture)) queues.file(roomId);
    },
    withdrawn: (roomId, withdrawn) => withdraw(roomId, withdrawn, withdrawn.by),
    destroyed: async (roomId) =>
      (await store.tombstones(roomId)).map((row) => ({
        receiptId: row.receipt_id,
        consentId: row.consent_id,
        pictureSha256: row.picture_sha256,
        reason: row.reason,
        atMs: row.destroyed_at_ms,
      })),
    recordOf: async (roomId) => ({
      entries: (await store.entries(roomId)).map((entry) => ({
        id: entry.id,
        kind: entry.kind,
        reference: entry.reference,
        ...(entry.content_type === null ? {} : { contentType: entry.content_type }),
        filedAt: new Date(entry.filed_at_ms).toISOString(),
        ...(entry.sha256 === null ? {} : { sha256: entry.sha256 }),
        readable: entry.binary_reference !== null,
      })),
    }),
    readEntry,
    copies,
    parked: async () =>
      (await store.parked()).map((row) => ({
        eventId: row.event_id,
        roomId: row.room_id,
        kind: row.kind,
        reason: row.reason ?? "",
        atMs: row.done_at_ms ?? 0,
      })),
    retry: async (eventId) => {
      const roomId = await store.retry(eventId);
      if (roomId !== undefined) queues.file(roomId);
      return roomId !== undefined;
    },
    desk: createDesk({
      store: deskStore,
      retry: store.retry,
      file: queues.file,
      tell: queues.tell,
      clock,
    }),
    health: async () => {
      const [recordUp, archiveUp] = await Promise.all([record.isUp(), archive?.isUp()]);
      return {
        record: recordUp ? "up" : "down",
        archive: archiveUp === undefined ? "off" : archiveUp ? "up" : "down",
      };
    },
    [Symbol.asyncDispose]: async () => {
      probe.stop();
      copies[Symbol.dispose]();
      await queues.stop();
      await stamper?.stop();
      leases[Symbol.dispose]();
    },
  };
}

const nobody: Correspondents = {
  usualDoctorOf: async () => undefined,
  colleague: async () => undefined,
};
