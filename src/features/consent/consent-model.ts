import { createStore, type StoreApi } from "zustand/vanilla";
import type { ConsentEvidence, Purpose } from "#protocol/consent.ts";
import { shortName } from "#protocol/people.ts";
import type { ConsentDraft } from "../../matrix/types.ts";
import { ageInYears, civilName } from "../patient/index.ts";
import type { ConsentDeps, ConsentState, Giver, PhoneAnswer, Proof } from "./consent-state.ts";
import { draftOf, evidenceOf } from "./drafting.ts";
import { type Lack, lackOf, useAtFault } from "./lacks.ts";
import { baseOf, type NoticeLanguage, noticeText } from "./notice.ts";
import { careAskedFor } from "./purposes.ts";
import { recipientsInWords } from "./recipients.ts";
import { likelyWitnesses, offeredWitnesses } from "./witnesses.ts";

export type ConsentModel = Pick<ConsentDeps, "subject" | "clinicians" | "teams" | "hospital" | "rules"> & {
  readonly store: StoreApi<ConsentState>;
  /** Age of majority is a matter of law; under it somebody else decides. */
  readonly minor: boolean;
  /** The decisions about pictures for care that these recipients need, and who would see them. */
  readonly care: ReturnType<typeof careAskedFor>;
  /** Information and no objection is enough: nobody outside the team is asked. */
  readonly mayGoUnopposed: boolean;
  /** Who will see it, by name, in the sheet's language. */
  recipients(): string;
  /** Exactly the text that is shown, hashed and kept. */
  notice(): string;
  setLanguage(language: NoticeLanguage): void;
  choose(purpose: Purpose, granted: boolean): void;
  setProject(project: string): void;
  openOthers(): void;
  /** The patient says yes, aloud, to the opinion and to the pictures: one act, on the clinician's word. */
  sayYesToBoth(): void;
  /** The patient was informed and does not object. */
  sayUnopposed(): void;
  /** Nobody can be asked. */
  sayEmergency(): void;
  setGiver(giver: Giver): void;
  setAssent(assent: ConsentState["assent"]): void;
  setInterpreter(name: string | null): void;
  setProof(proof: Proof): void;
  /** What still lacks, or null. */
  lack(): Lack | null;
  /** The use beyond care that a rule stands against, if it is one. */
  useAtFault(): Purpose | null;
  record(): Promise<void>;
  recordBefore(witness: string): Promise<void>;
  recordRefusal(): Promise<void>;
  /** What was decided and signed on the patient's own phone. */
  recordPhone(answer: PhoneAnswer): Promise<void>;
  dispose(): void;
};

const lastWitnessKey = "consent/last-witness";
const nothing: ReadonlySet<Purpose> = new Set();

/** One sheet, for one patient and one request: everything starts off, and nothing is recorded that nobody chose. */
export function createConsentModel(deps: ConsentDeps): ConsentModel {
  const { subject, rules } = deps;
  const age = ageInYears(subject.patient.birthDate, deps.clock());
  const minor = age !== null && age < rules.majorityYears;
  const collector = deps.clinicians.find((each) => each.userId === deps.collector);
  const care = careAskedFor(subject.recipients, deps.clinicians, deps.collector);
  const forCare: readonly Purpose[] = ["opinion", ...care.map(({ purpose }) => purpose)];
  const store = createStore<ConsentState>(() => ({
    language: deps.language,
    granted: nothing,
    project: "",
    othersOpen: false,
    giver: minor ? { kind: "representative", name: "", capacity: "mother", second: "" } : { kind: "patient" },
    assent: null,
    interpreter: null,
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
      baseOf(store.getState().language),
    );
  const notice = () =>
    noticeText(store.getState().language, {
      hospital: deps.hospital,
      recipients: recipients(),
      collector: collector === undefined ? deps.hospital : shortName(collector),
      ward: minor ? civilName(subject.patient.given) : null,
    });

  const draft = (granted: ReadonlySet<Purpose>, noticeSha256 = "0".repeat(64)): ConsentDraft =>
    draftOf(deps, store.getState(), granted, { consentId: deps.newId(), noticeSha256 });
  const lack = () => lackOf(store.getState(), draft(store.getState().granted), rules);

  const send = async (make: () => Promise<{ consent: ConsentDraft; evidence: ConsentEvidence }>) => {
    if (store.getState().step.at === "recording") return;
    store.setState({ step: { at: "recording" } });
    const { consent, evidence } = await make();
    const done = await deps.door.recordConsent(consent, evidence, subject.roomId);
    if (!done.ok) return store.setState({ step: { at: "failed", error: done.error } });
    if (evidence.witness !== undefined) await deps.door.vault.set(lastWitnessKey, evidence.witness);
    store.setState({ step: { at: "recorded", consent, registered: done.value.registered } });
    deps.onRecorded(consent);
  };
  const sendSheet = (granted: ReadonlySet<Purpose>) =>
    send(async () => {
      const text = notice();
      const consent = draft(granted, await deps.sha256(text));
      return { consent, evidence: evidenceOf(store.getState(), consent.consentId, text) };
    });

  const change = (changes: Partial<ConsentState>) => {
    const at = store.getState().step.at;
    if (at === "asking" || at === "failed") store.setState({ ...changes, step: { at: "asking" } });
  };
  const withCare = () => new Set([...store.getState().granted, ...forCare]);
  const record = async () => {
    if (lack() === null) await sendSheet(store.getState().granted);
  };

  return {
    store,
    subject,
    rules,
    clinicians: deps.clinicians,
    teams: deps.teams,
    hospital: deps.hospital,
    minor,
    care,
    mayGoUnopposed: forCare.every((purpose) => rules.nonOpposition.includes(purpose)),
    recipients,
    notice,
    setLanguage: (language) => change({ language }),
    choose(purpose, granted) {
      const all = new Set(store.getState().granted);
      if (granted) all.add(purpose);
      else all.delete(purpose);
      change({ granted: all });
    },
    setProject: (project) => change({ project }),
    openOthers: () => change({ othersOpen: true }),
    sayYesToBoth: () => change({ granted: withCare(), proof: { kind: "oral", witness: "" } }),
    sayUnopposed: () => change({ granted: withCare(), proof: { kind: "non-opposition" } }),
    sayEmergency: () => change({ granted: new Set(forCare), proof: { kind: "emergency", reason: "" } }),
    setGiver: (giver) => change({ giver }),
    setAssent: (assent) => change({ assent }),
    setInterpreter: (interpreter) => change({ interpreter }),
    setProof(proof) {
      const before = store.getState();
      // What an emergency supposed, or a silence, is no choice of the patient's.
      const supposed = before.proof.kind === "emergency" || before.proof.kind === "non-opposition";
      change({ proof, ...(supposed && before.proof.kind !== proof.kind && { granted: nothing }) });
    },
    lack,
    useAtFault: () => useAtFault(draft(store.getState().granted), rules),
    record,
    async recordBefore(witness) {
      change({ proof: { kind: "oral", witness } });
      await record();
    },
    dispose() {},
    async recordRefusal() {
      // Nobody's no: who said it is the patient, or who decides for them.
      const { proof } = store.getState();
      if (proof.kind !== "signature" && proof.kind !== "oral")
        change({ proof: { kind: "oral", witness: "" } });
      await sendSheet(nothing);
    },
    recordPhone: ({ consentId, decisions, notice: read, patientPhone, noticeText: text, signature }) =>
      send(async () => {
        const { representative, secondRepresentative, interpreter } = evidenceOf(
          store.getState(),
          consentId,
          text,
        );
        const consent: ConsentDraft = {
          ...draft(nothing),
          consentId,
          decisions,
          method: "patient-phone",
          notice: read,
          // The moment of the answer, by the server's clock.
          ...(patientPhone !== undefined && { collectedAt: patientPhone.answeredAt }),
        };
        const evidence: ConsentEvidence = {
          consentId,
          noticeText: text,
          patientPhone,
          ...(signature !== undefined && { signature }),
          ...(representative !== undefined && { representative }),
          ...(secondRepresentative !== undefined && { secondRepresentative }),
          ...(interpreter !== undefined && { interpreter }),
        };
        return { consent, evidence };
      }),
  };
}
