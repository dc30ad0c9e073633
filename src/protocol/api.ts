import { z } from "zod";
import { signedConsentSchema } from "./consent.ts";
import { consentRulesSchema } from "./consent-rules.ts";
import { filedKindSchema } from "./events.ts";
import { signedGlassSchema } from "./glass.ts";
import {
  caseIdSchema,
  consentIdSchema,
  instantSchema,
  mxcUriSchema,
  receiptIdSchema,
  roomIdSchema,
  sha256Schema,
  userIdSchema,
} from "./ids.ts";
import { patientQuerySchema, patientSchema } from "./patient.ts";
import { careTeamSchema, clinicianSchema, specialtySchema } from "./people.ts";
import { renditionSchema, signedReceiptSchema } from "./receipt.ts";
import { publicJwkSchema, registryKeySchema } from "./signed.ts";

/**
 * The Colloque server's own HTTP interface, under /colloque/v1. All but `config` and `health` ask for the Matrix access token
 * as a bearer token. Errors are Matrix-shaped: `{errcode, error, code}` where `code` is one of `errors.ts`.
 */
export const apiPrefix = "/colloque/v1";

/** GET /config: what a client needs before anybody signs in. */
export const configSchema = z.object({
  hospital: z.object({ name: z.string(), address: z.string(), emergencyNumber: z.string() }),
  serverName: z.string(),
  bot: userIdSchema,
  /** Public key of the consent registry, which certifies devices and signs statuses; and those before it. */
  registryKey: registryKeySchema,
  registryName: z.string(),
  /** Number to call when the urgency is "now", by specialty. */
  urgentPhones: z.partialRecord(specialtySchema, z.string()),
  archive: z.boolean(),
  /** Whether there are calls here. */
  calls: z.boolean().default(false),
  /** What this country and this organisation ask of a consent. */
  consentRules: consentRulesSchema,
  /** Days after which the content of an answered case leaves the messenger; 0 keeps it. */
  retentionDays: z.number().min(0).optional(),
});
export type Config = z.infer<typeof configSchema>;

/** GET /registry-keys: the registry's keys, now and before, as a JWK Set (RFC 7517 §8.5). */
export const keySetType = "application/jwk-set+json";

/** GET /health */
export const partStateSchema = z.enum(["up", "down", "off"]);
export const healthSchema = z.object({
  ok: z.boolean(),
  parts: z.object({
    homeserver: partStateSchema,
    record: partStateSchema,
    archive: partStateSchema,
    bot: partStateSchema,
  }),
  /** What its administrator has to look at where the record or the archive is down: `credentials-refused`, `certificate-not-trusted`, … */
  why: z.partialRecord(z.enum(["record", "archive"]), z.string().max(60)).optional(),
});
export type Health = z.infer<typeof healthSchema>;

/** POST /keys: certifies the signing key of this device. */
export const certifyRequestSchema = z.object({ jwk: publicJwkSchema });
export const certifyAnswerSchema = z.object({ certificate: z.string() });

/** POST /ready: this person has a device that colleagues and the bot may encrypt to. Empty body, empty answer. */

/** GET /directory */
export const directorySchema = z.object({
  clinicians: z.array(clinicianSchema),
  teams: z.array(careTeamSchema),
  updatedAt: instantSchema,
});
export type Directory = z.infer<typeof directorySchema>;

/** POST /patients/search (the traits stay out of URLs). Refused with code `record-unreachable` when the record is down. */
export const patientSearchSchema = patientQuerySchema;
export const patientMatchesSchema = z.object({ matches: z.array(patientSchema).max(20), more: z.boolean() });
export type PatientMatches = z.infer<typeof patientMatchesSchema>;

/** POST /consents: registers a signed consent. */
export const registerConsentSchema = z.object({ consent: signedConsentSchema });
export const consentStatusSchema = z.object({
  consentId: consentIdSchema,
  state: z.enum(["live", "withdrawn"]),
});

/** POST /consents/:consentId/withdraw, on the patient's word: by the collector, the requester, or any clinician in the case. */
export const withdrawSchema = z.object({ reason: z.enum(["patient-asked", "collected-in-error"]) });

/** POST /glasses: breaks the glass for one reader of a case. The registry knows the reason's hash, not the reason. */
export const breakGlassSchema = z.object({ glass: signedGlassSchema });
/** Not open: it was broken while the registry was away, and is kept for the record alone. */
export const breakGlassAnswerSchema = z.object({ glassId: z.uuid(), open: z.boolean() });

/**
 * POST /cases/:roomId/members: asks the archivist to let a colleague into the case. Answered with `gate-refused` and a reason when no
 * consent covers them: the client then offers to collect one, or, in an emergency, to break the glass.
 */
export const addMemberSchema = z.object({ userId: userIdSchema });

/** A download with this header, of the value `machine`, is no person's view: a prefetch, a strip of thumbnails. */
export const readHeader = "x-colloque-read";

/** GET /cases/:roomId/accesses: who opened which picture, when. A machine's read (the archivist, a prefetch) is told from a person's. */
export const accessesSchema = z.object({
  accesses: z
    .array(
      z.object({
        receiptId: receiptIdSchema,
        rendition: renditionSchema,
        by: userIdSchema,
        at: instantSchema,
        how: z.enum(["view", "machine"]),
      }),
    )
    .max(2000),
});
export type Accesses = z.infer<typeof accessesSchema>;

/**
 * POST /permits: asks leave to upload one photo's ciphertexts to a room. The answer reserves one media id for each ciphertext,
 * to which the gateway then accepts only bytes with that hash: PUT /_matrix/media/v3/upload/{server}/{mediaId}.
 */
export const permitRequestSchema = z.object({ roomId: roomIdSchema, receipt: signedReceiptSchema });
export const permitAnswerSchema = z.object({
  receiptId: receiptIdSchema,
  files: z.array(z.object({ rendition: renditionSchema, sha256: sha256Schema, mxc: mxcUriSchema })).min(1),
});
export type PermitAnswer = z.infer<typeof permitAnswerSchema>;

/** GET /cases/:roomId/leases: the registry's signed word on every consent and permit of the room, good for 60 seconds. */
export const leasesSchema = z.object({ leases: z.array(z.string().max(4096)) });
/** Claims of one lease (compact JWS by the registry key; times in seconds, RFC 7519). */
export const leaseClaimsSchema = z.object({
  iss: z.string(),
  consentId: consentIdSchema,
  caseId: caseIdSchema,
  roomId: roomIdSchema.optional(),
  state: z.enum(["live", "withdrawn"]),
  /** Permits of this consent that were withdrawn alone. */
  withdrawnReceipts: z.array(receiptIdSchema),
  /** For whom the glass is broken, and until when (seconds). */
  glasses: z.array(z.object({ reader: userIdSchema, exp: z.int() })),
  iat: z.int(),
  exp: z.int(),
});
export type LeaseClaims = z.infer<typeof leaseClaimsSchema>;

/** GET /cases/:roomId/record: what of this case is in the record. */
export const recordViewSchema = z.object({
  patientRecordUrl: z.string().optional(),
  entries: z.array(
    z.object({
      id: z.string().max(64),
      kind: filedKindSchema,
      /** FHIR reference, or `dicom:` and the SOP Instance UID. */
      reference: z.string(),
      contentType: z.string().optional(),
      filedAt: instantSchema,
      sha256: sha256Schema.optional(),
      /** True when GET /cases/:roomId/record/:id gives its bytes. */
      readable: z.boolean(),
    }),
  ),
});
export type RecordView = z.infer<typeof recordViewSchema>;

/** Longest ciphertext that the gateway takes, in bytes. */
export const maxUploadBytes = 40 * 1024 * 1024;
/** A lease's life, in milliseconds. */
export const leaseMs = 60_000;
