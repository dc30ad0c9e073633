import { foldCase } from "#protocol/case-state.ts";
import type { Consent } from "#protocol/consent.ts";
import { type CaseEvent, photoSchema, type Request, requestSchema } from "#protocol/events.ts";
import { consentIdSchema } from "#protocol/ids.ts";
import type { Patient } from "#protocol/patient.ts";
import type { CaseRecord } from "../../src/matrix/types.ts";

/** Cases for tests of the screens, built from the same events as real ones. Nobody in them exists. */

export const bot = "@archiviste:valombre.example";
export const user = (name: string): string => `@${name}:valombre.example`;
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;

const delattre: Patient = {
  recordId: "p1",
  family: "DELATTRE",
  birthFamily: "MARCHAND",
  given: "Josiane",
  birthDate: "1959-03-14",
  birthPlace: "Arras",
  sex: "female",
  identity: "qualified",
};
export const leGoff: Patient = {
  recordId: "p2",
  family: "LE GOFF",
  given: "Yann",
  birthDate: "1974-07-02",
  birthPlace: "Quimper",
  sex: "male",
  identity: "qualified",
};
export const bernard: Patient = {
  recordId: "p3",
  family: "BERNARD",
  given: "Adam",
  birthDate: "2022-05-05",
  sex: "male",
  identity: "provisional",
};

/** A stable uuid from a small number. */
export const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const hex = (n: number): string => n.toString(16).padStart(64, "0");

type Body<K = CaseEvent> = K extends CaseEvent ? Omit<K, "eventId" | "sender" | "atMs"> : never;
let counter = 0;
export const event = (sender: string, atMs: number, body: Body): CaseEvent => ({
  eventId: `$e${++counter}`,
  sender,
  atMs,
  ...body,
});

export const request = (n: number, atMs: number, more: Partial<Request> = {}): Request =>
  requestSchema.parse({
    caseId: uuid(n),
    patient: delattre,
    addressee: { kind: "specialty", specialty: "dermatology" },
    specialty: "dermatology",
    urgency: "today",
    dueAt: new Date(atMs + 4 * hourMs).toISOString(),
    question: "Lésion du dos qui a changé en trois semaines et saigné hier. Faut-il l’enlever vite ?",
    history: "Tache connue depuis dix ans, relief nouveau.",
    treatments: "apixaban 5 mg, deux fois par jour",
    allergies: "aucune connue",
    background: "fibrillation auriculaire",
    requester: user("leroy"),
    callback: "02 99 00 41 12",
    createdAt: new Date(atMs).toISOString(),
    ...more,
  });

const consent = (n: number, atMs: number, by = user("leroy")): Consent => ({
  v: 1,
  consentId: consentIdSchema.parse(uuid(n + 500)),
  caseId: request(n, atMs).caseId,
  pseudonym: "abcdefghijklmnopqrstuv",
  decisions: [
    { purpose: "opinion", granted: true },
    { purpose: "care-outside-team", granted: true },
  ],
  recipients: [{ kind: "specialty", specialty: "dermatology" }],
  method: "oral-witnessed",
  givenBy: "patient",
  notice: { version: "1", sha256: hex(1), language: "fr" },
  evidenceSha256: hex(2),
  collectedBy: by,
  collectedAt: new Date(atMs).toISOString(),
  expiresAt: new Date(atMs + 90 * 24 * hourMs).toISOString(),
});

const signed = { jws: "aGVhZA..c2ln", certificate: "aGVhZA.cGF5bG9hZA.c2ln" };

export const consentEvent = (n: number, atMs: number, by = user("leroy")): CaseEvent =>
  event(by, atMs, {
    kind: "consent",
    consent: { payload: consent(n, atMs, by), ...signed },
    evidence: { consentId: consent(n, atMs).consentId, noticeText: "…", witness: "Claire Leroy" },
  });

const file = {
  url: "mxc://valombre.example/abc",
  v: "v2",
  key: { kty: "oct", alg: "A256CTR", ext: true, k: "a".repeat(43), key_ops: ["encrypt", "decrypt"] },
  iv: "a".repeat(22),
  hashes: { sha256: "a".repeat(43) },
};

export const photoEvent = (
  n: number,
  index: number,
  atMs: number,
  more: {
    readonly by?: string;
    readonly region?: string;
    readonly laterality?: string;
    readonly view?: string;
  } = {},
): CaseEvent => {
  const by = more.by ?? user("leroy");
  const photo = photoSchema.parse({
    photoId: uuid(n * 10 + index + 1000),
    receipt: {
      payload: {
        v: 1,
        receiptId: uuid(n * 10 + index + 1000),
        consentId: consent(n, atMs).consentId,
        caseId: uuid(n),
        pseudonym: "abcdefghijklmnopqrstuv",
        pictureSha256: hex(n * 10 + index),
        ciphertexts: [{ rendition: "full", sha256: hex(7), bytes: 1000 }],
        takenBy: by,
        takenAt: new Date(atMs).toISOString(),
        source: "camera",
      },
      ...signed,
    },
    site: { region: more.region ?? "scapula", laterality: more.laterality ?? "L" },
    view: more.view ?? "close-up",
    widthPx: 1200,
    heightPx: 1600,
    bytes: 400_000,
    file,
  });
  return event(by, atMs, { kind: "photo", photo });
};

export const filedEvent = (of: CaseEvent, atMs: number, kind: "photo" | "request" | "consent" | "opinion") =>
  event(bot, atMs, {
    kind: "filed",
    filed: {
      ofEvent: of.eventId,
      kind,
      outcome: {
        state: "filed",
        at: new Date(atMs).toISOString(),
        entries: [{ reference: `DocumentReference/${of.eventId.slice(1)}`, sha256: hex(3) }],
      },
    },
  });

export const record = (
  n: number,
  events: readonly CaseEvent[],
  more: Partial<CaseRecord> = {},
): CaseRecord => ({
  roomId: `!room${n}:valombre.example`,
  caseId: foldCase(events, bot).request?.request.caseId ?? uuid(n),
  state: foldCase(events, bot),
  members: [user("leroy"), user("martin"), bot],
  invited: [],
  pending: [],
  unreadable: [],
  refused: [],
  ...more,
});
