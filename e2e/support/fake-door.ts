import { createStore, type StoreApi } from "zustand/vanilla";
import type { Accesses, RecordView } from "#protocol/api.ts";
import { frenchRules } from "#protocol/consent-rules.ts";
import type { Copies } from "#protocol/copies.ts";
import { type CaseEvent, type Opinion, opinionSchema } from "#protocol/events.ts";
import { caseIdSchema, type ReceiptId } from "#protocol/ids.ts";
import type { Clinician } from "#protocol/people.ts";
import { err, ok } from "#protocol/result.ts";
import { noPhoneLinks } from "../../src/features/testing/index.ts";
import type {
  CaseRecord,
  CasesState,
  ConnectionState,
  Door,
  Loadable,
  PictureRefusal,
  SessionState,
} from "../../src/matrix/types.ts";
import { type CallScene, fakeCalls } from "./fake-calls.ts";
import { type DeskState, fakeDesk } from "./fake-desk.ts";
import {
  bernard,
  bot,
  consentEvent,
  event,
  filedEvent,
  hourMs,
  leGoff,
  minuteMs,
  photoEvent,
  record,
  request,
  user,
  uuid,
} from "./sample-cases.ts";

/** A door with nothing behind it, to look at screens in states that are hard to reach. Never part of the product. */

const clinician = (
  name: string,
  title: string,
  given: string,
  family: string,
  specialty: Clinician["specialty"],
  phone?: string,
): Clinician => ({
  userId: user(name),
  practitionerId: name,
  practitionerRoleId: name,
  family,
  given,
  title,
  specialty,
  rpps: "89900001234",
  organization: "CHU de Valombre",
  teams: [],
  ...(phone === undefined ? {} : { phone }),
});

const clinicians = [
  clinician("martin", "Dr", "Hélène", "Martin", "dermatology", "02 99 00 41 20"),
  clinician("haddad", "Dr", "Nadia", "Haddad", "dermatology"),
  clinician("kermarrec", "Dr", "Yann", "Kermarrec", "ophthalmology"),
  clinician("faure", "Dr", "Paul", "Faure", "general-practice", "02 99 00 10 10"),
  clinician("leroy", "", "Claire", "Leroy", "nursing", "02 99 00 41 12"),
];

function sampleOpinion(of: CaseEvent, n: number, atMs: number): Opinion {
  return opinionSchema.parse({
    opinionId: uuid(9000 + n),
    caseId: caseIdSchema.parse(uuid(n)),
    requestEventId: of.eventId,
    findings: "Lésion de 9 mm de l’omoplate gauche, asymétrique, trois teintes, voile bleu-gris central.",
    assessment: "Mélanome jusqu’à preuve du contraire",
    certainty: "very-probable",
    plan: "Exérèse complète, marge de 2 mm, sans biopsie partielle. Ne pas arrêter l’apixaban.",
    ifWorse: "Saignement qui résiste à 15 min de compression : appeler le 15.",
    inPerson: { needed: true, when: "vendredi 27 novembre à 10:20, consultation de dermatologie" },
    limits: "Trois photos, aires ganglionnaires non palpées.",
    picturesSeen: [],
    author: user("martin"),
    signedAt: new Date(atMs).toISOString(),
  });
}

const signed = { jws: "aGVhZA..c2ln", certificate: "aGVhZA.cGF5bG9hZA.c2ln" };
const nurse = user("leroy");
const faure = user("faure");

function sampleRecords(nowMs: number, me: string): CaseRecord[] {
  const first = nowMs - 12 * minuteMs;
  const asked = event(nurse, first, { kind: "request", request: request(1, first) });
  const photos = [
    photoEvent(1, 0, first + 5000),
    photoEvent(1, 1, first + 6000, { view: "overview", region: "back", laterality: "U" }),
  ];
  const consented = consentEvent(1, first - 6 * minuteMs);
  const note = event(nurse, first + 3 * minuteMs, {
    kind: "message",
    text: "Elle s’est grattée, ça a saigné hier soir. Pas de douleur.",
    clientRef: undefined,
  });
  const second = nowMs - 4 * hourMs;
  const asked2 = event(faure, second, {
    kind: "request",
    request: request(2, second, {
      patient: bernard,
      requester: faure,
      urgency: "48h",
      dueAt: new Date(second + 48 * hourMs).toISOString(),
      question: "Plaques en anneau du tronc, fond intact. Mycose ou autre chose ?",
    }),
  });
  const consent2 = consentEvent(2, second, faure);
  const photo2 = photoEvent(2, 0, second + 4000, { by: faure, region: "chest", laterality: "U" });
  const accepted2 = event(me, second + hourMs, { kind: "response", response: { kind: "accepted" } });
  const third = nowMs - 30 * hourMs;
  const asked3 = event(me, third, {
    kind: "request",
    request: request(3, third, {
      patient: leGoff,
      requester: me,
      addressee: { kind: "person", userId: user("kermarrec") },
      specialty: "ophthalmology",
      urgency: "7d",
      dueAt: new Date(third + 7 * 24 * hourMs).toISOString(),
      question: "Croissant pigmenté de la papille gauche : banal, ou OCT ?",
    }),
  });
  const consent3 = consentEvent(3, third, me);
  const photo3 = photoEvent(3, 0, third + 4000, { by: me, region: "retina", view: "fundus" });
  const fourth = nowMs - 50 * hourMs;
  const asked4 = event(nurse, fourth, {
    kind: "request",
    request: request(4, fourth, { urgency: "48h" }),
  });
  const consent4 = consentEvent(4, fourth);
  const photo4 = photoEvent(4, 0, fourth + 4000);
  const opinion4 = event(me, fourth + 3 * hourMs, {
    kind: "opinion",
    opinion: { payload: { ...sampleOpinion(asked4, 4, fourth + 3 * hourMs), author: me }, ...signed },
  });
  const seen4 = event(me, fourth + hourMs, {
    kind: "seen",
    seen: { ofEvents: [photo4.eventId, asked4.eventId], at: new Date(fourth).toISOString() },
  });
  const t4 = fourth + 4 * hourMs;
  return [
    record(1, [consented, asked, ...photos, note]),
    record(2, [
      consent2,
      asked2,
      photo2,
      accepted2,
      event(me, second + hourMs, {
        kind: "seen",
        seen: { ofEvents: [photo2.eventId], at: new Date(second).toISOString() },
      }),
      filedEvent(asked2, second + minuteMs, "request"),
      filedEvent(consent2, second + minuteMs, "consent"),
    ]),
    record(3, [
      consent3,
      asked3,
      photo3,
      filedEvent(photo3, third + minuteMs, "photo"),
      filedEvent(asked3, third + minuteMs, "request"),
      filedEvent(consent3, third + minuteMs, "consent"),
    ]),
    record(4, [
      consent4,
      asked4,
      photo4,
      seen4,
      opinion4,
      ...[consent4, asked4, photo4, opinion4].map((each) => filedEvent(each, t4, "photo")),
    ]),
  ];
}

export type FakeOptions = {
  readonly nowMs: number;
  readonly me: string;
  readonly session?: SessionState;
  readonly connection?: ConnectionState;
  readonly empty?: boolean;
  readonly loading?: boolean;
  /** Address of a picture to show; without one, each picture is refused like this. */
  readonly picture: string | PictureRefusal;
  readonly letter?: Blob;
  /** What the administrator's desk has to show. */
  readonly desk?: DeskState;
  readonly call?: CallScene;
  /** Cases beside the usual ones. */
  readonly more?: readonly CaseRecord[];
};

export type FakeDoor = Door & {
  readonly cases: StoreApi<CasesState>;
  readonly session: StoreApi<SessionState>;
  readonly connection: StoreApi<ConnectionState>;
};

export function createFakeDoor(options: FakeOptions): FakeDoor {
  const { nowMs, me } = options;
  const records = options.empty === true ? [] : [...sampleRecords(nowMs, me), ...(options.more ?? [])];
  const cases = createStore<CasesState>(() => ({
    loaded: options.loading !== true,
    synced: options.loading !== true,
    byRoom: new Map(options.loading === true ? [] : records.map((each) => [each.roomId, each])),
    outgoing: [],
  }));
  const session = createStore<SessionState>(
    () => options.session ?? { step: "ready", userId: me, deviceId: "FAKE", recoveryKeyToSave: null },
  );
  const loaded = <T>(value: T) => createStore<Loadable<T>>(() => ({ state: "loaded", value }));
  const drafts = new Map<string, unknown>();
  return {
    config: loaded({
      hospital: {
        name: "CHU de Valombre",
        address: "12, quai des Tanneurs, Valombre",
        emergencyNumber: "15",
      },
      serverName: "valombre.example",
      calls: true,
      bot,
      registryKey: { kty: "EC" as const, crv: "P-256" as const, x: "a".repeat(43), y: "a".repeat(43) },
      registryName: "CHU de Valombre",
      urgentPhones: { dermatology: "02 99 00 41 20" },
      archive: true,
      consentRules: frenchRules,
    }),
    session,
    connection: createStore<ConnectionState>(
      () => options.connection ?? { homeserver: "online", sinceMs: nowMs, health: null },
    ),
    directory: loaded({
      clinicians,
      teams: [{ id: "garde", name: "Chirurgie de garde", specialty: "surgery" as const }],
      updatedAt: new Date(nowMs).toISOString(),
    }),
    cases,
    me: loaded({ clinician: true, administrator: true }),
    filingDesk: fakeDesk(options.desk ?? "full", nowMs),
    phoneLinks: noPhoneLinks,
    calls: fakeCalls(options.call ?? "none", records[0]?.roomId ?? "", me, nowMs),
    vault: {
      get: (key) => Promise.resolve(drafts.get(key)),
      set: (key, value) => {
        drafts.set(key, value);
        return Promise.resolve(ok(undefined));
      },
      delete: (key) => {
        drafts.delete(key);
        return Promise.resolve();
      },
    },
    signIn: async (_name, password) => {
      if (password !== "colloque-demo") return err("wrong-password");
      session.setState({ step: "setting-up" }, true);
      await new Promise((done) => setTimeout(done, 1500));
      session.setState({ step: "ready", userId: me, deviceId: "FAKE", recoveryKeyToSave: sampleKey }, true);
      return ok(undefined);
    },
    unlock: () => Promise.resolve(err("wrong-key" as const)),
    startAnew: () => Promise.resolve(err("wrong-password" as const)),
    recoveryKeySaved: () =>
      session.setState({ step: "ready", userId: me, deviceId: "FAKE", recoveryKeyToSave: null }, true),
    signOut: () => {
      session.setState({ step: "signed-out", notice: null }, true);
      return Promise.resolve();
    },
    takeOver: () =>
      session.setState({ step: "ready", userId: me, deviceId: "FAKE", recoveryKeyToSave: null }, true),
    recordConsent: () => Promise.resolve(ok({ registered: true })),
    withdrawConsent: () => Promise.resolve(ok({ done: true })),
    addMember: (_roomId, userId) =>
      Promise.resolve(userId === user("kermarrec") ? err("audience-not-covered" as const) : ok(undefined)),
    breakGlass: () => Promise.resolve(ok(undefined)),
    breakGlassHere: () => Promise.resolve(ok("opened")),
    sayInformed: () => Promise.resolve(ok(undefined)),
    sendRequest: () => Promise.resolve(ok(undefined)),
    sendMessage: (roomId, text) => {
      addPending(cases, roomId, text, nowMs);
      return Promise.resolve(ok(undefined));
    },
    sendPreview: () => Promise.resolve(ok(undefined)),
    sendPhoto: () => Promise.resolve(ok(undefined)),
    respond: () => Promise.resolve(ok(undefined)),
    giveOpinion: () => Promise.resolve(ok(undefined)),
    amendOpinion: () => Promise.resolve(ok(undefined)),
    amendQuestion: () => Promise.resolve(ok(undefined)),
    sayMisfiled: () => Promise.resolve(ok(undefined)),
    correctIdentity: () => Promise.resolve(ok(undefined)),
    retry: () => {},
    discard: () => {},
    markSeen: () => {},
    readPicture: (_roomId, _eventId, rendition) =>
      typeof options.picture === "string"
        ? Promise.resolve(ok({ url: options.picture, sha256: rendition, bytes: 1, release: () => {} }))
        : Promise.resolve(err(options.picture)),
    mayStillShow: () =>
      Promise.resolve(typeof options.picture === "string" ? ok(undefined) : err(options.picture)),
    readAccesses: () => Promise.resolve(ok(sampleAccesses(records, nowMs))),
    searchPatients: () => Promise.resolve(ok({ matches: [leGoff], more: false })),
    readRecord: () => Promise.resolve(ok(sampleRecord(nowMs))),
    readRecordEntry: () => Promise.resolve(ok(options.letter ?? new Blob([]))),
    readCopies: () => Promise.resolve(ok(sampleCopies(nowMs))),
    askCopy: () => Promise.resolve(ok(undefined)),
  };
}

const sampleCopies = (nowMs: number): Copies => ({
  canSend: true,
  usualDoctor: { name: "Dr Louise Lambert", reachable: true },
  copies: [
    {
      copyId: "0b7a2c86-3a4e-4c9a-8f7d-5a1f0c7e2d11",
      to: { kind: "usual-doctor" },
      name: "Dr Louise Lambert",
      by: "@martin:valombre.example",
      askedAt: new Date(nowMs - 60_000).toISOString(),
      handedAt: new Date(nowMs - 59_000).toISOString(),
      state: "handed",
    },
  ],
});

function sampleAccesses(records: readonly CaseRecord[], nowMs: number): Accesses["accesses"] {
  const access = (by: string, ago: number, how: "view" | "machine") => (receiptId: ReceiptId) =>
    ({ receiptId, rendition: "full", by, at: new Date(nowMs - ago).toISOString(), how }) as const;
  return records
    .flatMap((each) => each.state.photos.map((photo) => photo.photo.photoId))
    .flatMap((receiptId) => [
      access(user("martin"), 3 * hourMs, "view")(receiptId),
      access(user("martin"), hourMs, "view")(receiptId),
      access(user("leroy"), 2 * hourMs, "view")(receiptId),
      access(user("haddad"), 2 * hourMs, "machine")(receiptId),
      access(bot, 4 * hourMs, "machine")(receiptId),
    ]);
}

export const sampleKey = "EsTj 3yST y93F SLpB jJsz eAXc 2XzA ygD3 w69H fGaN TKBj jXEd";

function addPending(cases: StoreApi<CasesState>, roomId: string, text: string, atMs: number) {
  const each = cases.getState().byRoom.get(roomId);
  if (each === undefined) return;
  const item = {
    localId: `l${each.pending.length}`,
    kind: "message",
    state: "waiting",
    error: null,
    atMs,
    text,
    photo: null,
    progress: null,
  } as const;
  cases.setState({
    byRoom: new Map(cases.getState().byRoom).set(roomId, { ...each, pending: [...each.pending, item] }),
  });
}

function sampleRecord(nowMs: number): RecordView {
  const filedAt = new Date(nowMs - hourMs).toISOString();
  const sha256 = "4be1".repeat(16);
  return {
    patientRecordUrl: "/fhir/Patient/p1",
    entries: [
      { id: "c", kind: "consent", reference: "Consent/c", filedAt, sha256, readable: false },
      { id: "r", kind: "request", reference: "ServiceRequest/r", filedAt, readable: false },
      {
        id: "p",
        kind: "photo",
        reference: "DocumentReference/p",
        contentType: "image/jpeg",
        filedAt,
        sha256,
        readable: true,
      },
      { id: "d", kind: "photo", reference: "dicom:2.25.12", filedAt, sha256, readable: false },
      {
        id: "o",
        kind: "opinion",
        reference: "DiagnosticReport/o",
        contentType: "application/pdf",
        filedAt,
        sha256,
        readable: true,
      },
      { id: "e", kind: "discussion", reference: "Communication/e", filedAt, readable: false },
    ],
  };
}
