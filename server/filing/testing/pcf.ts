import { z } from "zod";

/**
 * IHE PCF's Intermediate Consent, written from the profile's text and from R4's own invariants, without a look at what we make: says what
 * is wrong with a Consent, nothing when all is right.
 */
export function pcfFaults(consent: unknown): string[] {
  const read = consentSchema.safeParse(consent);
  if (!read.success) return read.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  const { data } = read;
  const faults: string[] = [];
  const scopes = data.scope.coding.map((coding) => coding.code);
  // R4: ppc-1, and ppc-2 to ppc-5, which ask for the patient whatever the scope.
  if (data.policy.length === 0) faults.push("ppc-1");
  if (
    ["patient-privacy", "research", "adr", "treatment"].some((each) => scopes.includes(each)) &&
    data.patient === undefined
  )
    faults.push("ppc-2..5");
  if (!scopes.includes("patient-privacy")) faults.push("scope is not patient-privacy");
  if (
    !data.category.some(({ coding }) =>
      coding.some((each) => each.system === "http://loinc.org" && each.code === "59284-0"),
    )
  )
    faults.push("no category 59284-0");
  const performers = /^(Patient|RelatedPerson|PractitionerRole|Practitioner|Organization)\//;
  if (!data.performer.every(({ reference }) => performers.test(reference))) faults.push("performer");
  return faults;
}

/** 0..0 */
const absent = z.undefined({ error: "is not used in PCF" }).optional();
const coding = z.looseObject({ system: z.url(), code: z.string().min(1) });
const concept = z.looseObject({ coding: z.array(coding).min(1) });
const reference = z.looseObject({ reference: z.string().regex(/^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/) });
const recipient = z.object({
  role: z.looseObject({
    coding: z.tuple([
      z.looseObject({
        system: z.literal("http://terminology.hl7.org/CodeSystem/v3-ParticipationType"),
        code: z.literal("IRCP"),
      }),
    ]),
  }),
  reference: z.looseObject({
    reference: z
      .string()
      .regex(/^(Device|Group|CareTeam|Organization|Patient|Practitioner|RelatedPerson|PractitionerRole)\//),
  }),
});
const period = z.object({
  start: z.iso.datetime({ offset: true }),
  end: z.iso.datetime({ offset: true }).optional(),
});
/** Closed slices: instance, related, authoredby. */
const data = z.discriminatedUnion("meaning", [
  z.object({ meaning: z.literal("instance"), reference }),
  z.object({
    meaning: z.literal("related"),
    reference: z.object({ reference: z.string().regex(/^(Encounter|CarePlan|EpisodeOfCare)\//) }),
  }),
  z.object({ meaning: z.literal("authoredby"), reference }),
]);
const rule = {
  type: z.enum(["permit", "deny"]),
  period: period.optional(),
  actor: z.array(recipient).optional(),
  purpose: z.array(coding).min(1),
  data: z.array(data).optional(),
  securityLabel: absent,
  action: absent,
  class: absent,
  code: absent,
};
const consentSchema = z.looseObject({
  resourceType: z.literal("Consent"),
  meta: z.looseObject({
    profile: z
      .array(z.string())
      .refine(
        (profiles) =>
          profiles.includes(
            "https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.consentIntermediate",
          ),
        { error: "does not claim the profile" },
      ),
  }),
  status: z.enum(["draft", "proposed", "active", "rejected", "inactive", "entered-in-error"]),
  scope: concept,
  category: z.array(concept).min(1),
  patient: reference.optional(),
  dateTime: z.iso.datetime({ offset: true }),
  performer: z.array(reference).min(1),
  organization: z.array(z.looseObject({ reference: z.string().regex(/^Organization\//) })).min(1),
  sourceReference: z.looseObject({ reference: z.string().regex(/^DocumentReference\//) }),
  sourceAttachment: absent,
  policy: z.array(z.object({ uri: z.url(), authority: absent })).min(1),
  policyRule: absent,
  verification: absent,
  provision: z.object({
    ...rule,
    provision: z.array(z.object({ ...rule, provision: absent })).optional(),
  }),
});
