import type { Health } from "#protocol/api.ts";
import { ColloqueError } from "#protocol/errors.ts";
import { type Photo, parseCaseEvent } from "#protocol/events.ts";
import { waitingLongMs } from "#protocol/filing-desk.ts";
import { membersOf } from "#protocol/people.ts";
import type { Audit } from "./audit/index.ts";
import { type Bot, botRole, type InboxItem } from "./bot/index.ts";
import type { Registry } from "./consent/index.ts";
import type { DirectoryPort } from "./directory/index.ts";
import { createFiling, type Filing, openTimeAuthority, type StampSource } from "./filing/index.ts";
import type { AskIn, DeskPiece, DeskPort, Gate, RecordPort } from "./gateway/index.ts";
import { type Config, ConfigError } from "./kit/config.ts";
import type { Destinations } from "./kit/destination/index.ts";
import type { Clock, RoleContext } from "./kit/role.ts";
import { createSealer } from "./kit/seal.ts";

/** What stands between the archivist (keys of Matrix, none of the record) and filing (the record, no key of Matrix). */
export type Wired = AsyncDisposable & {
  readonly record: RecordPort | undefined;
  readonly desk: DeskPort | undefined;
  readonly askIn: AskIn;
  readonly botState: () => Health["parts"]["bot"];
};

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
  const { registry, directory, audit, gate } = parts;
  await using starting = new AsyncDisposableStack();
  // The archivist is there first; what it has to tell of withdrawals waits for filing.
  const ready = Promise.withResolvers<Filing | undefined>();
  const bot = starting.use(
    await botRole({
      audit,
      coverOf: gate.coverOf,
      peopleOf: async (addressee, requester) =>
        membersOf(addressee, directory.clinicians(), requester).map((person) => person.userId),
      withdrawals: registry,
      noteWithdrawal: async (roomId, withdrawn) => (await ready.promise)?.withdrawn(roomId, withdrawn),
      openTicket: registry.openTicket,
      bindTicket: registry.bindTicket,
      fileCheck: async (mxc, roomId, receiptId) => {
        const facts = await registry.mediaFacts(mxc);
        if (facts.kind !== "picture") return "unknown";
        const isThis =
          facts.roomId === roomId && (receiptId ?? facts.receipt.receiptId) === facts.receipt.receiptId;
        return isThis ? "announced" : "of-another";
      },
    }).start(context),
  );
  // Nobody may be left waiting for it.
  starting.defer(() => ready.resolve(undefined));
  const filing = parts.withFiling ? starting.use(await startFiling(context, parts, bot)) : undefined;
  ready.resolve(filing);
  if (filing !== undefined)
    starting.use(
      bot.deliverTo((item) => hand(item, { ...parts, bot, filing, archivist: context.config.bot.userId })),
    );
  const running = starting.move();
  return {
    askIn: bot.askIn,
    botState: bot.state,
    record: filing,
    desk: filing === undefined ? undefined : deskOf(filing.desk, bot, context.clock),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function startFiling({ config, db, clock, log }: RoleContext, parts: Parts, bot: Bot): Promise<Filing> {
  const { directory, registry, destinations } = parts;
  return createFiling({
    db,
    sealer: createSealer(config.bot.storeKey, "filing"),
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
    },
    clock,
    timestamps: timestampsOf(config, clock),
    log: log.child({ role: "filing" }),
    fetcher: destinations.record.fetch,
    archiveFetcher: destinations.archive?.fetch,
    auditFetcher: destinations.audit?.fetch,
    onDown: () => void directory.refresh(),
    onOutcome: async (roomId, filed) => {
      // A picture that gate 4 refuses is not left in the case either.
      const { outcome } = filed;
      if (filed.kind === "photo" && outcome.state === "refused" && outcome.reason !== "withdrawn")
        await bot.redactRefused(roomId, filed.ofEvent);
      await bot.sendFiled(roomId, filed);
    },
  });
}

/** What waits for a human, wherever it waits: what filing parked, and what the archivist could not read. */
function deskOf(desk: Filing["desk"], bot: Bot, clock: RoleContext["clock"]): DeskPort {
  const unreadFor = async (ms: number) => (await bot.unread()).filter(({ atMs }) => atMs <= clock() - ms);
  const unreadWith = async (eventId: string) => (await bot.unread()).find((each) => each.eventId === eventId);
  return {
    pieces: async () => {
      const [filing, unread] = await Promise.all([desk.pieces(), unreadFor(waitingLongMs)]);
      return [
        ...filing.map(
          ({ parked, ...each }): DeskPiece => ({ ...each, state: parked ? "parked" : "waiting" }),
        ),
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

type Hands = Pick<Parts, "audit"> & {
  readonly bot: Bot;
  readonly filing: Filing;
  readonly archivist: string;
};

/** One event on its way from the archivist to filing; a photo takes its picture along. */
async function hand(item: InboxItem, hands: Hands): Promise<void> {
  const { eventId, roomId, sender, originServerTs: atMs, type, content } = item;
  const event = parseCaseEvent({ eventId, sender, atMs, type, content });
  const picture = event.kind === "photo" ? await pictureOf(event.photo, hands) : undefined;
  await hands.filing.submit({ eventId, roomId, sender, atMs, event, picture });
}

/** The picture, or nothing when it was withdrawn meanwhile: gate 4 then refuses, which is what shall be said. */
async function pictureOf(
  { receipt, file }: Photo,
  { bot, audit, archivist }: Hands,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const picture = await bot.readMedia(file);
    const { caseId, receiptId } = receipt.payload;
    const read = { actor: archivist, caseId, receiptId, mxc: file.url, rendition: "full" } as const;
    await audit.pictureRead({ ...read, how: "machine" });
    return picture;
  } catch (error) {
    if (error instanceof ColloqueError && error.code === "not-found") return undefined;
    throw error;
  }
}
