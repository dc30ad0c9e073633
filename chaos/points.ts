import { z } from "zod";
import { publicJwkSchema } from "#protocol/signed.ts";

/**
 * The places in the work where a process can be made to die. Each is met twice: before it and after it. What a place is, is told from
 * outside the product, by its statements and its requests: nothing in the product knows of this.
 */
const statements: readonly (readonly [name: string, sql: RegExp])[] = [
  ["inbox row", /INSERT INTO filing_items/],
  ["claim", /INSERT INTO filing_leases/],
  ["plan", /INSERT INTO filing_plans/],
  ["names", /INSERT INTO filing_names/],
  ["mark", /UPDATE filing_items SET step = \?/],
  ["postponement", /SET attempts = attempts \+ 1/],
  ["outcome", /INSERT INTO filing_outcomes/],
  ["receipt's mark", /UPDATE filing_outcomes SET sent_at_ms/],
  ["give back", /DELETE FROM filing_leases WHERE token/],
  ["keys", /INSERT INTO records/],
  ["decrypted event", /INSERT INTO bot_inbox/],
  ["hand-over", /UPDATE bot_inbox SET state = 'finished'/],
];

/** What a statement of the database does, as far as somebody may die of it. */
export const placeOfStatement = (sql: string): string | undefined =>
  statements.find(([, pattern]) => pattern.test(sql))?.[0];

/** What a request is for. */
export function placeOfRequest(method: string, url: URL, body: string): string | undefined {
  if (url.pathname.startsWith("/next")) return "sync ack";
  if (url.pathname.startsWith("/room/")) return "receipt";
  if (url.pathname.includes("/dicom-web")) return method === "POST" ? "STOW" : "DICOM read-back";
  if (!url.pathname.includes("/fhir")) return undefined;
  if (method === "POST") return body.includes('"resourceType":"List"') ? "documents" : "workflow";
  if (method === "PUT") return "label";
  if (url.pathname.includes("/Patient")) return "patient";
  return url.pathname.endsWith("/List") ? "search" : "read-back";
}

const places = [
  "sync ack",
  "inbox row",
  "claim",
  "plan",
  "patient",
  "workflow",
  "search",
  "documents",
  "STOW",
  "names",
  "mark",
  "read-back",
  "DICOM read-back",
  "postponement",
  "outcome",
  "receipt",
  "receipt's mark",
  "give back",
] as const;
export const filingPoints: readonly string[] = places.flatMap((place) => [
  `before ${place}`,
  `after ${place}`,
]);

/** What the naive version comes by, which keeps nothing and looks nothing up. */
export const pointsWithoutDisk: readonly string[] = [
  "sync ack",
  "workflow",
  "documents",
  "STOW",
  "receipt",
].flatMap((place) => [`before ${place}`, `after ${place}`]);

/** Places where the disk can fail. */
export const storagePlaces: readonly string[] = places.filter((place) =>
  statements.some(([name]) => name === place),
);

const trapSchema = z.object({
  point: z.string(),
  /** The how-manieth time that it is met. */
  nth: z.number(),
  /** Die, or meet a disk that is full, broken, or in somebody else's hands, or a crypto layer that falls over. */
  how: z.enum(["kill", "full", "io", "busy", "wasm"]),
});
export type Trap = z.infer<typeof trapSchema>;

/** What a process under test is given. */
export const settingsSchema = z.object({
  consumer: z.string(),
  folder: z.string(),
  sealKey: z.base64(),
  registryKey: publicJwkSchema,
  fhirUrl: z.string(),
  dicomwebUrl: z.string().optional(),
  /** The hospital's Organization in the record. */
  organizationId: z.string(),
  hospitalUrl: z.string(),
  /** The clock of the case, ahead of the real one. */
  offsetMs: z.number(),
  timeoutMs: z.number(),
  /** The record's certificate authority. */
  authorityFile: z.string().optional(),
  /** The archivist's homeserver and account, where it takes part. */
  matrix: z.object({ url: z.string(), userId: z.string() }).optional(),
  patienceMs: z.number().optional(),
  traps: z.array(trapSchema),
});
export type Settings = z.infer<typeof settingsSchema>;
