import type { Json } from "#protocol/canonical.ts";
import type { CaseState } from "#protocol/case-state.ts";
import type { Consent, Purpose } from "#protocol/consent.ts";
import type { Withdrawn } from "#protocol/events.ts";
import { idOf } from "../ids.ts";
import {
  concept,
  matrixIdentifier,
  organizationReference,
  patientReference,
  personReference,
  systems,
} from "./codes.ts";
import { documentId } from "./documents.ts";
import { actorsOf } from "./recipients.ts";
import { type ConsentGroup, consentResourceId, denialId, photoDocumentId } from "./references.ts";
import type { PlanContext, Resource } from "./types.ts";

export type FiledConsent = CaseState["consents"][number];
type Decision = Consent["decisions"][number];

const groupOf = ({ purpose, project }: { purpose: Purpose; project?: string | undefined }): ConsentGroup => {
  switch (purpose) {
    case "opinion":
    case "video":
    case "teaching":
    case "publication":
      return purpose;
    case "care-named":
    case "care-team":
    case "care-outside-team":
      return "pictures";
    case "research":
      return `research:${project ?? ""}`;
  }
};

/** The groups that the patient decided on, yes or no. */
export const groupsOf = (consent: Consent): ConsentGroup[] => [...new Set(consent.decisions.map(groupOf))];

export const isGranted = (consent: Consent, group: ConsentGroup): boolean =>
  decisionsOf(consent, group).some((decision) => decision.granted);

const decisionsOf = (consent: Consent, group: ConsentGroup): Decision[] =>
  consent.decisions.filter((decision) => groupOf(decision) === group);

/**
 * One group of purposes as a PCF Intermediate Consent, as the case stands now. It names each photo that was filed under it, so the resource
 * is written anew with every photo; that is safe because one case is filed in order, by one writer.
 */
export function consentResource(context: PlanContext, filed: FiledConsent, group: ConsentGroup): Resource {
  const { consent, eventId } = filed;
  const granted = isGranted(consent, group);
  const actor = granted ? actorsOf(context, consent, group) : [];
  return {
    ...common(context, filed, group),
    id: consentResourceId(eventId, group),
    identifier: [
      { system: systems.uri, value: `urn:uuid:${consent.consentId}` },
      { ...matrixIdentifier(eventId), use: "secondary" },
      ...projectIdentifier(group),
    ],
    status: isOver(context.state, consent.consentId) ? "inactive" : "active",
    category: [attestation, howAgreed(consent, granted)],
    dateTime: consent.collectedAt,
    sourceReference: { reference: `DocumentReference/${documentId(eventId, "consent")}` },
    provision: {
      type: granted ? "permit" : "deny",
      // A yes ends; a no does not turn into anything by the lapse of time.
      period: { start: consent.collectedAt, ...(granted ? { end: consent.expiresAt } : {}) },
      ...(actor.length === 0 ? {} : { actor }),
      purpose: [purposeOf(consent, group)],
      ...dataOf(context.state, consent, group),
    },
  };
}

/** The no that takes the place of a yes from the withdrawal on. What was done before stays right (filing.md §F2: ex nunc). */
export function denial(
  context: PlanContext,
  filed: FiledConsent,
  group: ConsentGroup,
  withdrawn: Withdrawn,
  source: string,
): Resource {
  const { consent, eventId } = filed;
  return {
    ...common(context, filed, group),
    id: denialId(eventId, group),
    identifier: [
      { system: systems.uri, value: `urn:uuid:${denialId(eventId, group)}` },
      { system: systems.uri, value: `urn:uuid:${consent.consentId}`, use: "old" },
      ...projectIdentifier(group),
    ],
    status: "active",
    category: [attestation, concept(systems.actCode, "OPTOUT", "opt-out")],
    dateTime: withdrawn.at,
    sourceReference: { reference: source },
    provision: {
      type: "deny",
      period: { start: withdrawn.at },
      purpose: [purposeOf(consent, group)],
      ...dataOf(context.state, consent, group),
    },
  };
}

function common(context: PlanContext, { eventId, consent }: FiledConsent, group: ConsentGroup) {
  return {
    resourceType: "Consent",
    meta: { profile: ["https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.consentIntermediate"] },
    extension: particulars(consent, group),
    scope: concept(
      "http://terminology.hl7.org/CodeSystem/consentscope",
      "patient-privacy",
      "Privacy Consent",
    ),
    patient: patientReference(context),
    performer: performersOf(context, eventId, consent),
    organization: [organizationReference(context.hospital)],
    policy: [
      {
        uri: `urn:colloque:notice:${encodeURIComponent(consent.notice.version)}:${encodeURIComponent(group)}`,
      },
    ],
  };
}

const attestation = concept(systems.loinc, "59284-0", "Consent Document");

/** PCF has no policyRule (0..0), where R4 would say this: so it is a second category, which can be searched for too. */
function howAgreed(consent: Consent, granted: boolean): Json {
  if (!granted) return concept(systems.actCode, "OPTOUT", "opt-out");
  switch (consent.method) {
    case "non-opposition":
      return concept(systems.actCode, "IMPLIEDD", "implied consent with opportunity to dissent");
    case "emergency":
      return concept(
        "http://terminology.hl7.org/CodeSystem/consentcategorycodes",
        "emrgonly",
        "Emergency Only Disclosure",
      );
    case "signed-on-screen":
    case "patient-phone":
    case "oral-witnessed":
      return concept(systems.actCode, "OPTIN", "opt-in");
  }
}

function purposeOf(consent: Consent, group: ConsentGroup): Json {
  const reason = (code: string, display: string): Json => ({ system: systems.actReason, code, display });
  if (group.startsWith("research:")) return reason("HRESCH", "healthcare research");
  if (group === "teaching") return reason("TRAIN", "training");
  // HL7 has no purpose for publication (filing.md §0.5).
  if (group === "publication") return { system: "urn:colloque:purpose", code: "PUB", display: "publication" };
  return consent.method === "emergency"
    ? reason("ETREAT", "Emergency Treatment")
    : reason("TREAT", "treatment");
}

const projectIdentifier = (group: ConsentGroup): Json[] => {
  const project = group.startsWith("research:") ? group.slice("research:".length) : "";
  return project === "" ? [] : [{ system: "urn:colloque:research-project", value: project }];
};

/** What the patient was told and said, where the profile has no element: nothing of the statement is left to its document alone. */
function particulars(consent: Consent, group: ConsentGroup): Json[] {
  const url = (name: string): string => `urn:colloque:consent:${name}`;
  return [
    { url: url("method"), valueCode: consent.method },
    { url: url("given-by"), valueCode: consent.givenBy },
    ...(consent.assent === undefined ? [] : [{ url: url("assent"), valueCode: consent.assent }]),
    ...(consent.supersedes === undefined
      ? []
      : [
          {
            url: url("supersedes"),
            valueIdentifier: { system: systems.uri, value: `urn:uuid:${consent.supersedes}` },
          },
        ]),
    {
      url: url("notice"),
      extension: [
        { url: "version", valueString: consent.notice.version },
        { url: "sha256", valueString: consent.notice.sha256 },
        { url: "language", valueCode: consent.notice.language },
      ],
    },
    ...decisionsOf(consent, group).map((decision) => ({
      url: url("decision"),
      extension: [
        { url: "purpose", valueCode: decision.purpose },
        { url: "granted", valueBoolean: decision.granted },
      ],
    })),
  ];
}

/** Who decided. In an emergency nobody did: then it stands on the word of who took the picture. */
export function performersOf(context: PlanContext, eventId: string, consent: Consent): Json[] {
  switch (consent.givenBy) {
    case "patient":
      return [patientReference(context)];
    case "nobody":
      return [personReference(context, consent.collectedBy)];
    case "parent":
    case "guardian":
      return [representative(eventId, 1)];
    case "both-parents":
      return [representative(eventId, 1), representative(eventId, 2)];
  }
}

export const representativeId = (eventId: string, nth: 1 | 2): string =>
  idOf(eventId, nth === 1 ? "RelatedPerson" : "RelatedPerson 2");
const representative = (eventId: string, nth: 1 | 2): Json => ({
  reference: `RelatedPerson/${representativeId(eventId, nth)}`,
});

/** Withdrawn, or replaced by a later word of the patient. */
const isOver = (state: CaseState, consentId: string): boolean =>
  state.withdrawals.some((each) => each.withdrawn.consentId === consentId) ||
  state.consents.some((each) => each.consent.supersedes === consentId);

/** Each photo taken under it, for being filmed each clip; the words of the request have no picture to name, and a no covers all there are. */
function dataOf(state: CaseState, consent: Consent, group: ConsentGroup): { data?: Json } {
  if (group === "opinion" || !isGranted(consent, group)) return {};
  const photos = photosUnder(state, consent.consentId, group === "video");
  return photos.length === 0
    ? {}
    : { data: photos.map((reference) => ({ meaning: "instance", reference: { reference } })) };
}

/** The photos that a consent speaks for: those taken under it, and under what it took the place of, one after the other (rule G14). */
export function photosUnder(state: CaseState, consentId: string, clipsAlone = false): string[] {
  const ids = new Set<string>();
  for (let next: string | undefined = consentId; next !== undefined && !ids.has(next); ) {
    ids.add(next);
    next = consentOf(state, next)?.consent.supersedes;
  }
  return state.photos
    .filter(
      ({ photo }) => ids.has(photo.receipt.payload.consentId) && (photo.clip !== undefined || !clipsAlone),
    )
    .map((each) => `DocumentReference/${photoDocumentId(each.eventId)}`);
}

export const consentOf = (state: CaseState, consentId: string | undefined): FiledConsent | undefined =>
  state.consents.find((each) => each.consent.consentId === consentId);
