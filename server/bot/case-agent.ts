import type { Admission } from "#protocol/admission.ts";
import type { Cover, RefusalReason } from "#protocol/disclose.ts";
import { parseCaseEvent, type Request } from "#protocol/events.ts";
import { userIdSchema } from "#protocol/ids.ts";
import type { Addressee } from "#protocol/people.ts";
import type { Audit } from "../audit/index.ts";
import { type Logger, toLog } from "../kit/log.ts";
import type { Clock } from "../kit/role.ts";
import type { Database } from "../store/index.ts";
import type { Guests } from "./guests.ts";
import type { InboxItem } from "./inbox.ts";
import * as store from "./store.ts";

/** What the agent asks of Matrix. */
export type Hall = {
  caseIdOf(roomId: string): string | undefined;
  /** The person who created the room, and so the case. */
  creatorOf(roomId: string): string | undefined;
  /** `gone`: the archivist itself is not in that room. */
  standingOf(roomId: string, userId: string): "in" | "invited" | "out" | "gone";
  /** The person has a device that their own identity vouches for: before that, history would be handed to nobody. */
  isReady(userId: string): Promise<boolean>;
  /** Hands over the room's keys under a ticket, then invites. */
  inviteWithHistory(roomId: string, userId: string): Promise<void>;
  /** Puts out a member, or takes an invitation back. */
  takeOut(roomId: string, userId: string): Promise<void>;
};

export type CaseAgentParts = {
  readonly hall: Hall;
  readonly db: Database;
  readonly log: Logger;
  readonly clock: Clock;
  readonly audit: Pick<Audit, "inviteDecided">;
  /** The gate's word on this person for this case. */
  readonly coverOf: (caseId: string, userId: string) => Promise<Cover>;
  readonly guests: Pick<Guests, "admit">;
  /** Says in the case what became of somebody whom a member asked in. */
  readonly say: (roomId: string, admission: Admission) => Promise<unknown>;
  /** The people whom an addressee stands for, the requester left out. */
  readonly peopleOf: (addressee: Addressee, requester: string) => Promise<readonly string[]>;
  readonly bot: string;
};

export type CaseAgent = AsyncDisposable & {
  /** Takes note of an event of a case, and does not wait for what follows. */
  note(item: InboxItem): Promise<void>;
  /** This person has just become ready, or the directory or a consent has changed for them. */
  onUserReady(userId: string): Promise<void>;
  /** Goes through the invitations that are due now. One pass at a time; a call during a pass gets another pass. */
  run(): Promise<void>;
};

const sweepMs = 15_000;
const longestWaitMs = 10 * 60_000;
/** So often a case is looked for that the archivist is not in: two minutes, or for as long as it is hurried. */
const attemptsAtGone = 6;

/**
 * The archivist as case agent: it stays awake when the requester's phone is in a pocket, and hands the case to whom the request
 * names. Each invitation is a row: noted with the event, tried until gate and person are ready, settled once.
 * A crash anywhere means another try, and a person who is in or invited already settles it without one.
 */
export function createCaseAgent(parts: CaseAgentParts): CaseAgent {
  const { db, log, clock } = parts;
  let pass: Promise<void> | undefined;
  let again = false;
  let closed = false;

  async function go(): Promise<void> {
    do {
      again = false;
      for (const invitation of await store.dueInvitations(db, clock())) {
        if (closed) return;
        await tryInvitation(parts, invitation);
      }
    } while (again && !closed);
  }

  function run(): Promise<void> {
    if (closed) return Promise.resolve();
    if (pass === undefined)
      pass = go().finally(() => {
        pass = undefined;
      });
    else again = true;
    return pass;
  }

  const soon = (): void =>
    void run().catch((error: unknown) =>
      log.warn(toLog(error), "the case agent's pass failed; it will be repeated"),
    );
  const timer = setInterval(soon, sweepMs);
  timer.unref();

  return {
    note: async (item) => {
      if (await takeNote(parts, item)) soon();
    },
    onUserReady: async (userId) => {
      if ((await store.hurry(db, { userId })) > 0) await run();
    },
    run,
    [Symbol.asyncDispose]: async () => {
      closed = true;
      clearInterval(timer);
      await pass?.catch(() => undefined);
    },
  };
}

/** True when there may be something to do now. */
async function takeNote(parts: CaseAgentParts, item: InboxItem): Promise<boolean> {
  const event = parseCaseEvent({ ...item, atMs: item.originServerTs });
  if (event.kind === "consent") return (await store.hurry(parts.db, { roomId: item.roomId })) > 0;
  if (event.kind === "photo" || event.kind === "preview") {
    const { receiptId } = (event.kind === "photo" ? event.photo : event.preview).receipt.payload;
    const { roomId, eventId } = item;
    await store.putPhoto(parts.db, { receiptId, roomId, eventId, kind: event.kind });
    return false;
  }
  return event.kind === "request" ? noteRequest(parts, item, event.request) : false;
}

async function noteRequest(parts: CaseAgentParts, item: InboxItem, request: Request): Promise<boolean> {
  const { hall, db, log } = parts;
  const own =
    request.requester === item.sender &&
    request.caseId === hall.caseIdOf(item.roomId) &&
    hall.creatorOf(item.roomId) === item.sender;
  // Only the case's first request, by who opened it, names whom to ask in: nobody else's words open a case to more people.
  if (!own || (await store.hasInvitations(db, item.roomId))) {
    log.warn(
      { roomId: item.roomId, eventId: item.eventId },
      "a request that does not open its case invites nobody",
    );
    return false;
  }
  const people = (await parts.peopleOf(request.addressee, request.requester)).filter(
    (id) => id !== parts.bot,
  );
  await db.transaction(async (tx) => {
    for (const userId of people)
      await store.putInvitation(tx, { roomId: item.roomId, userId, caseId: request.caseId });
  });
  return people.length > 0;
}

async function tryInvitation(parts: CaseAgentParts, invitation: store.Invitation): Promise<void> {
  const { db, log, audit, bot } = parts;
  const { roomId, userId, askedBy } = invitation;
  try {
    const standing = parts.hall.standingOf(roomId, userId);
    // A room that was made a moment ago may not have come with the sync yet.
    if (standing === "gone" && invitation.attempts < attemptsAtGone)
      return void (await postpone(parts, invitation, standing));
    if (standing !== "out") return void (await store.settleInvitation(db, invitation, standing));
    const cover = await parts.coverOf(invitation.caseId, userId);
    if (cover.by === "nothing") return await waitForGate(parts, invitation, cover.reason);
    if (!(await parts.hall.isReady(userId))) return await waitForDevice(parts, invitation);
    await parts.guests.admit(invitation, cover);
    await parts.hall.inviteWithHistory(roomId, userId);
    await store.settleInvitation(db, invitation, "invited");
    await audit.inviteDecided({
      actor: bot,
      roomId,
      invitee: userId,
      allowed: true,
      reason: askedBy ?? "request",
    });
    log.info({ roomId, userId }, "a colleague was invited to a case, with its history");
  } catch (error) {
    log.warn({ roomId, userId, ...toLog(error) }, "an invitation failed; it will be tried again");
    await postpone(parts, invitation, "failed");
  }
}

async function waitForGate(
  parts: CaseAgentParts,
  invitation: store.Invitation,
  reason: RefusalReason,
): Promise<void> {
  const { roomId, userId, attempts } = invitation;
  if (attempts === 0)
    await parts.audit.inviteDecided({
      actor: parts.bot,
      roomId,
      invitee: userId,
      allowed: false,
      reason: "gate",
    });
  await tell(parts, invitation, "gate", { state: "refused", reason });
  await postpone(parts, invitation, "gate");
}

async function waitForDevice(parts: CaseAgentParts, invitation: store.Invitation): Promise<void> {
  await tell(parts, invitation, "not-ready", { state: "not-ready" });
  await postpone(parts, invitation, "not-ready");
}

/** Who asked somebody in is told why they do not come, once for the same obstacle; those whom a request names are many, and expected. */
async function tell(
  { say, clock }: CaseAgentParts,
  { roomId, userId, askedBy, obstacle }: store.Invitation,
  now: string,
  outcome: Admission["outcome"],
): Promise<void> {
  if (askedBy === undefined || obstacle === now) return;
  await say(roomId, { userId: userIdSchema.parse(userId), at: new Date(clock()).toISOString(), outcome });
}

const postpone = ({ db, clock }: CaseAgentParts, invitation: store.Invitation, why: string) =>
  store.postponeInvitation(db, invitation, why, clock() + waitMs(invitation.attempts));

/** From two seconds to ten minutes: a change that matters hurries it anyway. */
const waitMs = (attempts: number): number => Math.min(longestWaitMs, 2_000 * 2 ** Math.min(attempts, 12));
