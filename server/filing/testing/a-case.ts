import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { canonicalJson, type Json } from "#protocol/canonical.ts";
import {
  type Consent,
  type ConsentEvidence,
  consentEvidenceSchema,
  consentSchema,
} from "#protocol/consent.ts";
import {
  type CaseEvent,
  type ClipFacts,
  type Informed,
  opinionSchema,
  photoSchema,
  requestSchema,
  type Withdrawn,
} from "#protocol/events.ts";
import { glassSchema } from "#protocol/glass.ts";
import { identityCorrectionSchema } from "#protocol/identity.ts";
import { misfilingSchema } from "#protocol/misfiling.ts";
import { type Amendment, amendmentSchema } from "#protocol/opinion.ts";
import type { Patient } from "#protocol/patient.ts";
import type { Clinician } from "#protocol/people.ts";
import { questionAmendmentSchema } from "#protocol/question.ts";
import { receiptSchema } from "#protocol/receipt.ts";
import { newPrivateJwk, type SigningKey, signCompact, signDetached, signingKeyOf } from "../../kit/jose.ts";
import { sha256Hex } from "../ids.ts";
import type { WorkItem } from "../work.ts";

/** A case with real keys and real signatures, for the tests of filing: who asks, who answers, and the events of one flow. */

export const startMs = Date.parse("2026-11-24T10:52:00Z");
export const leroy = "@leroy:valombre.example";
export const martin = "@martin:valombre.example";

export const clinicians: readonly Clinician[] = [
  {
    userId: leroy,
    practitionerId: "leroy",
    practitionerRoleId: "role-leroy",
    family: "Leroy",
    given: "Claire",
    title: "",
    specialty: "nursing",
    rpps: "89900000005",
    organization: "Maison de santé du Port",
    teams: [],
  },
  {
    userId: martin,
    practitionerId: "martin",
    practitionerRoleId: "role-martin",
    family: "Martin",
    given: "Hélène",
    title: "Dr",
    specialty: "dermatology",
    rpps: "89900000001",
    organization: "CHU de Valombre",
    teams: [],
  },
];

export const delattre: Patient = {
  recordId: "delattre",
  family: "DELATTRE",
  birthFamily: "MARCHAND",
  given: "Josiane",
  birthDate: "1959-03-14",
  birthPlace: "Arras",
  sex: "female",
  identity: "qualified",
  ins: { system: "urn:oid:1.2.250.1.213.1.4.11", value: "259036204111847" },
  hospitalNumber: "100001",
};

/** Of the same name, and nobody of hers. */
export const otherDelattre: Patient = {
  recordId: "delattre-1961",
  family: "DELATTRE",
  given: "Josiane",
  birthDate: "1961-09-02",
  birthPlace: "Lens",
  sex: "female",
  identity: "qualified",
  ins: { system: "urn:oid:1.2.250.1.213.1.4.11", value: "261096249811234" },
  hospitalNumber: "100002",
};

/** The smallest picture that is a whole baseline JPEG: 8 × 8 grey pixels, of odd length. */
export const tinyJpeg = new Uint8Array(
  Buffer.from(
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP//Z",
    "base64",
  ),
);

export type People = { readonly registry: SigningKey; readonly devices: ReadonlyMap<string, SigningKey> };

export async function people(): Promise<People> {
  const registry = await signingKeyOf(await newPrivateJwk());
  const devices = new Map<string, SigningKey>();
  for (const person of clinicians) devices.set(person.userId, await signingKeyOf(await newPrivateJwk()));
  return { registry, devices };
}

/** Signs as the device of that person, with the registry's certificate beside it. */
export async function signAs(all: People, userId: string, payload: unknown) {
  const device = all.devices.get(userId);
  const person = clinicians.find((each) => each.userId === userId);
  if (device === undefined || person === undefined) throw new Error("Nobody of that name");
  const json: Json = JSON.parse(JSON.stringify(payload));
  return {
    jws: await signDetached(device, json),
    certificate: await signCompact(all.registry, {
      iss: "colloque:test",
      sub: userId,
      device: "DEVICE1",
      kid: device.kid,
      cnf: { jwk: device.publicJwk },
      name: `${person.given} ${person.family}`,
      rpps: person.rpps,
      iat: startMs / 1000 - 86400,
      exp: startMs / 1000 + 30 * 86400,
    }),
  };
}

/** The registry's signed word on a consent. */
export const leaseOn = (
  all: People,
  { consentId, caseId }: Pick<Consent, "consentId" | "caseId">,
  state: "live" | "withdrawn",
): Promise<string> =>
  signCompact(all.registry, {
    iss: "colloque:test",
    consentId,
    caseId,
    state,
    withdrawnReceipts: [],
    glasses: [],
    iat: startMs / 1000,
    exp: startMs / 1000 + 60,
  });

/** A glass that somebody broke over a consent, for themselves, as an event of the case. */
export async function aGlass(
  all: People,
  { consentId, caseId }: Pick<Consent, "consentId" | "caseId">,
  openedBy: string,
  reason = "Patiente inconsciente, hémorragie massive.",
) {
  const payload = glassSchema.parse({
    v: 1,
    glassId: randomUUID(),
    caseId,
    consentId,
    reader: openedBy,
    openedBy,
    reasonSha256: sha256Hex(reason),
    openedAt: at(20),
    endsAt: at(80),
  });
  return {
    kind: "glass" as const,
    eventId: eventId("glass"),
    sender: openedBy,
    atMs: startMs + 20 * 60_000,
    glass: { payload, ...(await signAs(all, openedBy, payload)) },
    reason,
  };
}

/** That the patient was told, as an event of the case. */
export const anInformed = (of: Informed["of"]) => ({
  kind: "informed" as const,
  eventId: eventId("informed"),
  sender: leroy,
  atMs: startMs + 50 * 60_000,
  informed: { of, whom: "patient" as const, at: at(50) },
});

export const aWithdrawal = ({ consentId }: Pick<Consent, "consentId">): Withdrawn => ({
  consentId,
  at: at(35),
  by: leroy,
  reason: "patient-asked",
  photos: 1,
  inRecord: 1,
});

const at = (minutes: number): string => new Date(startMs + minutes * 60_000).toISOString();
export const eventId = (name: string): string => `$${name}-${randomUUID()}`;

export type CaseOptions = {
  readonly patient?: Patient;
  readonly picture?: Uint8Array<ArrayBuffer>;
  readonly pictures?: boolean;
  readonly question?: string;
  /** What is other than in the usual consent. */
  readonly consent?: Partial<Consent>;
  readonly evidence?: Partial<ConsentEvidence>;
};

/** The events of one whole case, in the order in which they are sent. */
export async function aCase(all: People, options: CaseOptions = {}) {
  const roomId = `!${randomUUID()}:valombre.example`;
  const caseId = randomUUID();
  const pseudonym = randomBytes(16).toString("base64url");
  const consentId = randomUUID();
  const request = requestSchema.parse({
    caseId,
    patient: options.patient ?? delattre,
    addressee: { kind: "person", userId: martin },
    specialty: "dermatology",
    urgency: "today",
    dueAt: at(8 * 60),
    question:
      options.question ??
      "Lésion du dos qui a changé en trois semaines et saigné hier. Faut-il l’enlever vite ?",
    site: { region: "scapula", laterality: "L" },
    history: "Lésion connue depuis deux ans.",
    treatments: "Apixaban.",
    requester: leroy,
    createdAt: at(8),
  });
  const evidence = consentEvidenceSchema.parse({
    consentId,
    noticeText: "Vous pouvez dire non.",
    ...options.evidence,
  });
  const consent = consentSchema.parse({
    v: 1,
    consentId,
    caseId,
    pseudonym,
    decisions: [
      { purpose: "opinion", granted: true },
      { purpose: "care-named", granted: options.pictures ?? true },
      { purpose: "teaching", granted: false },
    ],
    recipients: [{ kind: "person", userId: martin }],
    method: "signed-on-screen",
    givenBy: "patient",
    notice: { version: "2026-1", sha256: sha256Hex("Vous pouvez dire non."), language: "fr" },
    evidenceSha256: sha256Hex(canonicalJson(JSON.parse(JSON.stringify(evidence)))),
    collectedBy: leroy,
    collectedAt: at(0),
    expiresAt: at(60 * 24 * 365),
    ...options.consent,
  });
  const requestEvent = eventId("request");
  const items: WorkItem[] = [];
  const add = (sender: string, minutes: number, event: Body, picture?: Uint8Array<ArrayBuffer>) => {
    const base = { eventId: event.eventId, sender, atMs: startMs + minutes * 60_000 };
    items.push({ ...base, roomId, event: { ...event, ...base }, picture });
  };
  add(leroy, 1, {
    eventId: eventId("consent"),
    kind: "consent",
    consent: { payload: consent, ...(await signAs(all, leroy, consent)) },
    evidence,
  });
  add(leroy, 8, { eventId: requestEvent, kind: "request", request });
  const picture = options.picture ?? tinyJpeg;
  const photo = await aPhoto(all, { consentId, caseId, pseudonym }, picture);
  add(leroy, 9, { eventId: eventId("photo"), kind: "photo", photo }, picture);
  add(martin, 12, { eventId: eventId("response"), kind: "response", response: { kind: "accepted" } });
  add(martin, 13, {
    eventId: eventId("message"),
    kind: "message",
    text: "Y a-t-il d’autres lésions ?",
    clientRef: randomUUID(),
  });
  const opinion = opinionSchema.parse({
    opinionId: randomUUID(),
    caseId,
    requestEventId: requestEvent,
    findings:
      "Lésion de 9 mm de l’omoplate gauche, asymétrique, trois teintes, voile bleu-gris central, croûte récente.",
    assessment: "Mélanome jusqu’à preuve du contraire",
    certainty: "very-probable",
    plan: "Exérèse complète, marge de 2 mm, sans biopsie partielle. Ne pas arrêter l’apixaban.",
    ifWorse: "Saignement qui résiste à 15 min de compression : appeler le 15.",
    inPerson: { needed: true, when: "vendredi 27 novembre à 10:20, consultation de dermatologie." },
    limits: "Une photo, aires ganglionnaires non palpées.",
    picturesSeen: [photo.receipt.payload.pictureSha256],
    author: martin,
    signedAt: at(32),
  });
  add(martin, 32, {
    eventId: eventId("opinion"),
    kind: "opinion",
    opinion: { payload: opinion, ...(await signAs(all, martin, opinion)) },
  });
  return { roomId, caseId, items, consent, request, opinion };
}

type Body = CaseEvent extends infer E ? (E extends CaseEvent ? Omit<E, "sender" | "atMs"> : never) : never;

export async function aPhoto(
  all: People,
  ids: { consentId: string; caseId: string; pseudonym: string },
  picture: Uint8Array,
  clip?: ClipFacts,
) {
  const receipt = receiptSchema.parse({
    v: 1,
    receiptId: randomUUID(),
    ...ids,
    ...(clip === undefined ? {} : { clip: true }),
    pictureSha256: sha256Hex(picture),
    ciphertexts: [{ rendition: "full", sha256: sha256Hex("cipher"), bytes: 1000 }],
    takenBy: leroy,
    takenAt: at(5),
    source: "camera",
  });
  const file = {
    url: "mxc://valombre.example/abc",
    v: "v2",
    key: { kty: "oct", alg: "A256CTR", ext: true, k: "A".repeat(43), key_ops: ["encrypt", "decrypt"] },
    iv: "A".repeat(22),
    hashes: { sha256: "A".repeat(43) },
  };
  return photoSchema.parse({
    photoId: receipt.receiptId,
    receipt: { payload: receipt, ...(await signAs(all, leroy, receipt)) },
    site: { region: "scapula", laterality: "L" },
    view: "close-up",
    widthPx: 8,
    heightPx: 8,
    ...(clip === undefined ? {} : { clip }),
    bytes: picture.length,
    file,
  });
}

/** Two seconds of WebM and one of MP4, as browsers record them. */
export const sampleClip = (type: ClipFacts["type"]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(
    readFileSync(
      join(import.meta.dirname, `../../../e2e/samples/clip.${type === "video/mp4" ? "mp4" : "webm"}`),
    ),
  );

/** A clip of the case, as an item after its photo. */
export async function aClip(
  all: People,
  { roomId, consent }: Pick<Awaited<ReturnType<typeof aCase>>, "roomId" | "consent">,
  type: ClipFacts["type"] = "video/webm",
  bytes = sampleClip(type),
): Promise<WorkItem> {
  const { consentId, caseId, pseudonym } = consent;
  const photo = await aPhoto(all, { consentId, caseId, pseudonym }, bytes, { type, durationMs: 2000 });
  const base = { eventId: eventId("clip"), sender: leroy, atMs: startMs + 10 * 60_000 };
  return { ...base, roomId, event: { ...base, kind: "photo", photo }, picture: bytes };
}

/** The decisions of a patient who agreed to be filmed, too. */
export const filmed: Consent["decisions"] = [
  { purpose: "opinion", granted: true },
  { purpose: "care-named", granted: true },
  { purpose: "video", granted: true },
  { purpose: "teaching", granted: false },
];

/** A later version of a case's opinion, by its author. */
export async function anAmendment(
  all: People,
  { opinion, items }: Pick<Awaited<ReturnType<typeof aCase>>, "opinion" | "items">,
  change: Partial<Amendment> = {},
  as = martin,
) {
  const first = items.find((item) => item.event.kind === "opinion");
  if (first === undefined) throw new Error("A case has an opinion");
  const payload = amendmentSchema.parse({
    v: 1,
    amends: { eventId: first.eventId, opinionId: opinion.opinionId },
    how: "corrected",
    reason: "La lésion est à droite, et non à gauche.",
    opinion: {
      ...opinion,
      opinionId: randomUUID(),
      findings: "Lésion de 9 mm de l’omoplate droite.",
      author: as,
      signedAt: at(50),
    },
    ...change,
  });
  return {
    kind: "amendment" as const,
    eventId: eventId("amendment"),
    sender: as,
    atMs: startMs + 50 * 60_000,
    amendment: { payload, ...(await signAs(all, as, payload)) },
  };
}

/** A later version of a case's question, by who asked. */
export async function aQuestionAmendment(
  all: People,
  { caseId, items }: Pick<Awaited<ReturnType<typeof aCase>>, "caseId" | "items">,
  question: string,
  by = leroy,
) {
  const request = items.find((item) => item.event.kind === "request");
  const payload = questionAmendmentSchema.parse({
    v: 1,
    caseId,
    amends: { eventId: request?.eventId },
    how: "corrected",
    reason: "Le côté était faux : à droite.",
    question,
    author: by,
    signedAt: at(12),
  });
  return {
    kind: "question" as const,
    eventId: eventId("question"),
    sender: by,
    atMs: startMs + 12 * 60_000,
    amendment: { payload, ...(await signAs(all, by, payload)) },
  };
}

/** That a case was of the wrong patient. */
export async function aMisfiling(
  all: People,
  { caseId, items }: Pick<Awaited<ReturnType<typeof aCase>>, "caseId" | "items">,
  by = leroy,
) {
  const request = items.find((item) => item.event.kind === "request");
  const payload = misfilingSchema.parse({
    v: 1,
    misfilingId: randomUUID(),
    caseId,
    requestEventId: request?.eventId,
    reason: "Homonyme choisi par erreur dans la liste.",
    told: [leroy, martin],
    by,
    at: at(55),
  });
  return {
    kind: "misfiled" as const,
    eventId: eventId("misfiled"),
    sender: by,
    atMs: startMs + 55 * 60_000,
    misfiling: { payload, ...(await signAs(all, by, payload)) },
  };
}

/** Whose the case is instead. */
export async function aCorrection(
  all: People,
  misfiled: Awaited<ReturnType<typeof aMisfiling>>,
  patient: Patient,
  by = leroy,
) {
  const { misfilingId, caseId, requestEventId } = misfiled.misfiling.payload;
  const payload = identityCorrectionSchema.parse({
    v: 1,
    correctionId: randomUUID(),
    caseId,
    requestEventId,
    misfilingId,
    patient,
    attests: "consent-and-photos-are-theirs",
    by,
    at: at(56),
  });
  return {
    kind: "identity" as const,
    eventId: eventId("identity"),
    sender: by,
    atMs: startMs + 56 * 60_000,
    correction: { payload, ...(await signAs(all, by, payload)) },
  };
}

/** The same as it is handed to filing. */
export const asItem = (roomId: string, event: WorkItem["event"]): WorkItem => ({
  roomId,
  event,
  eventId: event.eventId,
  sender: event.sender,
  atMs: event.atMs,
});
