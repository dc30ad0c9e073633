import { z } from "zod";
import { type CallEnd, callEndSchema, callIncidentSchema } from "#protocol/calls.ts";
import type { Database, Migration, Queries } from "../store/index.ts";

/** Ids and times alone: who was in which call when. Nothing of picture or sound comes here. */
export const migrations: readonly Migration[] = [
  `CREATE TABLE calls (
     call_id TEXT PRIMARY KEY,
     room_id TEXT NOT NULL,
     started_at INTEGER NOT NULL,
     ended_at INTEGER,
     ended TEXT,
     told INTEGER NOT NULL DEFAULT 0
   );
   CREATE UNIQUE INDEX calls_open ON calls (room_id) WHERE ended_at IS NULL;
   CREATE TABLE call_presences (
     sid TEXT PRIMARY KEY,
     call_id TEXT NOT NULL REFERENCES calls (call_id),
     user_id TEXT NOT NULL,
     joined_at INTEGER NOT NULL,
     left_at INTEGER
   );
   CREATE INDEX call_presences_by_call ON call_presences (call_id);
   CREATE TABLE call_incidents (
     call_id TEXT NOT NULL REFERENCES calls (call_id),
     at INTEGER NOT NULL,
     kind TEXT NOT NULL,
     user_id TEXT NOT NULL,
     UNIQUE (call_id, at, kind, user_id)
   );`,
];

const callRow = z
  .object({
    call_id: z.string(),
    room_id: z.string(),
    started_at: z.number(),
    ended_at: z.number().nullable(),
    ended: callEndSchema.nullable(),
  })
  .transform((row) => ({
    callId: row.call_id,
    roomId: row.room_id,
    startedAtMs: row.started_at,
    endedAtMs: row.ended_at,
    ended: row.ended,
  }));
export type CallRow = z.infer<typeof callRow>;

const presenceRow = z
  .object({ sid: z.string(), user_id: z.string(), joined_at: z.number(), left_at: z.number().nullable() })
  .transform((row) => ({
    sid: row.sid,
    userId: row.user_id,
    joinedAtMs: row.joined_at,
    leftAtMs: row.left_at,
  }));
export type PresenceRow = z.infer<typeof presenceRow>;

const incidentRow = z
  .object({ at: z.number(), kind: callIncidentSchema, user_id: z.string() })
  .transform((row) => ({ atMs: row.at, kind: row.kind, userId: row.user_id }));
export type IncidentRow = z.infer<typeof incidentRow>;

export const openCall = (db: Queries, roomId: string): Promise<CallRow | undefined> =>
  db.one(callRow, "SELECT * FROM calls WHERE room_id = ? AND ended_at IS NULL", roomId);

export const openCalls = (db: Queries): Promise<CallRow[]> =>
  db.all(callRow, "SELECT * FROM calls WHERE ended_at IS NULL");

/** Ended, and the case was not told. */
export const untoldCalls = (db: Queries): Promise<CallRow[]> =>
  db.all(callRow, "SELECT * FROM calls WHERE ended_at IS NOT NULL AND told = 0");

export const presencesOf = (db: Queries, callId: string): Promise<PresenceRow[]> =>
  db.all(
    presenceRow,
    "SELECT sid, user_id, joined_at, left_at FROM call_presences WHERE call_id = ? ORDER BY joined_at, sid",
    callId,
  );

export const incidentsOf = (db: Queries, callId: string): Promise<IncidentRow[]> =>
  db.all(
    incidentRow,
    "SELECT at, kind, user_id FROM call_incidents WHERE call_id = ? ORDER BY at, user_id",
    callId,
  );

export async function begin(
  db: Queries,
  call: { callId: string; roomId: string; atMs: number },
): Promise<void> {
  await db.run(
    "INSERT INTO calls (call_id, room_id, started_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    call.callId,
    call.roomId,
    call.atMs,
  );
}

/** The same participant told twice is once. */
export async function arrived(
  db: Queries,
  callId: string,
  who: { sid: string; userId: string; atMs: number },
): Promise<void> {
  await db.run(
    "INSERT INTO call_presences (sid, call_id, user_id, joined_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    who.sid,
    callId,
    who.userId,
    who.atMs,
  );
}

export const left = (db: Queries, sid: string, atMs: number): Promise<number> =>
  db.run("UPDATE call_presences SET left_at = ? WHERE sid = ? AND left_at IS NULL", atMs, sid);

export const noteIncident = (
  db: Queries,
  callId: string,
  { atMs, kind, userId }: IncidentRow,
): Promise<number> =>
  db.run(
    "INSERT INTO call_incidents (call_id, at, kind, user_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    callId,
    atMs,
    kind,
    userId,
  );

/** Ends a call and everybody's stay in it, once. */
export const end = (db: Database, callId: string, ended: CallEnd, atMs: number): Promise<void> =>
  db.transaction(async (tx) => {
    await tx.run("UPDATE call_presences SET left_at = ? WHERE call_id = ? AND left_at IS NULL", atMs, callId);
    await tx.run(
      "UPDATE calls SET ended_at = ?, ended = ? WHERE call_id = ? AND ended_at IS NULL",
      atMs,
      ended,
      callId,
    );
  });

export const told = (db: Queries, callId: string): Promise<number> =>
  db.run("UPDATE calls SET told = 1 WHERE call_id = ?", callId);
