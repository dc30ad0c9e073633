import { z } from "zod";
import type { Queries } from "../store/index.ts";

/** The archivist's tables. Whatever may hold a word of a case is sealed. */
export const migrations = [
  `CREATE TABLE bot_session (
     id INTEGER PRIMARY KEY CHECK (id = 1),
     device_number INTEGER NOT NULL,
     token BLOB
   );
   CREATE TABLE bot_rooms (room_id TEXT PRIMARY KEY, cursor TEXT NOT NULL);
   CREATE TABLE bot_inbox (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     event_id TEXT NOT NULL UNIQUE,
     room_id TEXT NOT NULL,
     sender TEXT NOT NULL,
     at_ms INTEGER NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('new', 'finished', 'unreadable', 'refused')),
     noted INTEGER NOT NULL DEFAULT 0,
     reason TEXT,
     sealed BLOB
   );
   CREATE INDEX bot_inbox_open ON bot_inbox (room_id, seq) WHERE state = 'new' OR (state = 'unreadable');
   CREATE TABLE bot_places (place TEXT PRIMARY KEY, event_id TEXT NOT NULL);
   CREATE TABLE bot_outgoing (
     key TEXT PRIMARY KEY,
     room_id TEXT NOT NULL,
     type TEXT NOT NULL,
     txn_id TEXT NOT NULL,
     sealed BLOB,
     event_id TEXT
   );
   CREATE TABLE bot_invitations (
     room_id TEXT NOT NULL,
     user_id TEXT NOT NULL,
     case_id TEXT NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('waiting', 'done')),
     reason TEXT,
     attempts INTEGER NOT NULL DEFAULT 0,
     next_at INTEGER NOT NULL DEFAULT 0,
     PRIMARY KEY (room_id, user_id)
   );
   CREATE TABLE bot_photos (receipt_id TEXT NOT NULL, room_id TEXT NOT NULL, event_id TEXT NOT NULL, PRIMARY KEY (receipt_id, event_id));`,
  `ALTER TABLE bot_invitations ADD COLUMN asked_by TEXT;
   ALTER TABLE bot_photos ADD COLUMN kind TEXT NOT NULL DEFAULT 'photo' CHECK (kind IN ('photo', 'preview'));
   ALTER TABLE bot_photos ADD COLUMN filed INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE bot_photos ADD COLUMN redacted INTEGER NOT NULL DEFAULT 0;
   CREATE INDEX bot_photos_open ON bot_photos (room_id) WHERE redacted = 0;`,
  `CREATE TABLE bot_guests (
     room_id TEXT NOT NULL,
     user_id TEXT NOT NULL,
     case_id TEXT NOT NULL,
     until_at INTEGER NOT NULL,
     PRIMARY KEY (room_id, user_id)
   );`,
  // One device acts at a time; another may be coming or leaving. A number is never used again.
  `CREATE TABLE bot_devices (
     number INTEGER PRIMARY KEY,
     state TEXT NOT NULL CHECK (state IN ('coming', 'acting', 'leaving', 'gone')),
     token BLOB,
     since_ms INTEGER NOT NULL
   );
   INSERT INTO bot_devices (number, state, token, since_ms) SELECT device_number, 'acting', token, 0 FROM bot_session;
   DROP TABLE bot_session;`,
];

const blob = z.instanceof(Uint8Array);

// --- the devices

const deviceRow = z
  .object({
    number: z.number(),
    state: z.enum(["coming", "acting", "leaving", "gone"]),
    token: blob.nullable(),
    since_ms: z.number(),
  })
  .transform((row) => ({
    number: row.number,
    state: row.state,
    token: row.token ?? undefined,
    sinceMs: row.since_ms,
  }));
export type DeviceRow = z.infer<typeof deviceRow>;

export const devices = (q: Queries): Promise<DeviceRow[]> =>
  q.all(deviceRow, "SELECT number, state, token, since_ms FROM bot_devices ORDER BY number");
export const putDevice = (
  q: Queries,
  number: number,
  state: DeviceRow["state"],
  token: Uint8Array | null,
  sinceMs: number,
) =>
  q.run(
    `INSERT INTO bot_devices (number, state, token, since_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (number) DO UPDATE SET state = excluded.state, token = excluded.token, since_ms = excluded.since_ms`,
    number,
    state,
    token,
    sinceMs,
  );
export const setToken = (q: Queries, number: number, token: Uint8Array | null) =>
  q.run("UPDATE bot_devices SET token = ? WHERE number = ?", token, number);
/** The moment of a turn: from here on the other one is the device. */
export const takeTurns = (q: Queries, coming: number, nowMs: number) =>
  q.run(
    `UPDATE bot_devices SET since_ms = ?, state = CASE state WHEN 'acting' THEN 'leaving' ELSE 'acting' END
     WHERE state = 'acting' OR number = ?`,
    nowMs,
    coming,
  );

// --- the inbox

export const cursorOf = async (q: Queries, roomId: string): Promise<string | undefined> =>
  (await q.one(z.object({ cursor: z.string() }), "SELECT cursor FROM bot_rooms WHERE room_id = ?", roomId))
    ?.cursor;
export const setCursor = (q: Queries, roomId: string, eventId: string) =>
  q.run(
    "INSERT INTO bot_rooms (room_id, cursor) VALUES (?, ?) ON CONFLICT (room_id) DO UPDATE SET cursor = excluded.cursor",
    roomId,
    eventId,
  );

/** Who holds a place in a ratchet already. */
export const placeHolder = async (q: Queries, place: string): Promise<string | undefined> =>
  (await q.one(z.object({ event_id: z.string() }), "SELECT event_id FROM bot_places WHERE place = ?", place))
    ?.event_id;
export const takePlace = (q: Queries, place: string, eventId: string) =>
  q.run("INSERT INTO bot_places (place, event_id) VALUES (?, ?)", place, eventId);

export type InboxState = "new" | "finished" | "unreadable" | "refused";

/** Adds an event, or settles one that could not be read at first. What is settled already stays as it is. */
export const putInbox = (
  q: Queries,
  row: {
    eventId: string;
    roomId: string;
    sender: string;
    atMs: number;
    state: "new" | "unreadable" | "refused";
    reason: string | null;
    sealed: Uint8Array | null;
  },
) =>
  q.run(
    `INSERT INTO bot_inbox (event_id, room_id, sender, at_ms, state, reason, sealed) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (event_id) DO UPDATE SET state = excluded.state, reason = excluded.reason, sealed = excluded.sealed
     WHERE bot_inbox.state = 'unreadable'`,
    row.eventId,
    row.roomId,
    row.sender,
    row.atMs,
    row.state,
    row.reason,
    row.sealed,
  );

const inboxRow = z
  .object({
    event_id: z.string(),
    room_id: z.string(),
    sender: z.string(),
    at_ms: z.number(),
    noted: z.number(),
    sealed: blob,
  })
  .transform((row) => ({
    eventId: row.event_id,
    roomId: row.room_id,
    sender: row.sender,
    atMs: row.at_ms,
    noted: row.noted === 1,
    sealed: row.sealed,
  }));
export type InboxRow = z.infer<typeof inboxRow>;

export const openInbox = (q: Queries, roomId: string) =>
  q.all(
    inboxRow,
    "SELECT event_id, room_id, sender, at_ms, noted, sealed FROM bot_inbox WHERE room_id = ? AND state = 'new' ORDER BY seq",
    roomId,
  );
export const markNoted = (q: Queries, eventId: string) =>
  q.run("UPDATE bot_inbox SET noted = 1 WHERE event_id = ?", eventId);
/** What is handed over needs no copy here. */
export const markFinished = (q: Queries, eventId: string) =>
  q.run("UPDATE bot_inbox SET state = 'finished', sealed = NULL WHERE event_id = ?", eventId);

export const unreadable = async (q: Queries, roomId: string, sinceMs: number): Promise<string[]> =>
  (
    await q.all(
      z.object({ event_id: z.string() }),
      "SELECT event_id FROM bot_inbox WHERE room_id = ? AND state = 'unreadable' AND at_ms > ? ORDER BY seq",
      roomId,
      sinceMs,
    )
  ).map((row) => row.event_id);

/** Whether anything of a room waits to be read or to be handed over. */
export const isOpen = async (q: Queries, roomId: string): Promise<boolean> =>
  (await q.one(
    z.object({ room_id: z.string() }),
    "SELECT room_id FROM bot_inbox WHERE room_id = ? AND state IN ('new', 'unreadable') LIMIT 1",
    roomId,
  )) !== undefined;

const unreadRow = z
  .object({
    event_id: z.string(),
    room_id: z.string(),
    sender: z.string(),
    at_ms: z.number(),
    reason: z.string().nullable(),
  })
  .transform((row) => ({
    eventId: row.event_id,
    roomId: row.room_id,
    sender: row.sender,
    atMs: row.at_ms,
    reason: row.reason ?? "",
  }));
/** An event whose key never came. */
export type Unread = z.infer<typeof unreadRow>;

/** What could not be read, oldest first: a human may file it by hand. */
export const allUnread = (q: Queries): Promise<Unread[]> =>
  q.all(
    unreadRow,
    "SELECT event_id, room_id, sender, at_ms, reason FROM bot_inbox WHERE state = 'unreadable' ORDER BY seq LIMIT 500",
  );
/** A human has seen to it: it is not read any more, whatever keys come. False when it was read meanwhile. */
export const giveUpUnread = async (q: Queries, eventId: string): Promise<boolean> =>
  (await q.run(
    "UPDATE bot_inbox SET state = 'refused', reason = 'by-hand' WHERE event_id = ? AND state = 'unreadable'",
    eventId,
  )) > 0;

const roomRow = z.object({ room_id: z.string() });
export const roomsToLookAt = async (q: Queries): Promise<string[]> =>
  (await q.all(roomRow, "SELECT DISTINCT room_id FROM bot_inbox WHERE state IN ('new', 'unreadable')")).map(
    (row) => row.room_id,
  );

// --- what the archivist sends

const outgoingRow = z
  .object({ txn_id: z.string(), event_id: z.string().nullable() })
  .transform((row) => ({ txnId: row.txn_id, eventId: row.event_id ?? undefined }));

export const outgoing = (q: Queries, key: string) =>
  q.one(outgoingRow, "SELECT txn_id, event_id FROM bot_outgoing WHERE key = ?", key);
export const putOutgoing = (
  q: Queries,
  row: { key: string; roomId: string; type: string; txnId: string; sealed: Uint8Array },
) =>
  q.run(
    "INSERT INTO bot_outgoing (key, room_id, type, txn_id, sealed) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    row.key,
    row.roomId,
    row.type,
    row.txnId,
    row.sealed,
  );
export const markSent = (q: Queries, key: string, eventId: string) =>
  q.run("UPDATE bot_outgoing SET event_id = ?, sealed = NULL WHERE key = ?", eventId, key);
export const unsent = (q: Queries) =>
  q.all(
    z
      .object({ key: z.string(), room_id: z.string(), type: z.string(), sealed: blob })
      .transform((row) => ({ key: row.key, roomId: row.room_id, type: row.type, sealed: row.sealed })),
    "SELECT key, room_id, type, sealed FROM bot_outgoing WHERE event_id IS NULL AND sealed IS NOT NULL ORDER BY rowid",
  );

// --- invitations

const invitationRow = z
  .object({
    room_id: z.string(),
    user_id: z.string(),
    case_id: z.string(),
    attempts: z.number(),
    asked_by: z.string().nullable(),
    reason: z.string().nullable(),
  })
  .transform((row) => ({
    roomId: row.room_id,
    userId: row.user_id,
    caseId: row.case_id,
    attempts: row.attempts,
    askedBy: row.asked_by ?? undefined,
    /** What stood in the way at the last try. */
    obstacle: row.reason ?? undefined,
  }));
export type Invitation = z.infer<typeof invitationRow>;

/** Adds a person whom the case's request names; one that is known already stays as it is. */
export const putInvitation = (q: Queries, row: { roomId: string; userId: string; caseId: string }) =>
  q.run(
    `INSERT INTO bot_invitations (room_id, user_id, case_id, state) VALUES (?, ?, ?, 'waiting')
     ON CONFLICT (room_id, user_id) DO UPDATE SET asked_by = NULL`,
    row.roomId,
    row.userId,
    row.caseId,
  );
/** Adds a person whom a member of the case asks in, anew even when an earlier invitation is over. */
export const askIn = (q: Queries, row: { roomId: string; userId: string; caseId: string; askedBy: string }) =>
  q.run(
    `INSERT INTO bot_invitations (room_id, user_id, case_id, state, asked_by) VALUES (?, ?, ?, 'waiting', ?)
     ON CONFLICT (room_id, user_id) DO UPDATE
     SET state = 'waiting', reason = NULL, attempts = 0, next_at = 0`,
    row.roomId,
    row.userId,
    row.caseId,
    row.askedBy,
  );
export const dueInvitations = (q: Queries, now: number) =>
  q.all(
    invitationRow,
    "SELECT room_id, user_id, case_id, attempts, asked_by, reason FROM bot_invitations WHERE state = 'waiting' AND next_at <= ? ORDER BY rowid",
    now,
  );
/** Makes waiting invitations due at once: of one person, or of one room. */
export const hurry = (q: Queries, who: { userId: string } | { roomId: string }) =>
  "userId" in who
    ? q.run("UPDATE bot_invitations SET next_at = 0 WHERE state = 'waiting' AND user_id = ?", who.userId)
    : q.run("UPDATE bot_invitations SET next_at = 0 WHERE state = 'waiting' AND room_id = ?", who.roomId);
export const settleInvitation = (q: Queries, of: Invitation, reason: string) =>
  q.run(
    "UPDATE bot_invitations SET state = 'done', reason = ? WHERE room_id = ? AND user_id = ?",
    reason,
    of.roomId,
    of.userId,
  );
export const postponeInvitation = (q: Queries, of: Invitation, reason: string, nextAt: number) =>
  q.run(
    "UPDATE bot_invitations SET reason = ?, attempts = attempts + 1, next_at = ? WHERE room_id = ? AND user_id = ?",
    reason,
    nextAt,
    of.roomId,
    of.userId,
  );
/** Whether the case's request has named its people already; whom a member asked in does not count. */
export const hasInvitations = async (q: Queries, roomId: string): Promise<boolean> =>
  (await q.one(
    z.object({ user_id: z.string() }),
    "SELECT user_id FROM bot_invitations WHERE room_id = ? AND asked_by IS NULL",
    roomId,
  )) !== undefined;

// --- photos, for withdrawals

export const putPhoto = (
  q: Queries,
  row: { receiptId: string; roomId: string; eventId: string; kind: "photo" | "preview" },
) =>
  q.run(
    "INSERT INTO bot_photos (receipt_id, room_id, event_id, kind) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    row.receiptId,
    row.roomId,
    row.eventId,
    row.kind,
  );

/** Photos and previews of a room that are not redacted. */
export const openPhotos = (q: Queries, roomId: string) =>
  q.all(
    z
      .object({ receipt_id: z.string(), event_id: z.string() })
      .transform((row) => ({ receiptId: row.receipt_id, eventId: row.event_id })),
    "SELECT receipt_id, event_id FROM bot_photos WHERE room_id = ? AND redacted = 0",
    roomId,
  );
export const markRedacted = (q: Queries, eventId: string) =>
  q.run("UPDATE bot_photos SET redacted = 1 WHERE event_id = ?", eventId);
/** The archivist has said that this photo is in the record. */
export const markPhotoFiled = (q: Queries, eventId: string) =>
  q.run("UPDATE bot_photos SET filed = 1 WHERE event_id = ?", eventId);

/** The photos, without their previews, of these receipts. */
export const photosOf = (q: Queries, receiptIds: readonly string[]) =>
  q.all(
    z.object({ filed: z.number() }).transform((row) => ({ filed: row.filed === 1 })),
    `SELECT MAX(filed) AS filed FROM bot_photos
     WHERE kind = 'photo' AND receipt_id IN (SELECT value FROM json_each(?)) GROUP BY receipt_id`,
    JSON.stringify(receiptIds),
  );
