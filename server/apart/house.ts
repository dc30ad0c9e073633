import { ColloqueError } from "#protocol/errors.ts";
import { parseCaseEvent, type Withdrawn } from "#protocol/events.ts";
import { membersOf } from "#protocol/people.ts";
import type { Audit } from "../audit/index.ts";
import type { BotNeeds, InboxItem } from "../bot/index.ts";
import type { Registry } from "../consent/index.ts";
import type { DirectoryPort } from "../directory/index.ts";
import type { Filing } from "../filing/index.ts";
import type { Gate } from "../gateway/index.ts";
import { answerOn, askOn } from "../kit/link.ts";
import type { Logger } from "../kit/log.ts";
import { houseContract, houseSocket } from "./contracts.ts";

/** Everything that the archivist asks of the rest of the house, in one process with it or from its own. */
export type House = Omit<BotNeeds, "onFatal" | "noteWithdrawal" | "audit" | "isClosed"> & {
  isClosed(roomId: string): Promise<boolean>;
  readonly audit: BotNeeds["audit"] & Pick<Audit, "pictureRead">;
  noteWithdrawal(roomId: string, withdrawn: Withdrawn): Promise<void>;
  /** One decrypted event for filing, a photo with its picture. Durable when it resolves. */
  submit(item: InboxItem, picture: Uint8Array<ArrayBuffer> | undefined): Promise<void>;
};

export type HouseParts = {
  readonly registry: Registry;
  readonly directory: DirectoryPort;
  readonly audit: Audit;
  readonly gate: Gate;
  /** Once it is there; undefined where nothing is filed. */
  readonly filing: Promise<Filing | undefined>;
};

export function houseOf({ registry, directory, audit, gate, filing }: HouseParts): House {
  return {
    audit,
    coverOf: gate.coverOf,
    peopleOf: async (addressee, requester) =>
      membersOf(addressee, directory.clinicians(), requester).map((person) => person.userId),
    withdrawals: registry,
    noteWithdrawal: async (roomId, withdrawn) => (await filing)?.withdrawn(roomId, withdrawn),
    openTicket: registry.openTicket,
    bindTicket: registry.bindTicket,
    fileCheck: async (mxc, roomId, receiptId) => {
      const facts = await registry.mediaFacts(mxc);
      if (facts.kind !== "picture") return "unknown";
      const isThis =
        facts.roomId === roomId && (receiptId ?? facts.receipt.receiptId) === facts.receipt.receiptId;
      return isThis ? "announced" : "of-another";
    },
    isClosed: async (roomId) => {
      const taker = await filing;
      if (taker === undefined) return false;
      const isWaiting = (await taker.desk.pieces()).some((each) => each.roomId === roomId);
      return !isWaiting && (await taker.recordOf(roomId)).entries.some((entry) => entry.kind === "opinion");
    },
    submit: async ({ eventId, roomId, sender, originServerTs: atMs, type, content }, picture) => {
      const event = parseCaseEvent({ eventId, sender, atMs, type, content });
      const taker = await filing;
      // Nobody has it then: it stays with the archivist.
      if (taker === undefined)
        throw new ColloqueError("internal", { details: { why: "nothing-is-filed-here" } });
      await taker.submit({ eventId, roomId, sender, atMs, event, picture });
    },
  };
}

/** Answers an archivist that is a process of its own. */
export const openHouse = (folder: string, house: House, log: Logger): Promise<AsyncDisposable> =>
  answerOn(
    houseSocket(folder),
    houseContract,
    {
      coverOf: ({ caseId, userId }) => house.coverOf(caseId, userId),
      peopleOf: async ({ addressee, requester }) => [...(await house.peopleOf(addressee, requester))],
      withdrawnIn: async ({ roomId }) => {
        const { receiptIds, untold } = await house.withdrawals.withdrawnIn(roomId);
        return {
          receiptIds: [...receiptIds],
          untold: untold.map((each) => ({ ...each, receiptIds: [...each.receiptIds] })),
        };
      },
      withdrawalTold: ({ consentId }) => done(house.withdrawals.withdrawalTold(consentId)),
      noteWithdrawal: ({ roomId, withdrawn }) => done(house.noteWithdrawal(roomId, withdrawn)),
      openTicket: ({ roomId, invitee }) => house.openTicket(roomId, invitee),
      bindTicket: ({ ticketId, mxc }) => done(house.bindTicket(ticketId, mxc)),
      fileCheck: ({ mxc, roomId, receiptId }) => house.fileCheck(mxc, roomId, receiptId),
      isClosed: ({ roomId }) => house.isClosed(roomId),
      note: ({ event, actor, caseId, details }) =>
        done(
          house.audit.note({
            event,
            ...(actor === undefined ? {} : { actor }),
            ...(caseId === undefined ? {} : { caseId }),
            ...(details === undefined ? {} : { details }),
          }),
        ),
      inviteDecided: (event) => done(house.audit.inviteDecided(event)),
      pictureRead: (event) => done(house.audit.pictureRead({ ...event, rendition: "full", how: "machine" })),
      submit: ({ picture, ...item }) =>
        done(
          house.submit(
            item,
            picture === undefined ? undefined : Uint8Array.from(Buffer.from(picture, "base64")),
          ),
        ),
    },
    log,
  );

/** The house as an archivist apart sees it. */
export function houseAt(folder: string): House & AsyncDisposable {
  const ask = askOn(houseSocket(folder), houseContract);
  return {
    coverOf: (caseId, userId) => ask.coverOf({ caseId, userId }),
    peopleOf: (addressee, requester) => ask.peopleOf({ addressee, requester }),
    withdrawals: {
      withdrawnIn: (roomId) => ask.withdrawnIn({ roomId }),
      withdrawalTold: (consentId) => gone(ask.withdrawalTold({ consentId })),
    },
    isClosed: (roomId) => ask.isClosed({ roomId }),
    noteWithdrawal: (roomId, withdrawn) => gone(ask.noteWithdrawal({ roomId, withdrawn })),
    openTicket: (roomId, invitee) => ask.openTicket({ roomId, invitee }),
    bindTicket: (ticketId, mxc) => gone(ask.bindTicket({ ticketId, mxc })),
    fileCheck: (mxc, roomId, receiptId) => ask.fileCheck({ mxc, roomId, receiptId }),
    audit: {
      note: (event) => gone(ask.note(event)),
      inviteDecided: ({ actor = "", ...event }) => gone(ask.inviteDecided({ actor, ...event })),
      pictureRead: ({ actor = "", caseId = "", receiptId, mxc }) =>
        gone(ask.pictureRead({ actor, caseId, receiptId, mxc })),
    },
    submit: (item, picture) =>
      gone(
        ask.submit({
          ...item,
          ...(picture === undefined ? {} : { picture: Buffer.from(picture).toString("base64") }),
        }),
      ),
    [Symbol.asyncDispose]: () => ask[Symbol.asyncDispose](),
  };
}

/** A call that gives nothing gives null on the wire. */
const done = (work: Promise<unknown>): Promise<null> => work.then(() => null);
const gone = (work: Promise<null>): Promise<void> => work.then(() => undefined);
