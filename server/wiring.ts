import type { Health } from "#protocol/api.ts";
import type { CallTrace } from "#protocol/calls.ts";
import type { FiledKind } from "#protocol/events.ts";
import { type DeskPiece, waitingLongMs } from "#protocol/filing-desk.ts";
import { type ArchivistPort, archivistAt } from "./apart/archivist.ts";
import { hand } from "./apart/hand.ts";
import { type House, houseOf, openHouse } from "./apart/house.ts";
import type { Audit } from "./audit/index.ts";
import { botRole } from "./bot/index.ts";
import type { Registry } from "./consent/index.ts";
import type { DirectoryPort } from "./directory/index.ts";
import {
  createFiling,
  type Filing,
  findConverter,
  folderSender,
  hookSender,
  openTimeAuthority,
  type Sender,
  type StampSource,
} from "./filing/index.ts";
import type { AskIn, DeskPort, Gate, RecordPort } from "./gateway/index.ts";
import { type Config, ConfigError } from "./kit/config.ts";
import type { Destinations } from "./kit/destination/index.ts";
import { type Logger, toLog } from "./kit/log.ts";
import type { Clock, RoleContext } from "./kit/role.ts";
import { createSealer } from "./kit/seal.ts";

/** What stands between the archivist (keys of Matrix, none of the record) and filing (the record, no key of Matrix). */
export type Wired = AsyncDisposable & {
  readonly record: RecordPort | undefined;
  readonly desk: DeskPort | undefined;
  readonly askIn: AskIn;
  readonly botState: () => Health["parts"]["bot"];
  /** The case has its opinion in the record, or was of the wrong patient. */
  readonly hasEnded: (roomId: string) => Promise<boolean>;
  /** Says in its case that a call took place, once for the same call. */
  readonly tellCall: (roomId: string, trace: CallTrace) => Promise<void>;
};

/** What ends a case once it is in the record. */
const endings: ReadonlySet<FiledKind> = new Set<FiledKind>(["opinion", "misfiled"]);

type Parts = {
  readonly registry: Registry;
  readonly directory: DirectoryPort;
  readonly audit: Audit;
  readonly gate: Gate;
  readonly destinations: Destinations;
  readonly withFiling: boolean;
};

/** Starts the archivist and, behind it, filing. Both start in the background: the door opens while they still come up. */
export async function startArchivistAndFiling(context: RoleContext, parts: Parts): Promise<Wired> {
  await using starting = new AsyncDisposableStack();
  // The archivist is there first; what it has to tell of withdrawals waits for filing.
  const ready = Promise.withResolvers<Filing | undefined>();
  const house = houseOf({ ...parts, filing: ready.promise });
  const { linksDir } = context.config;
  const archivist =
    linksDir === undefined ? await here(context, house, starting) : await apart(context, linksDir, starting);
  // Nobody may be left waiting for it.
  starting.defer(() => ready.resolve(undefined));
  const filing = parts.withFiling
    ? starting.use(await startFiling(context, parts, archivist.port))
    : undefined;
  ready.resolve(filing);
  if (linksDir !== undefined) starting.use(await openHouse(linksDir, house, context.log));
  else if (filing !== undefined) starting.use(archivist.deliver());
  const running = starting.move();
  const { askIn, state } = archivist.port;
  return {
    askIn,
    botState: state,
    record: filing,
    hasEnded: async (roomId) =>
      (await filing?.recordOf(roomId))?.entries.some(({ kind }) => endings.has(kind)) === true,
    tellCall: async (roomId, trace) => void (await archivist.port.sendCall(roomId, trace)),
    desk: filing === undefined ? undefined : deskOf(filing.desk, archivist.port, context.clock),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** The archivist in this process. */
async function here(context: RoleContext, house: House, stack: AsyncDisposableStack) {
  const bot = stack.use(await botRole(house).start(context));
  const archivist = context.config.bot.userId;
  return { port: bot, deliver: () => bot.deliverTo((item) => hand(item, { bot, house, archivist })) };
}

/** The archivist as a process of its own, which hands over by itself and is told here what the other roles say. */
async function apart({ events, log }: RoleContext, linksDir: string, stack: AsyncDisposableStack) {
  const port = stack.use(archivistAt(linksDir, log));
  const drop = (work: Promise<void>) =>
    void work.catch((error: unknown) => log.warn(toLog(error), "the archivist could not be told"));
  stack.use(events.on("user-ready", ({ userId }) => drop(port.onUserReady(userId))));
  stack.use(
    events.on("consent-withdrawn", ({ roomId }) => {
      if (roomId !== undefined) drop(port.onWithdrawn(roomId));
    }),
  );
  return { port, deliver: () => ({ [Symbol.dispose]: () => undefined }) };
}

function startFiling(
  { config, db, clock, log, events }: RoleContext,
  parts: Parts,
  bot: ArchivistPort,
): Promise<Filing> {
  const { directory, registry, destinations } = parts;
  return createFiling({
    db,
    sealer: createSealer(config.filingKey, "filing"),
    archivist: config.bot.userId,
    config: {
      fhirUrl: config.fhirUrl,
      dicomwebUrl: config.dicomwebUrl,
      auditUrl: config.auditUrl,
      documents: config.recordDocuments,
      documentIds: config.recordDocumentIds,
      patientLookup: config.patientLookup,
    },
    registry: { key: registry.publicKey, statusOf: registry.statusOf, leasesOf: registry.leasesOf },
    directory: {
      clinician: directory.find,
      team: (id) => directory.teams().find((team) => team.id === id),
    },
    hospital: {
      name: config.hospital.name,
      address: config.hospital.address,
      organizationId: config.hospital.organizationId,
      finess: config.hospital.finess,
    },
    correspondence: { sender: senderOf(config.sender), correspondents: directory.correspondents },
    clock,
    timestamps: timestampsOf(config, clock),
    log: log.child({ role: "filing" }),
    fetcher: destinations.record.fetch,
    archiveFetcher: destinations.archive?.fetch,
    convert: converterOf(config, log),
    auditFetcher: destinations.audit?.fetch,
    onDown: () => void directory.refresh(),
    onOutcome: async (roomId, filed) => {
      // A picture that gate 4 refuses is not left in the case either.
      const { outcome } = filed;
      if (filed.kind === "photo" && outcome.state === "refused" && outcome.reason !== "withdrawn")
        await bot.redactRefused(roomId, filed.ofEvent);
      await bot.sendFiled(roomId, filed);
      if (endings.has(filed.kind) && outcome.state === "filed") events.emit("case-ended", { roomId });
    },
  });
}

/** What waits for a human, wherever it waits: what filing parked, and what the archivist could not read. */
function deskOf(desk: Filing["desk"], bot: ArchivistPort, clock: RoleContext["clock"]): DeskPort {
  const unreadFor = async (ms: number) => (await bot.unread()).filter(({ atMs }) => atMs <= clock() - ms);
  const unreadWith = async (eventId: string) => (await bot.unread()).find((each) => each.eventId === eventId);
  return {
    pieces: async () => {
      const [filing, unread] = await Promise.all([desk.pieces(), unreadFor(waitingLongMs)]);
      return [
        ...filing,
        ...unread.map(
          ({ eventId, roomId, sender, atMs, reason }): DeskPiece => ({
            eventId,
            roomId,
            kind: "unread",
            state: "unreadable",
            code: reason,
            sinceMs: atMs,
            sentBy: sender,
            sentAtMs: atMs,
            behind: 0,
          }),
        ),
      ];
    },
    resolved: desk.resolved,
    retry: async (eventId) => {
      const unread = await unreadWith(eventId);
      if (unread === undefined) return desk.retry(eventId);
      await bot.tryAgain(unread.roomId);
      return true;
    },
    resolve: async (eventId, decision) => {
      const unread = await unreadWith(eventId);
      if (unread === undefined) return desk.resolve(eventId, decision);
      // Noted first: the other way round a crash would lose the decision.
      await desk.resolveUnread(unread, decision);
      await bot.giveUpUnread(eventId);
      return [{ ...decision, eventId, roomId: unread.roomId, kind: "unread", atMs: clock() }];
    },
  };
}

/** Clips reach the archive only where ffmpeg is; the record has them either way. */
function converterOf({ dicomwebUrl }: Config, log: Logger) {
  if (dicomwebUrl === undefined) return undefined;
  const convert = findConverter();
  if (convert === undefined)
    log.warn("ffmpeg is not installed: clips go to the FHIR record, and not to the DICOM archive");
  return convert;
}

function timestampsOf({ timestamp }: Config, clock: Clock): StampSource | undefined {
  if (timestamp === undefined) return undefined;
  try {
    return openTimeAuthority(timestamp, clock);
  } catch (error) {
    const why = error instanceof Error ? error.message : "";
    throw new ConfigError(
      `The Colloque server cannot start:\n- COLLOQUE_TIMESTAMP_CA_FILE cannot be used: ${why}`,
    );
  }
}

const senderOf = (config: RoleContext["config"]["sender"]): Sender | undefined => {
  if (config === undefined) return undefined;
  return "folder" in config ? folderSender(config.folder) : hookSender(config.url, config.token, fetch);
};
