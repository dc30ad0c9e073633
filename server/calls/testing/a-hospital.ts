import type { CallTrace } from "#protocol/calls.ts";
import { deviceOfIdentity } from "#protocol/calls.ts";
import type { Decision } from "#protocol/disclose.ts";
import { openDatabase } from "../../store/index.ts";
import { type Calls, createCalls } from "../calls.ts";
import type { Sfu } from "../sfu.ts";
import { migrations } from "../store.ts";

export const room = "!case";
export const martin = "@martin:valombre.example";
export const leroy = "@leroy:valombre.example";
export const haddad = "@haddad:valombre.example";

/** A case of Leroy and Martin, and a media server that is as reachable as is said. */
export async function aHospital() {
  const db = openDatabase(":memory:");
  await db.migrate("calls", migrations);
  let now = Date.UTC(2026, 10, 24, 10, 0, 0);
  let sids = 0;
  const inside = new Map<string, { sid: string; joinedAtMs: number }>();
  const members = new Set([leroy, martin]);
  const uncovered = new Set<string>();
  const told: { roomId: string; trace: CallTrace }[] = [];
  const world = { isOpen: false, isEnded: false, sfuAnswers: true, canTell: true };

  const sfu: Sfu = {
    open: async () => {
      if (!world.sfuAnswers) throw new Error("no answer");
      world.isOpen = true;
    },
    pass: async (roomId, identity) => `pass of ${identity} to ${roomId}`,
    rooms: async () => (world.isOpen ? [room] : []),
    people: async () => [...inside].map(([identity, { sid, joinedAtMs }]) => ({ identity, sid, joinedAtMs })),
    remove: async (_room, identity) => void inside.delete(identity),
    close: async () => {
      inside.clear();
      world.isOpen = false;
    },
  };
  const calls: Calls = createCalls({
    db,
    sfu,
    url: "wss://calls.valombre.example",
    clock: () => now,
    isJoined: async (userId) => members.has(userId),
    isEnded: async () => world.isEnded,
    mayBeIn: async (_room, userId): Promise<Decision> =>
      uncovered.has(userId) ? { allow: false, reason: "withdrawn" } : { allow: true },
    tell: async (roomId, trace) => {
      if (!world.canTell) throw new Error("the archivist is away");
      told.push({ roomId, trace });
    },
  });

  return {
    calls,
    world,
    members,
    uncovered,
    told,
    here: () => [...inside.keys()].map((identity) => deviceOfIdentity(identity)?.userId),
    wait: (seconds: number) => {
      now += seconds * 1000;
    },
    /** Enters at the media server, which tells us of it or not. */
    async enter(userId: string, { device = "PHONE", unheard = false } = {}) {
      sids += 1;
      const identity = `${userId}:${device}`;
      world.isOpen = true;
      const who = { sid: `PA_${sids}`, joinedAtMs: now };
      inside.set(identity, who);
      if (!unheard) await calls.hear({ kind: "joined", roomId: room, identity, sid: who.sid, atMs: now });
      return { identity, sid: who.sid };
    },
    async leave({ identity, sid }: { identity: string; sid: string }, incident?: "connection-lost") {
      inside.delete(identity);
      await calls.hear({ kind: "left", roomId: room, identity, sid, atMs: now, incident });
    },
    async finish() {
      world.isOpen = false;
      await calls.hear({ kind: "finished", roomId: room, atMs: now });
    },
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  };
}
