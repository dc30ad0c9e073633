import { z } from "zod";
import { type Consent, consentMethodSchema, type Purpose, purposeSchema } from "./consent.ts";

/**
 * What a country and an organisation ask of a consent before it counts. Data, so that another country brings its own; the French
 * ones are the default. The table with sources is docs/consent-rules.md. The registry refuses a consent that breaks them, and the
 * consent sheet says beforehand what lacks.
 */
export const consentRulesSchema = z.object({
  /** ISO 3166-1 alpha-2. */
  country: z.string().regex(/^[A-Z]{2}$/),
  /** Under it somebody else decides, and the minor's own yes or no is asked for. */
  majorityYears: z.int().min(0).max(30),
  /** Longest that a consent for one case may run, in days. */
  maxDays: z.int().positive().max(3660),
  /** Longest that an emergency stands in for the patient's word, in hours. */
  emergencyHours: z.int().positive().max(720),
  /** What may rest on information given and no objection: inside the team alone. */
  nonOpposition: z.array(purposeSchema),
  /** What an emergency may stand in for. */
  emergency: z.array(purposeSchema),
  /** What one parent cannot decide alone. */
  bothParents: z.array(purposeSchema),
  /** How a purpose must be agreed to; what is not named here may be agreed to in any way that the other members leave. */
  methods: z.partialRecord(purposeSchema, z.array(consentMethodSchema)),
  /** Longest that the glass stays broken, in minutes; and with the registry away, into the local journal. */
  glassMinutes: z.int().positive().max(1440),
  localGlassMinutes: z.int().positive().max(60),
  /** How long a picture that is on the device already opens offline, in hours. None on a shared station. */
  offlineHours: z.number().min(0).max(24),
});
export type ConsentRules = z.infer<typeof consentRulesSchema>;

/** CSP L1110-4, L1111-4, R1110-3, R4127-42 and -73; code civil 9 and 372-2; reference: docs/consent-rules.md. */
export const frenchRules: ConsentRules = {
  country: "FR",
  majorityYears: 18,
  maxDays: 731,
  emergencyHours: 72,
  nonOpposition: ["opinion", "care-named", "care-team"],
  emergency: ["opinion", "care-named", "care-team", "care-outside-team"],
  bothParents: ["publication"],
  methods: {
    teaching: ["signed-on-screen", "patient-phone"],
    research: ["signed-on-screen", "patient-phone"],
    publication: ["signed-on-screen", "patient-phone"],
  },
  glassMinutes: 240,
  localGlassMinutes: 15,
  offlineHours: 4,
};

/** Why a consent does not count. Each is a key of the texts that people read. */
export type ConsentFault =
  | "runs-too-long"
  | "emergency-too-long"
  | "not-by-non-opposition"
  | "not-by-emergency"
  | "nobody-only-in-emergency"
  | "both-parents-needed"
  | "minor-said-no"
  | "method-too-weak"
  | "project-missing";

const careAndOpinion = new Set<Purpose>(["opinion", "care-named", "care-team", "care-outside-team"]);

/** The first rule that a consent breaks, or null (rules R1 to R7). A no needs no form: only what is granted is judged. */
export function faultOf(consent: Consent, rules: ConsentRules): ConsentFault | null {
  const granted = consent.decisions.filter((decision) => decision.granted);
  const runsMs = Date.parse(consent.expiresAt) - Date.parse(consent.collectedAt);
  if (runsMs > rules.maxDays * 86_400_000) return "runs-too-long";
  if (consent.method === "emergency" && runsMs > rules.emergencyHours * 3_600_000)
    return "emergency-too-long";
  if ((consent.givenBy === "nobody") !== (consent.method === "emergency")) return "nobody-only-in-emergency";
  for (const { purpose, project } of granted) {
    if (consent.method === "non-opposition" && !rules.nonOpposition.includes(purpose))
      return "not-by-non-opposition";
    if (consent.method === "emergency" && !rules.emergency.includes(purpose)) return "not-by-emergency";
    if (rules.methods[purpose]?.includes(consent.method) === false) return "method-too-weak";
    if (rules.bothParents.includes(purpose) && consent.givenBy === "parent") return "both-parents-needed";
    if (consent.assent === "no" && !careAndOpinion.has(purpose)) return "minor-said-no";
    if (purpose === "research" && (project ?? "").trim() === "") return "project-missing";
  }
  return null;
}
