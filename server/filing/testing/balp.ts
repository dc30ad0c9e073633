import { z } from "zod";

/**
 * IHE BALP's audit events, written from the profiles' text (filing.md §B2) without a look at what we make: says what is wrong with an
 * AuditEvent that claims one of them, nothing when all is right.
 */
export function balpFaults(event: unknown): string[] {
  const claimed = claimSchema.safeParse(event);
  if (!claimed.success) return ["claims no one profile"];
  const name = claimed.data.meta.profile[0].replace(base, "");
  const schema = profiles[name];
  if (schema === undefined) return [`claims ${name}`];
  const read = schema.safeParse(event);
  return read.success ? [] : read.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
}

const base = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/";
const claimSchema = z.object({ meta: z.object({ profile: z.tuple([z.string().startsWith(base)]) }) });

const dicom = "http://dicom.nema.org/resources/ontology/DCM";
const exactly = (system: string, code: string) =>
  z.looseObject({ system: z.literal(system), code: z.literal(code) });
const isTyped = (agent: unknown, system: string, code: string): boolean =>
  z.looseObject({ type: z.looseObject({ coding: z.tuple([exactly(system, code)]) }) }).safeParse(agent)
    .success;
const network = z.object({ address: z.string().min(1), type: z.enum(["1", "2", "3", "4", "5"]) });
const agentSchema = z.looseObject({
  who: z.looseObject({}),
  requestor: z.boolean(),
  network: network.optional(),
});
const entitySchema = z.looseObject({
  what: z.looseObject({}).optional(),
  type: z.looseObject({ system: z.string(), code: z.string() }),
});

/** One agent of that kind, with a network address where the profile asks for one. */
const hasAgent = (
  agents: readonly z.infer<typeof agentSchema>[],
  system: string,
  code: string,
  withNetwork: boolean,
) => {
  const found = agents.filter((agent) => isTyped(agent, system, code));
  return found.length === 1 && (!withNetwork || found[0]?.network !== undefined);
};

const personType = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const patientEntity = z.looseObject({
  what: z.looseObject({ reference: z.string().regex(/^Patient\//) }),
  type: exactly(personType, "1"),
  role: exactly("http://terminology.hl7.org/CodeSystem/object-role", "1"),
});
const dataEntity = z.looseObject({
  what: z.looseObject({}),
  type: exactly(personType, "2"),
  role: z.looseObject({
    system: z.literal("http://terminology.hl7.org/CodeSystem/object-role"),
    code: z.enum(["3", "4", "20"]),
  }),
});
const participation = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const isUser = (agent: z.infer<typeof agentSchema>, codes: readonly string[]): boolean =>
  agent.network === undefined && codes.some((code) => isTyped(agent, participation, code));
const onePatient = (entities: readonly unknown[]): boolean =>
  entities.filter((entity) => patientEntity.safeParse(entity).success).length === 1;

const common = {
  resourceType: z.literal("AuditEvent"),
  recorded: z.iso.datetime({ offset: true }),
  modifierExtension: z.undefined().optional(),
  source: z.looseObject({ observer: z.looseObject({}) }),
};

/** BasicAudit for Create, Read, Update and Delete with a patient: `action` and the client's DICOM role differ. */
const rest = (
  interaction: string,
  action: string,
  client: string,
  server: string,
  users: readonly string[],
) =>
  z.looseObject({
    ...common,
    type: exactly("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest"),
    subtype: z
      .array(z.looseObject({ system: z.string(), code: z.string() }))
      .refine((all) =>
        all.some(
          ({ system, code }) => system === "http://hl7.org/fhir/restful-interaction" && code === interaction,
        ),
      ),
    action: z.literal(action),
    outcome: z.literal("0"),
    agent: z
      .array(agentSchema)
      .refine((agents) => hasAgent(agents, dicom, client, true), { error: "client" })
      .refine((agents) => hasAgent(agents, dicom, server, true), { error: "server" })
      .refine((agents) => agents.filter((agent) => agent.requestor).every((user) => isUser(user, users)), {
        error: "user",
      }),
    entity: z
      .array(entitySchema)
      .refine(onePatient, { error: "patient" })
      .refine((all) => all.filter((each) => dataEntity.safeParse(each).success).length === 1, {
        error: "data",
      })
      .refine((all) => all.filter((each) => each.type.system === personType).length === 2, {
        error: "one patient, one object",
      }),
  });

const isConsent = (entity: z.infer<typeof entitySchema>): boolean =>
  entity.type.system === "http://hl7.org/fhir/resource-types" && entity.type.code === "Consent";

const authorization = z.looseObject({
  ...common,
  type: exactly(dicom, "110113"),
  subtype: z
    .array(z.looseObject({ system: z.string(), code: z.string() }))
    .refine((all) =>
      all.some(
        ({ system, code }) =>
          system === "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType" && code === "AuthZ-Consent",
      ),
    ),
  action: z.literal("E"),
  outcome: z.enum(["0", "4", "8", "12"]),
  agent: z
    .array(agentSchema)
    .refine((agents) => hasAgent(agents, dicom, "110150", true), { error: "client" })
    .refine((agents) => hasAgent(agents, participation, "IRCP", false), { error: "user" })
    .refine(
      (agents) => hasAgent(agents, "http://terminology.hl7.org/CodeSystem/v3-RoleClass", "PROV", false),
      {
        error: "userorg",
      },
    )
    .refine(
      (agents) =>
        hasAgent(
          agents,
          "http://terminology.hl7.org/CodeSystem/extra-security-role-type",
          "authserver",
          false,
        ),
      { error: "authorizer" },
    ),
  // Closed: the patient, the consents, a token.
  entity: z
    .array(entitySchema)
    .refine(onePatient, { error: "patient" })
    .refine((all) => all.some(isConsent), { error: "consent" })
    .refine((all) => all.every((each) => patientEntity.safeParse(each).success || isConsent(each)), {
      error: "closed",
    }),
});

const hasObserverAsSource = (event: {
  agent: readonly z.infer<typeof agentSchema>[];
  source: { observer: object };
}): boolean =>
  event.agent.some(
    (agent) =>
      isTyped(agent, dicom, "110153") && JSON.stringify(agent.who) === JSON.stringify(event.source.observer),
  );

const disclosure = z
  .looseObject({
    ...common,
    type: exactly(dicom, "110106"),
    subtype: z
      .array(z.looseObject({ system: z.string(), code: z.string() }))
      .refine((all) =>
        all.some(
          ({ system, code }) =>
            system === "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle" && code === "disclose",
        ),
      ),
    action: z.literal("R"),
    outcome: z.enum(["0", "4", "8", "12"]),
    agent: z
      .array(agentSchema)
      .refine((agents) => hasAgent(agents, dicom, "110153", true), { error: "source" })
      .refine((agents) => hasAgent(agents, dicom, "110152", true), { error: "recipient" }),
    entity: z.array(entitySchema).min(2).refine(onePatient, { error: "patient" }),
  })
  .refine(hasObserverAsSource, { error: "val-audit-source" });

const sources = ["AUT", "INF", "CST"];
const profiles: Readonly<Record<string, z.ZodType>> = {
  "IHE.BasicAudit.PatientCreate": rest("create", "C", "110153", "110152", sources),
  "IHE.BasicAudit.PatientUpdate": rest("update", "U", "110153", "110152", sources),
  // The record is the source of what is read.
  "IHE.BasicAudit.PatientRead": rest("read", "R", "110152", "110153", ["IRCP"]),
  "IHE.BasicAudit.AuthZconsent": authorization,
  "IHE.BasicAudit.PrivacyDisclosure.Source": disclosure,
};
