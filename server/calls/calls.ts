import { randomUUID } from "node:crypto";
import {
  type CallEnd,
  type CallPass,
  type CallTrace,
  callIdentity,
  deviceOfIdentity,
} from "#protocol/calls.ts";
import type { Decision } from "#protocol/disclose.ts";
import { ColloqueError } from "#protocol/errors.ts";
import type { Clock } from "../kit/role.ts";
import type { Database } from "../store/index.ts";
import type { Participant, Sfu } from "./sfu.ts";
import * as store from "./store.ts";
import { traceOf } from "./trace.ts";

/**
 * Who may be in a call, and who was. Whoever is let in is a member of the room now, covered by the patient's consent now, in a case that
 * has no end yet; whoever is no longer so is put out, which is looked at again whenever one of the three may have changed, and in any case
 * every few seconds.
 */
export type Calls = {
  /** Throws `case-ended`, `not-a-member`, `gate-refused`, `calls-unreachable`. */
  pass(who: {
    readonly roomId: string;
    readonly userId: string;
    readonly deviceId: string;
  }): Promise<CallPass>;
  /** Something changed about who may be there: puts out who may not. */
  recheck(roomId: string): Promise<void>;
  /** What the media server tells. */
  hear(news: SfuNews): Promise<void>;
  /** Looks at the calls that somebody was put out of lately: LiveKit renews leaves for minutes, and knows no way to end one. */
  watch(): Promise<void>;
  /** Looks at every call, for what was missed while we or the media server were away, and tells the cases what they were not told. */
  sweep(): Promise<void>;
};

export type SfuNews =
  | {
      readonly kind: "joined";
      readonly roomId: string;
      readonly sid: string;
      readonly identity: string;
      readonly atMs: number;
    }
  | {
      readonly kind: "left";
      readonly roomId: string;
      readonly sid: string;
      readonly identity: string;
      readonly atMs: number;
      readonly incident: store.IncidentRow["kind"] | undefined;
    }
  | { readonly kind: "finished"; readonly roomId: string; readonly atMs: number };

export type CallsParts = {
  readonly db: Database;
  readonly sfu: Sfu;
  /** The media server's address for browsers. */
  readonly url: string;
  readonly clock: Clock;
  /** The case has its opinion, or was of the wrong patient. */
  readonly isEnded: (roomId: string) => Promise<boolean>;
  readonly isJoined: (userId: string, roomId: string) => Promise<boolean>;
  /** May this person be in this room's case now. */
  readonly mayBeIn: (roomId: string, userId: string) => Promise<Decision>;
  /** Writes the trace of a call into its case, once for the same call. */
  readonly tell: (roomId: string, trace: CallTrace) => Promise<void>;
};

/** Longest that a leave lives which LiveKit renewed (`tokenDefaultTTL`), and a little more. */
const renewedMs = 11 * 60_000;

export function createCalls(parts: CallsParts): Calls {
  const { db, sfu, clock } = parts;
  /** Rooms that somebody was put out of, and until when they may try to come back. */
  const watched = new Map<string, number>();

  /** Throws what stands in somebody's way. */
  async function judge(roomId: string, userId: string): Promise<void> {
    if (!(await parts.isJoined(userId, roomId))) throw new ColloqueError("not-a-member");
    if (await parts.isEnded(roomId)) throw new ColloqueError("case-ended");
    const decision = await parts.mayBeIn(roomId, userId);
    if (!decision.allow) throw new ColloqueError("gate-refused", { details: { reason: decision.reason } });
  }

  /** Undefined when they may be there; throws what is no answer to the question. */
  async function obstacle(roomId: string, identity: string): Promise<ColloqueError | undefined> {
    const device = deviceOfIdentity(identity);
    if (device === null) return new ColloqueError("not-a-member");
    try {
      await judge(roomId, device.userId);
      return undefined;
    } catch (error) {
      if (error instanceof ColloqueError && refusals.has(error.code)) return error;
      throw error;
    }
  }

  /** Puts out who may not be there; gives those whom the patient's consent does not cover any more. */
  async function putOut(roomId: string, identities: readonly string[]): Promise<readonly string[]> {
    const uncovered: string[] = [];
    for (const identity of identities) {
      const found = await obstacle(roomId, identity);
      if (found === undefined) continue;
      await sfu.remove(roomId, identity);
      watched.set(roomId, clock() + renewedMs);
      if (found.code === "gate-refused") uncovered.push(identity);
    }
    return uncovered;
  }

  async function endNow(roomId: string, ended: CallEnd): Promise<void> {
    // Noted first: the media server's own word, "finished", comes after and knows no reason.
    const call = await store.openCall(db, roomId);
    if (call !== undefined) await store.end(db, call.callId, ended, clock());
    await sfu.close(roomId);
    await tellAll();
  }

  const recheck: Calls["recheck"] = async (roomId) => judgeAll(roomId, await sfu.people(roomId));

  async function judgeAll(roomId: string, people: readonly Participant[]): Promise<void> {
    if ((await parts.isEnded(roomId)) && (await store.openCall(db, roomId)) !== undefined)
      return endNow(roomId, "case-ended");
    const uncovered = await putOut(
      roomId,
      people.map(({ identity }) => identity),
    );
    if (people.length > 0 && uncovered.length === people.length) await endNow(roomId, "consent-ended");
  }

  async function arrived(news: {
    roomId: string;
    sid: string;
    identity: string;
    atMs: number;
  }): Promise<void> {
    const device = deviceOfIdentity(news.identity);
    if (device === null) return;
    await store.begin(db, { callId: randomUUID(), roomId: news.roomId, atMs: news.atMs });
    const call = await store.openCall(db, news.roomId);
    if (call !== undefined)
      await store.arrived(db, call.callId, { sid: news.sid, userId: device.userId, atMs: news.atMs });
  }

  async function departed(news: Extract<SfuNews, { kind: "left" }>): Promise<void> {
    const call = await store.openCall(db, news.roomId);
    const device = deviceOfIdentity(news.identity);
    await store.left(db, news.sid, news.atMs);
    if (call === undefined || device === null || news.incident === undefined) return;
    await store.noteIncident(db, call.callId, {
      atMs: news.atMs,
      kind: news.incident,
      userId: device.userId,
    });
  }

  async function finish(roomId: string, ended: CallEnd, atMs: number): Promise<void> {
    const call = await store.openCall(db, roomId);
    if (call !== undefined) await store.end(db, call.callId, ended, atMs);
    await tellAll();
  }

  async function tellAll(): Promise<void> {
    for (const call of await store.untoldCalls(db)) {
      const presences = await store.presencesOf(db, call.callId);
      const trace = traceOf(call, presences, await store.incidentsOf(db, call.callId));
      if (trace !== null) await parts.tell(call.roomId, trace);
      await store.told(db, call.callId);
    }
  }

  async function lookAt(call: store.CallRow, isOpen: boolean): Promise<void> {
    const there = isOpen ? await sfu.people(call.roomId) : [];
    for (const each of there) await arrived({ ...each, roomId: call.roomId, atMs: each.joinedAtMs });
    const presences = await store.presencesOf(db, call.callId);
    if (!isOpen) {
      const everybodyLeft = presences.every(({ leftAtMs }) => leftAtMs !== null);
      return finish(call.roomId, everybodyLeft ? "left" : "lost", clock());
    }
    for (const { sid, leftAtMs } of presences)
      if (leftAtMs === null && !there.some((each) => each.sid === sid)) await store.left(db, sid, clock());
    await judgeAll(call.roomId, there);
  }

  return {
    pass: async ({ roomId, userId, deviceId }) => {
      await judge(roomId, userId);
      await sfu.open(roomId);
      const identity = callIdentity(userId, deviceId);
      return { url: parts.url, jwt: await sfu.pass(roomId, identity), identity };
    },
    recheck,
    hear: async (news) => {
      if (news.kind === "finished") return finish(news.roomId, "left", news.atMs);
      if (news.kind === "left") return departed(news);
      await arrived(news);
      // A leave that was renewed by the media server may be older than the reason to refuse it.
      await putOut(news.roomId, [news.identity]);
    },
    watch: async () => {
      for (const [roomId, untilMs] of watched) {
        if (untilMs < clock()) watched.delete(roomId);
        else await recheck(roomId);
      }
    },
    sweep: async () => {
      const open = new Set(await sfu.rooms());
      const known = await store.openCalls(db);
      for (const call of known) await lookAt(call, open.has(call.roomId));
      // A call that began while we were away.
      for (const roomId of open) {
        if (known.some((call) => call.roomId === roomId)) continue;
        const there = await sfu.people(roomId);
        for (const each of there) await arrived({ ...each, roomId, atMs: each.joinedAtMs });
        await judgeAll(roomId, there);
      }
      await tellAll();
    },
  };
}

const refusals: ReadonlySet<string> = new Set(["not-a-member", "case-ended", "gate-refused"]);
