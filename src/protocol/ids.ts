import { z } from "zod";

/** A case, known before its room exists: a random uuid, also the FHIR identifier of its ServiceRequest. */
export const caseIdSchema = z.uuid().brand<"CaseId">();
export type CaseId = z.infer<typeof caseIdSchema>;

export const consentIdSchema = z.uuid().brand<"ConsentId">();
export type ConsentId = z.infer<typeof consentIdSchema>;

/** A receipt names one photo; photo and receipt share this id. */
export const receiptIdSchema = z.uuid().brand<"ReceiptId">();
export type ReceiptId = z.infer<typeof receiptIdSchema>;

/** Matrix user id of a local account: `@localpart:server`, historical characters refused. */
export const userIdSchema = z
  .string()
  .max(255)
  .regex(/^@[a-z0-9._=/+-]+:[A-Za-z0-9.:[\]-]+$/);

/** Matrix room id: `!opaque` with or without a server part (room version 12 drops it). */
export const roomIdSchema = z
  .string()
  .max(255)
  .regex(/^![A-Za-z0-9_~.=+/-]+(:[A-Za-z0-9.:[\]-]+)?$/);

export const eventIdSchema = z
  .string()
  .max(255)
  .regex(/^\$[A-Za-z0-9_~.=+/:-]+$/);

/** `mxc://server/media`, with the characters that the Matrix specification allows, so that no path can be smuggled in. */
export const mxcUriSchema = z.string().regex(/^mxc:\/\/[A-Za-z0-9.:[\]-]+\/[A-Za-z0-9_-]+$/);

/** Lower-case hexadecimal SHA-256. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/** An instant: ISO 8601 with its offset or `Z`. */
export const instantSchema = z.iso.datetime({ offset: true });
