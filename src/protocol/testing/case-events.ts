import { type CaseEvent, opinionSchema, photoSchema, previewSchema, requestSchema } from "../events.ts";

/** Events of one case, for the tests of its state. */
export const bot = "@archiviste:v";
export const leroy = "@leroy:v";
export const martin = "@martin:v";
export const haddad = "@haddad:v";
export const caseId = "7b0c2d1e-1111-4a11-8a11-000000000002";

/** The next moment: each event is later than the one before. */
let clock = 0;
export const tick = (): number => ++clock;
export const at = (eventId: string, sender: string) => ({ eventId, sender, atMs: tick() });

export const request = (eventId = "$request", sender = leroy, requester = sender): CaseEvent => ({
  ...at(eventId, sender),
  kind: "request",
  request: requestSchema.parse({
    caseId,
    patient: { recordId: "p1", family: "DELATTRE", given: "Josiane", sex: "female", identity: "qualified" },
    addressee: { kind: "person", userId: martin },
    specialty: "dermatology",
    urgency: "today",
    dueAt: "2026-11-24T16:00:00Z",
    question: "Faut-il l’enlever ?",
    history: "Lésion en trois semaines",
    requester,
    createdAt: "2026-11-24T10:00:00Z",
  }),
});

export const opinion = (sender = martin, change: object = {}, eventId = "$opinion"): CaseEvent => ({
  ...at(eventId, sender),
  kind: "opinion",
  opinion: {
    jws: "a..b",
    certificate: "a.b.c",
    payload: opinionSchema.parse({
      opinionId: "7b0c2d1e-1111-4a11-8a11-000000000007",
      caseId,
      requestEventId: "$request",
      findings: "",
      assessment: "Mélanome",
      certainty: "very-probable",
      plan: "Exérèse",
      ifWorse: "Appeler le 15",
      inPerson: { needed: false },
      limits: "",
      picturesSeen: [],
      author: sender,
      signedAt: "2026-11-24T12:00:00Z",
      ...change,
    }),
  },
});

export const uuid = (end: number) => `7b0c2d1e-1111-4a11-8a11-${`${end}`.padStart(12, "0")}`;
export const picture = (rendition: "full" | "preview", sender = leroy, photoId = uuid(50)): CaseEvent => {
  const preview = rendition === "preview";
  const content = {
    photoId,
    receipt: {
      payload: {
        v: 1,
        receiptId: preview ? uuid(51) : photoId,
        ...(preview && { derivedFrom: photoId }),
        consentId: uuid(52),
        caseId,
        pseudonym: "A".repeat(22),
        pictureSha256: "a".repeat(64),
        ciphertexts: [{ rendition, sha256: "b".repeat(64), bytes: 10 }],
        takenBy: sender,
        takenAt: "2026-11-24T10:00:00Z",
        source: "camera",
      },
      jws: "a..b",
      certificate: "a.b.c",
    },
    site: { region: "back", laterality: "U" },
    view: "overview",
    widthPx: 8,
    heightPx: 8,
    bytes: 10,
    file: {
      url: "mxc://v/a",
      v: "v2",
      key: { kty: "oct", alg: "A256CTR", ext: true, k: "A".repeat(43), key_ops: ["encrypt", "decrypt"] },
      iv: "A".repeat(22),
      hashes: { sha256: "A".repeat(43) },
    },
  };
  const event = at(`$${rendition} of ${sender}`, sender);
  return preview
    ? { ...event, kind: "preview", preview: previewSchema.parse(content) }
    : { ...event, kind: "photo", photo: photoSchema.parse(content) };
};

export type ResponseOf = Extract<CaseEvent, { kind: "response" }>["response"];
export const response = (sender: string, body: ResponseOf, eventId = `$r${tick()}`): CaseEvent => ({
  ...at(eventId, sender),
  kind: "response",
  response: body,
});
