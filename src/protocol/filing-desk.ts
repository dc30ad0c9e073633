import { z } from "zod";
import { filedKindSchema, resolutionSchema } from "./events.ts";
import { eventIdSchema, instantSchema, userIdSchema } from "./ids.ts";

/**
 * The filing desk: what an administrator sees of the pieces that a human must look at, and what they may do. Nothing of a patient and no
 * word of a case is in it: a kind, times, a reason, who sent it, and a short reference by which the sender finds the case.
 */

/** Why filing stops at a piece and asks for a human. Each has its sentence in every language, which a test checks. */
export const parkReasons = [
  /** The patient: never created, never guessed. */
  "patient-not-found",
  "patient-merged",
  "patient-inactive",
  "patient-matches-twice",
  "patient-differs",
  "patient-lookup-unusable",
  /** The record and the archive. */
  "record-refused",
  "record-fails",
  "record-conflict",
  "read-back-differs",
  "read-back-missing",
  "archive-gone",
  /** A clip that cannot be turned into what the archive takes. */
  "clip-unreadable",
  /** The registry. */
  "status-unknown",
  "status-stale",
  "consent-not-filed",
  /** What a human took out of the line before. */
  "request-by-hand",
  "consent-by-hand",
  "opinion-by-hand",
  /** Ourselves. */
  "bytes-lost",
  "internal",
] as const;
export type ParkReason = (typeof parkReasons)[number];

/** A park reason as it is kept and told: a refusal carries the record's status. */
export type ParkCode = Exclude<ParkReason, "record-refused"> | `record-refused-${number | "none"}`;

/** The reason behind a code; what a later version wrote is somebody's own fault as far as this one knows. */
export function readParkCode(code: string): ParkReason {
  if (code.startsWith("record-refused-")) return "record-refused";
  return parkReasons.find((reason) => reason === code) ?? "internal";
}

/** Everything that can stand on the desk: what was parked, what waits for long, and what the archivist could not read. */
export const deskReasons = [...parkReasons, "waiting-long", "key-missing"] as const;
export const deskReasonSchema = z.enum(deskReasons);
export type DeskReason = z.infer<typeof deskReasonSchema>;

/** How long a piece waits before the desk shows it, in milliseconds. */
export const waitingLongMs = 15 * 60_000;

export const deskItemSchema = z.object({
  /** The piece's Matrix event. */
  id: eventIdSchema,
  /** What it is; a piece that could not be read does not say. */
  kind: filedKindSchema.or(z.literal("unread")),
  state: z.enum(["parked", "waiting", "unreadable"]),
  reason: deskReasonSchema,
  /** As it was written down, for support. */
  code: z.string().max(60),
  /** The short reference of its case, where that is known. */
  caseRef: z.string().max(20).nullable(),
  sentBy: userIdSchema.nullable(),
  sentAt: instantSchema.nullable(),
  /** Since when it waits for somebody. */
  since: instantSchema,
  /** How many other pieces of its case wait behind it. */
  behind: z.int().min(0),
});
export type DeskItem = z.infer<typeof deskItemSchema>;

/** What was resolved by hand, for who comes after. */
export const deskResolvedSchema = z.object({
  id: eventIdSchema,
  kind: deskItemSchema.shape.kind,
  caseRef: z.string().max(20).nullable(),
  how: resolutionSchema,
  why: z.string().max(500),
  by: userIdSchema,
  at: instantSchema,
});
export type DeskResolved = z.infer<typeof deskResolvedSchema>;

/** GET /admin/filing. Refused with `not-allowed` for whoever is no administrator. */
export const deskSchema = z.object({
  items: z.array(deskItemSchema).max(500),
  /** There is more than is listed. */
  more: z.boolean(),
  resolved: z.array(deskResolvedSchema).max(50),
});
export type Desk = z.infer<typeof deskSchema>;

/** POST /admin/filing/:eventId/retry. Empty body; `not-found` when it does not wait for anybody any more. */

export const minWhy = 10;
export const maxWhy = 500;
/** POST /admin/filing/:eventId/resolve. A request takes along everything of its case that waits behind it: the record has nothing to file it under. */
export const resolveSchema = z.object({
  how: resolutionSchema,
  /** Read by everybody in the case. */
  why: z.string().trim().min(minWhy).max(maxWhy),
});
export type Resolve = z.infer<typeof resolveSchema>;
/** One decision of an administrator on one piece. */
export type DeskDecision = Readonly<Resolve> & { readonly by: string };
export const resolvedAnswerSchema = z.object({ resolved: z.int().min(1) });

/** A piece that somebody must look at, as those who file know it: by its room. */
export type DeskPiece = {
  readonly eventId: string;
  readonly roomId: string;
  readonly kind: DeskItem["kind"];
  readonly state: DeskItem["state"];
  /** Why it is parked; null while it only waits. */
  readonly code: string | null;
  readonly sinceMs: number;
  readonly sentBy: string | null;
  readonly sentAtMs: number | null;
  readonly behind: number;
};
/** One that a human ended. */
export type DeskEnded = DeskDecision &
  Pick<DeskPiece, "eventId" | "roomId" | "kind"> & { readonly atMs: number };

/** GET /me: what the server takes the caller for. */
export const meSchema = z.object({ clinician: z.boolean(), administrator: z.boolean() });
export type Me = z.infer<typeof meSchema>;

/**
 * The short reference of a case, for two people who speak of it on the telephone: `7F3A-91C2`. Enough to tell the cases of a hospital apart,
 * and nothing of whose case it is.
 */
export const caseReference = (caseId: string): string =>
  `${caseId.slice(0, 4)}-${caseId.slice(4, 8)}`.toUpperCase();
