import { z } from "zod";
import { signedConsentSchema } from "#protocol/consent.ts";
import { type OpenGlass, signedGlassSchema } from "#protocol/glass.ts";
import { renditionSchema, signedReceiptSchema } from "#protocol/receipt.ts";
import type { Queries } from "../store/index.ts";
import { type Revocation, whySchema } from "./revocation-log.ts";

/** The registry's SQL, and only here. Each function takes the queries of a database or of a transaction under way. */
const stateSchema = z.enum(["live", "withdrawn"]);
const json = <T>(schema: z.ZodType<T>) =>
  z.string().transform((text, ctx) => {
    const parsed = schema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    ctx.addIssue({ code: "custom", message: "a stored value that breaks its schema" });
    return z.NEVER;
  });

const caseRow = z
  .object({ case_id: z.string(), owner: z.string(), room_id: z.string().nullable() })
  .transform((row) => ({ caseId: row.case_id, owner: row.owner, roomId: row.room_id ?? undefined }));
export type CaseRow = z.infer<typeof caseRow>;

const consentRow = z
  .object({
    consent_id: z.string(),
    case_id: z.string(),
    signed: json(signedConsentSchema),
    state: stateSchema,
  })
  .transform((row) => ({
    consentId: row.consent_id,
    caseId: row.case_id,
    consent: row.signed.payload,
    signed: row.signed,
    state: row.state,
  }));
export type ConsentRow = z.infer<typeof consentRow>;

const permitRow = z
  .object({
    receipt_id: z.string(),
    consent_id: z.string(),
    case_id: z.string(),
    room_id: z.string(),
    uploader: z.string(),
    signed: json(signedReceiptSchema),
    state: stateSchema,
  })
  .transform((row) => ({
    receiptId: row.receipt_id,
    consentId: row.consent_id,
    caseId: row.case_id,
    roomId: row.room_id,
    uploader: row.uploader,
    receipt: row.signed.payload,
    signed: row.signed,
    state: row.state,
  }));
export type PermitRow = z.infer<typeof permitRow>;

const fileRow = z
  .object({
    mxc: z.string(),
    receipt_id: z.string(),
    rendition: renditionSchema,
    sha256: z.string(),
    bytes: z.number(),
    uploaded_at: z.number().nullable(),
  })
  .transform((row) => ({
    mxc: row.mxc,
    receiptId: row.receipt_id,
    rendition: row.rendition,
    sha256: row.sha256,
    bytes: row.bytes,
    uploaded: row.uploaded_at !== null,
  }));
export type FileRow = z.infer<typeof fileRow>;

const ticketRow = z
  .object({ room_id: z.string(), invitee: z.string(), mxc: z.string().nullable(), expires_at: z.number() })
  .transform((row) => ({
    roomId: row.room_id,
    invitee: row.invitee,
    mxc: row.mxc,
    expiresAt: row.expires_at,
  }));
export type TicketRow = z.infer<typeof ticketRow>;

const mxcRow = z.object({ mxc: z.string() });

export const caseById = (q: Queries, caseId: string) =>
  q.one(caseRow, "SELECT case_id, owner, room_id FROM cases WHERE case_id = ?", caseId);

export const caseByRoom = (q: Queries, roomId: string) =>
  q.one(caseRow, "SELECT case_id, owner, room_id FROM cases WHERE room_id = ?", roomId);

export const insertCase = (q: Queries, caseId: string, owner: string, at: number) =>
  q.run(
    "INSERT INTO cases (case_id, owner, opened_at) VALUES (?, ?, ?) ON CONFLICT (case_id) DO NOTHING",
    caseId,
    owner,
    at,
  );

export const setRoom = (q: Queries, caseId: string, roomId: string) =>
  q.run("UPDATE cases SET room_id = ? WHERE case_id = ? AND room_id IS NULL", roomId, caseId);

/** Closed once, it stays closed since then. */
export const setClosed = (q: Queries, roomId: string, at: number) =>
  q.run("UPDATE cases SET closed_at = ? WHERE room_id = ? AND closed_at IS NULL", at, roomId);

export const setOpen = (q: Queries, roomId: string) =>
  q.run("UPDATE cases SET closed_at = NULL WHERE room_id = ?", roomId);

export const closedAt = async (q: Queries, roomId: string): Promise<number | undefined> =>
  (
    await q.one(
      z.object({ closed_at: z.number() }),
      "SELECT closed_at FROM cases WHERE room_id = ? AND closed_at IS NOT NULL",
      roomId,
    )
  )?.closed_at;

export const closedRooms = async (q: Queries): Promise<string[]> =>
  (
    await q.all(
      z.object({ room_id: z.string() }),
      "SELECT room_id FROM cases WHERE closed_at IS NOT NULL AND room_id IS NOT NULL",
    )
  ).map((row) => row.room_id);

/** A consent was taken back and the room was not told, or something of it is still with the homeserver. */
export const hasOpenWithdrawal = async (q: Queries, roomId: string): Promise<boolean> =>
  (await untoldWithdrawals(q, roomId)).length > 0 ||
  (await q.one(
    mxcRow,
    `SELECT removals.mxc FROM removals
     JOIN permit_files ON permit_files.mxc = removals.mxc
     JOIN permits ON permits.receipt_id = permit_files.receipt_id
     WHERE permits.room_id = ? AND permits.state = 'withdrawn' AND removals.done_at IS NULL LIMIT 1`,
    roomId,
  )) !== undefined;

/** Every media of a room that the ledger knows. */
export const mediaOfRoom = async (q: Queries, roomId: string): Promise<string[]> =>
  (
    await q.all(
      mxcRow,
      `SELECT mxc FROM permit_files WHERE receipt_id IN (SELECT receipt_id FROM permits WHERE room_id = ?)
       UNION SELECT mxc FROM tickets WHERE room_id = ? AND mxc IS NOT NULL`,
      roomId,
      roomId,
    )
  ).map((row) => row.mxc);

export const insertCertificate = (
  q: Queries,
  row: { kid: string; userId: string; device: string; certificate: string; expiresAt: number },
) =>
  q.run(
    `INSERT INTO certificates (kid, user_id, device, certificate, expires_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (kid) DO UPDATE SET certificate = excluded.certificate, expires_at = excluded.expires_at`,
    row.kid,
    row.userId,
    row.device,
    row.certificate,
    row.expiresAt,
  );

export const certificateHolder = (q: Queries, kid: string) =>
  q.one(z.object({ user_id: z.string() }), "SELECT user_id FROM certificates WHERE kid = ?", kid);

const consentColumns = "consent_id, case_id, signed, state";

export const consentById = (q: Queries, consentId: string) =>
  q.one(consentRow, `SELECT ${consentColumns} FROM consents WHERE consent_id = ?`, consentId);

export const consentsOfCase = (q: Queries, caseId: string) =>
  q.all(
    consentRow,
    `SELECT ${consentColumns} FROM consents WHERE case_id = ? ORDER BY registered_at`,
    caseId,
  );

export const insertConsent = (
  q: Queries,
  row: { consentId: string; caseId: string; signed: unknown; at: number },
) =>
  q.run(
    "INSERT INTO consents (consent_id, case_id, signed, state, registered_at) VALUES (?, ?, ?, 'live', ?)",
    row.consentId,
    row.caseId,
    JSON.stringify(row.signed),
    row.at,
  );

export const withdrawConsent = async (q: Queries, { consentId, at, by, why }: Revocation) => {
  await q.run("UPDATE permits SET state = 'withdrawn' WHERE consent_id = ?", consentId);
  return q.run(
    `UPDATE consents SET state = 'withdrawn', withdrawn_at = ?, withdrawn_by = ?, withdrawn_why = ?
     WHERE consent_id = ? AND state = 'live'`,
    at,
    by,
    why,
    consentId,
  );
};

const withdrawalRow = z
  .object({
    consent_id: z.string(),
    withdrawn_at: z.number(),
    withdrawn_by: z.string(),
    withdrawn_why: whySchema,
  })
  .transform((row) => ({
    consentId: row.consent_id,
    at: row.withdrawn_at,
    by: row.withdrawn_by,
    why: row.withdrawn_why,
  }));

/** Withdrawals of a room's case of which the room was not told yet, oldest first. */
export const untoldWithdrawals = (q: Queries, roomId: string) =>
  q.all(
    withdrawalRow,
    `SELECT consent_id, withdrawn_at, withdrawn_by, withdrawn_why FROM consents
     WHERE state = 'withdrawn' AND told_at IS NULL AND case_id = (SELECT case_id FROM cases WHERE room_id = ?)
     ORDER BY withdrawn_at`,
    roomId,
  );

export const setTold = (q: Queries, consentId: string, at: number) =>
  q.run("UPDATE consents SET told_at = ? WHERE consent_id = ? AND told_at IS NULL", at, consentId);

const receiptRow = z.object({ receipt_id: z.string() });

export const withdrawnReceipts = async (q: Queries, roomId: string): Promise<string[]> =>
  (
    await q.all(
      receiptRow,
      "SELECT receipt_id FROM permits WHERE room_id = ? AND state = 'withdrawn'",
      roomId,
    )
  ).map((row) => row.receipt_id);

const glassRow = z
  .object({ glass_id: z.string(), reader: z.string(), signed: json(signedGlassSchema), until_at: z.number() })
  .transform((row) => ({
    glassId: row.glass_id,
    glass: row.signed.payload,
    reader: row.reader,
    untilMs: row.until_at,
  }));

export const glassById = (q: Queries, glassId: string) =>
  q.one(glassRow, "SELECT glass_id, reader, signed, until_at FROM glasses WHERE glass_id = ?", glassId);

/** The glasses that are broken over a consent now. */
export const openGlasses = async (q: Queries, consentId: string, now: number): Promise<OpenGlass[]> =>
  (
    await q.all(
      glassRow,
      "SELECT glass_id, reader, signed, until_at FROM glasses WHERE consent_id = ? AND until_at > ?",
      consentId,
      now,
    )
  ).map(({ reader, untilMs }) => ({ reader, untilMs }));

export const insertGlass = (
  q: Queries,
  row: {
    glassId: string;
    consentId: string;
    reader: string;
    signed: unknown;
    untilMs: number;
    at: number;
  },
) =>
  q.run(
    `INSERT INTO glasses (glass_id, consent_id, reader, signed, until_at, registered_at)
     VALUES (?, ?, ?, ?, ?, ?)`,
    row.glassId,
    row.consentId,
    row.reader,
    JSON.stringify(row.signed),
    row.untilMs,
    row.at,
  );

const permitColumns = "receipt_id, consent_id, case_id, room_id, uploader, signed, state";

export const permitById = (q: Queries, receiptId: string) =>
  q.one(permitRow, `SELECT ${permitColumns} FROM permits WHERE receipt_id = ?`, receiptId);

export const permitsOfConsent = (q: Queries, consentId: string) =>
  q.all(permitRow, `SELECT ${permitColumns} FROM permits WHERE consent_id = ?`, consentId);

export const insertPermit = (
  q: Queries,
  row: {
    receiptId: string;
    consentId: string;
    caseId: string;
    roomId: string;
    uploader: string;
    signed: unknown;
    at: number;
  },
) =>
  q.run(
    `INSERT INTO permits (receipt_id, consent_id, case_id, room_id, uploader, signed, state, created_at)
     VALUES (?, ?, ?, ?, ?, ?, 'live', ?)`,
    row.receiptId,
    row.consentId,
    row.caseId,
    row.roomId,
    row.uploader,
    JSON.stringify(row.signed),
    row.at,
  );

const fileColumns = "mxc, receipt_id, rendition, sha256, bytes, uploaded_at";

export const insertFile = (q: Queries, row: Omit<FileRow, "uploaded">) =>
  q.run(
    "INSERT INTO permit_files (mxc, receipt_id, rendition, sha256, bytes) VALUES (?, ?, ?, ?, ?)",
    row.mxc,
    row.receiptId,
    row.rendition,
    row.sha256,
    row.bytes,
  );

export const fileByMxc = (q: Queries, mxc: string) =>
  q.one(fileRow, `SELECT ${fileColumns} FROM permit_files WHERE mxc = ?`, mxc);

export const filesOfReceipt = (q: Queries, receiptId: string) =>
  q.all(fileRow, `SELECT ${fileColumns} FROM permit_files WHERE receipt_id = ? ORDER BY rowid`, receiptId);

export const filesOfConsent = (q: Queries, consentId: string) =>
  q.all(
    fileRow,
    `SELECT ${fileColumns} FROM permit_files
     WHERE receipt_id IN (SELECT receipt_id FROM permits WHERE consent_id = ?)`,
    consentId,
  );

/** The media under consents that were withdrawn, the latest first. */
export const withdrawnFiles = (q: Queries) =>
  q.all(
    z
      .object({ consent_id: z.string(), mxc: z.string() })
      .transform((row) => ({ consentId: row.consent_id, mxc: row.mxc })),
    `SELECT consents.consent_id, permit_files.mxc FROM consents
     JOIN permits ON permits.consent_id = consents.consent_id
     JOIN permit_files ON permit_files.receipt_id = permits.receipt_id
     WHERE consents.state = 'withdrawn'
     ORDER BY consents.withdrawn_at DESC, permit_files.rowid`,
  );

export const setUploaded = (q: Queries, mxc: string, at: number) =>
  q.run("UPDATE permit_files SET uploaded_at = ? WHERE mxc = ?", at, mxc);

export const insertTicket = (
  q: Queries,
  row: { ticketId: string; roomId: string; invitee: string; expiresAt: number },
) =>
  q.run(
    "INSERT INTO tickets (ticket_id, room_id, invitee, expires_at) VALUES (?, ?, ?, ?)",
    row.ticketId,
    row.roomId,
    row.invitee,
    row.expiresAt,
  );

export const setTicketMedia = (q: Queries, ticketId: string, mxc: string, now: number) =>
  q.run(
    "UPDATE tickets SET mxc = ? WHERE ticket_id = ? AND mxc IS NULL AND expires_at > ?",
    mxc,
    ticketId,
    now,
  );

export const ticketByMxc = (q: Queries, mxc: string) =>
  q.one(ticketRow, "SELECT room_id, invitee, mxc, expires_at FROM tickets WHERE mxc = ?", mxc);

/** Takes out the tickets that are over, and gives the media that go with them. */
export const takeExpiredTickets = async (q: Queries, now: number): Promise<string[]> => {
  const gone = await q.all(mxcRow, "SELECT mxc FROM tickets WHERE expires_at <= ? AND mxc IS NOT NULL", now);
  await q.run("DELETE FROM tickets WHERE expires_at <= ?", now);
  return gone.map((row) => row.mxc);
};

export const insertRemoval = (q: Queries, mxc: string, at: number) =>
  q.run("INSERT INTO removals (mxc, asked_at) VALUES (?, ?) ON CONFLICT (mxc) DO NOTHING", mxc, at);

export const askRemovalAgain = (q: Queries, mxc: string, at: number) =>
  q.run(
    "INSERT INTO removals (mxc, asked_at) VALUES (?, ?) ON CONFLICT (mxc) DO UPDATE SET done_at = NULL",
    mxc,
    at,
  );

export const openRemovals = async (q: Queries): Promise<string[]> =>
  (await q.all(mxcRow, "SELECT mxc FROM removals WHERE done_at IS NULL ORDER BY asked_at LIMIT 100")).map(
    (row) => row.mxc,
  );

/** Whether it was ever to be removed, done or not. */
export const wasToRemove = async (q: Queries, mxc: string): Promise<boolean> =>
  (await q.one(mxcRow, "SELECT mxc FROM removals WHERE mxc = ?", mxc)) !== undefined;

/** Whether it waits to be removed. */
export const isLeaving = async (q: Queries, mxc: string): Promise<boolean> =>
  (await q.one(mxcRow, "SELECT mxc FROM removals WHERE mxc = ? AND done_at IS NULL", mxc)) !== undefined;

export const setRemoved = (q: Queries, mxc: string, at: number) =>
  q.run("UPDATE removals SET done_at = ? WHERE mxc = ?", at, mxc);
