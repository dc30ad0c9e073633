import { createStore, type StoreApi } from "zustand/vanilla";
import type { ConsentEvidence, Purpose } from "#protocol/consent.ts";
import { purposesNeededFor, type RefusalReason } from "#protocol/disclose.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import type { CaseId, ConsentId } from "#protocol/ids.ts";
import type { Patient } from "#protocol/patient.ts";
import { type Addressee, type Clinician, membersOf, shortName } from "#protocol/people.ts";
import type { ConsentDraft, Door } from "../../matrix/types.ts";
import { ageInYears, civilName } from "../patient/index.ts";
import { consentMonths, type NoticeLanguage, noticeText, noticeVersion } from "./notice.ts";
import { recipientsInWords } from "./recipients.ts";
import { fitSignature, judgeSignature, type Stroke } from "./signature.ts";

/** The switches of the sheet. Opinion and pictures are two decisions; the others are never needed for care. */
export type Choice = "opinion" | "pictures" | "teaching";

/** Who decides: the patient, or somebody for them. */
export type Giver =
  | { readonly kind: "patient" }
  | {
      readonly kind: "representative";
      readonly name: string;
      readonly capacity: "mother" | "father" | "guardian";
    };

export type Proof =
  | { readonly kind: "signature"; readonly strokes: readonly Stroke[] }
  | { readonly kind: "oral"; readonly witness: string };

/** Why the sheet cannot be recorded yet. Each is a key of the texts that people read. */
export type Lack =
  | "nothing-chosen"
  | "pictures-need-opinion"
  | "representative-name"
  | "signature-missing"
  | "signature-small"
  | "witness-missing";

export type ConsentState = {
  readonly language: NoticeLanguage;
  readonly choices: Readonly<Record<Choice, boolean>>;
  readonly giver: Giver;
  readonly proof: Proof;
  /** Witnesses that one tap can name. */
  readonly witnesses: readonly string[];
  readonly step:
    | { readonly at: "asking" }
    | { readonly at: "recording" }
    | { readonly at: "failed"; readonly error: ErrorCode | RefusalReason }
    | { readonly at: "recorded"; readonly consent: ConsentDraft; readonly registered: boolean };
};

/** Whom the consent is about, and whom they are told of. */
export type ConsentSubject = {
  readonly caseId: CaseId;
  readonly pseudonym: string;
  readonly patient: Patient;
  readonly recipients: readonly Addressee[];
};

export type ConsentDeps = {
  readonly door: Pick<Door, "recordConsent" | "vault">;
  readonly clinicians: readonly Clinician[];
  /** Names of care teams, by id. */
  readonly teams: ReadonlyMap<string, string>;
  readonly hospital: string;
  /** User id of the clinician who holds the phone. */
  readonly collector: string;
  readonly clock: () => number;
  readonly newId: () => ConsentId;
  readonly sha256: (text: string) => Promise<string>;
  readonly language: NoticeLanguage;
  readonly subject: ConsentSubject;
  readonly onRecorded: (consent: ConsentDraft) => void;
};

export type ConsentModel = Pick<ConsentDeps, "subject" | "clinicians" | "teams" | "hospital"> & {
  readonly store: StoreApi<ConsentState>;
  /** Age of majority is a matter of law; under it somebody else decides. */
  readonly minor: boolean;
  /** Who will see it, by name, in the sheet's language. */
  recipients(): string;
  /** Their names alone. */
  readers(): string[];
  /** Exactly the text that is shown, hashed and kept. */
  notice(): string;
  setLanguage(language: NoticeLanguage): void;
  choose(choice: Choice, granted: boolean): void;
  /** The patient says yes, aloud, to the opinion and to the pictures: one act, on the clinician's word. */
  sayYesToBoth(): void;
  setGiver(giver: Giver): void;
  setProof(proof: Proof): void;
  /** What still lacks, or null. */
  lack(): Lack | null;
  record(): Promise<void>;
  recordBefore(witness: string): Promise<void>;
  recordRefusal(): Promise<void>;
  dispose(): void;
};

const majority = 18;
const lastWitnessKey = "consent/last-witness";
const offeredWitnesses = 3;

/** One sheet, for one patient and one request: everything starts off, and nothing is recorded that nobody chose. */
export function createConsentModel(deps: ConsentDeps): ConsentModel {
  const { subject } = deps;
  const age = ageInYears(subject.patient.birthDate, deps.clock());
  const minor = age !== null && age < majority;
  const collector = deps.clinicians.find((each) => each.userId === deps.collector);
  const store = createStore<ConsentState>(() => ({
    language: deps.language,
    choices: { opinion: false, pictures: false, teaching: false },
    giver: minor ? { kind: "representative", name: "", capacity: "mother" } : { kind: "patient" },
    proof: { kind: "signature", strokes: [] },
    witnesses: likelyWitnesses(deps, collector),
    step: { at: "asking" },
  }));
  void deps.door.vault.get(lastWitnessKey).then((last) => {
    if (typeof last !== "string") return;
    const others = store.getState().witnesses.filter((each) => each !== last);
    store.setState({ witnesses: [last, ...others].slice(0, offeredWitnesses) });
  });

  const recipients = () =>
    recipientsInWords(
      subject.recipients,
      deps.clinicians,
      deps.teams,
      deps.collector,
      store.getState().language,
    );
  const notice = () =>
    noticeText(store.getState().language, {
      hospital: deps.hospital,
      recipients: recipients(),
      collector: collector === undefined ? deps.hospital : shortName(collector),
      ward: minor ? civilName(subject.patient.given) : null,
    });

  const send = async (choices: ConsentState["choices"]) => {
    if (store.getState().step.at === "recording") return;
    store.setState({ step: { at: "recording" } });
    const text = notice();
    const consent = draftOf(deps, store.getState(), choices, await deps.sha256(text));
    const evidence = evidenceOf(store.getState(), consent.consentId, text);
    const done = await deps.door.recordConsent(consent, evidence);
    if (!done.ok) return store.setState({ step: { at: "failed", error: done.error } });
    if (evidence.witness !== undefined) await deps.door.vault.set(lastWitnessKey, evidence.witness);
    store.setState({ step: { at: "recorded", consent, registered: done.value.registered } });
    deps.onRecorded(consent);
  };

  const change = (changes: Partial<ConsentState>) => {
    const at = store.getState().step.at;
    if (at === "asking" || at === "failed") store.setState({ ...changes, step: { at: "asking" } });
  };
  const record = async () => {
    if (lackOf(store.getState()) === null) await send(store.getState().choices);
  };

  return {
    store,
    subject,
    clinicians: deps.clinicians,
    teams: deps.teams,
    hospital: deps.hospital,
    minor,
    recipients,
    readers: () =>
      subject.recipients.flatMap((each) => membersOf(each, deps.clinicians, deps.collector).map(shortName)),
    notice,
    setLanguage: (language) => change({ language }),
    choose: (choice, granted) => change({ choices: { ...store.getState().choices, [choice]: granted } }),
    sayYesToBoth: () =>
      change({
        choices: { ...store.getState().choices, opinion: true, pictures: true },
        proof: { kind: "oral", witness: "" },
      }),
    setGiver: (giver) => change({ giver }),
    setProof: (proof) => change({ proof }),
    lack: () => lackOf(store.getState()),
    record,
    async recordBefore(witness) {
      change({ proof: { kind: "oral", witness } });
      await record();
    },
    dispose() {},
    recordRefusal: () => send({ opinion: false, pictures: false, teaching: false }),
  };
}

/** What still lacks before the sheet can be recorded, the first first. */
function lackOf({ choices, giver, proof }: ConsentState): Lack | null {
  if (!choices.opinion && choices.pictures) return "pictures-need-opinion";
  if (!choices.opinion) return "nothing-chosen";
  if (giver.kind === "representative" && giver.name.trim() === "") return "representative-name";
  if (proof.kind === "oral") return proof.witness.trim() === "" ? "witness-missing" : null;
  const signature = judgeSignature(proof.strokes);
  if (signature === "missing") return "signature-missing";
  return signature === "too-small" ? "signature-small" : null;
}

function draftOf(
  deps: ConsentDeps,
  state: ConsentState,
  choices: ConsentState["choices"],
  noticeSha256: string,
): ConsentDraft {
  const now = deps.clock();
  const { caseId, pseudonym, recipients } = deps.subject;
  const ends = new Date(now);
  ends.setUTCMonth(ends.getUTCMonth() + consentMonths);
  const needed = purposesNeededFor(recipients, deps.clinicians, deps.collector);
  const decide = (purpose: Purpose, granted: boolean) => ({ purpose, granted });
  return {
    consentId: deps.newId(),
    caseId,
    pseudonym,
    decisions: [
      decide("opinion", choices.opinion),
      ...needed.filter((each) => each !== "opinion").map((each) => decide(each, choices.pictures)),
      decide("teaching", choices.teaching),
      decide("research", false),
    ],
    recipients: [...recipients],
    method: methodOf(state),
    givenBy: giverOf(state.giver),
    notice: { version: noticeVersion, sha256: noticeSha256, language: state.language },
    collectedAt: new Date(now).toISOString(),
    expiresAt: ends.toISOString(),
  };
}

function methodOf({ proof }: ConsentState): ConsentDraft["method"] {
  return proof.kind === "oral" ? "oral-witnessed" : "signed-on-screen";
}

function giverOf(giver: Giver): ConsentDraft["givenBy"] {
  if (giver.kind === "patient") return "patient";
  return giver.capacity === "guardian" ? "guardian" : "parent";
}

const capacityInWords = {
  fr: { mother: "mère", father: "père", guardian: "tuteur légal" },
  en: { mother: "mother", father: "father", guardian: "legal guardian" },
} as const;

function evidenceOf({ giver, proof, language }: ConsentState, consentId: ConsentId, noticeText: string) {
  const signed = proof.kind === "signature" && judgeSignature(proof.strokes) === "signed";
  const evidence: ConsentEvidence = {
    consentId,
    noticeText,
    ...(proof.kind === "oral" && proof.witness.trim() !== "" && { witness: proof.witness.trim() }),
    ...(signed && { signature: fitSignature(proof.strokes) }),
    ...(giver.kind === "representative" &&
      giver.name.trim() !== "" && {
        representative: `${giver.name.trim()}, ${capacityInWords[language][giver.capacity]}`,
      }),
  };
  return evidence;
}

/** Colleagues who may well stand beside: of the same team, then of the same house; never those who are asked. */
function likelyWitnesses(deps: ConsentDeps, collector: Clinician | undefined): string[] {
  if (collector === undefined) return [];
  const asked = new Set(
    deps.subject.recipients.flatMap((each) => (each.kind === "person" ? [each.userId] : [])),
  );
  const near = (person: Clinician): number => {
    if (person.teams.some((team) => collector.teams.includes(team))) return 0;
    const bedside = person.specialty === "nursing" || person.specialty === "general-practice";
    return person.specialty === collector.specialty || bedside ? 1 : 2;
  };
  return deps.clinicians
    .filter((person) => person.userId !== collector.userId && !asked.has(person.userId))
    .filter((person) => person.organization === collector.organization && near(person) < 2)
    .sort((a, b) => near(a) - near(b))
    .slice(0, offeredWitnesses)
    .map((person) => [person.title, person.given, person.family].filter((part) => part !== "").join(" "));
}
