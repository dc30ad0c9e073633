import { createStore, type StoreApi } from "zustand/vanilla";
import { grants } from "#protocol/consent.ts";
import type { RefusalReason } from "#protocol/disclose.ts";
import { answerWithinMs, type Request, requestSchema, type Urgency } from "#protocol/events.ts";
import { caseIdSchema } from "#protocol/ids.ts";
import type { Patient } from "#protocol/patient.ts";
import type { Addressee, CareTeam, Clinician, Specialty } from "#protocol/people.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import type { ConsentDraft, Door, PreparedPhoto } from "../../matrix/types.ts";
import {
  type DetailField,
  type Draft,
  draftKey,
  emptyDetails,
  photoKey,
  readDraft,
  readPhoto,
} from "./draft.ts";
import { createPatientSearch, type PatientSearchModel } from "./patient-search-model.ts";

/** Why the request does not leave yet. Each is a key of the texts that people read, the first thing to do first. */
export type Hold =
  | "patient"
  | "addressee"
  | "urgency"
  | "call-instead"
  | "question"
  | "history"
  | "consent"
  | "consent-for-others"
  | "consent-expired"
  | "opinion-refused"
  /** The directory of clinicians is not in yet: who is asked could not be named. */
  | "directory";

export type RequestState = {
  /** False until what this device kept is read: show structure, not emptiness. */
  readonly loaded: boolean;
  readonly draft: Draft;
  readonly photos: readonly PreparedPhoto[];
  /** Whether what is on screen is also kept on this device. */
  readonly kept: "nothing" | "saving" | "kept" | "storage-full";
  readonly step:
    | { readonly at: "writing" }
    | { readonly at: "sending" }
    | { readonly at: "refused"; readonly reason: RefusalReason | "storage-full" }
    | { readonly at: "sent"; readonly caseId: string };
};

export type RequestDeps = {
  readonly door: Pick<
    Door,
    "vault" | "sendRequest" | "withdrawConsent" | "directory" | "config" | "searchPatients"
  >;
  /** User id of the person who asks. */
  readonly requester: string;
  readonly clock: () => number;
  /** A random uuid. */
  readonly newId: () => string;
  /** 22 random characters of base64url: the patient's name inside one case. */
  readonly newPseudonym: () => string;
};

export type RequestModel = Pick<RequestDeps, "requester" | "clock"> & {
  readonly store: StoreApi<RequestState>;
  readonly directory: Door["directory"];
  readonly config: Door["config"];
  /** A new search of the record, for one opening of the patient's sheet. */
  newSearch(): PatientSearchModel;
  load(): Promise<void>;
  setPatient(patient: Patient): Promise<void>;
  setAddressee(addressee: Addressee): Promise<void>;
  setUrgency(urgency: Urgency): void;
  setQuestion(question: string): void;
  setDetail(field: DetailField, value: string): void;
  setConsent(consent: ConsentDraft): Promise<void>;
  /** The consent was recorded in error (another patient sat there): it is taken back, and is asked for anew. */
  takeBackConsent(): Promise<void>;
  addPhoto(photo: PreparedPhoto): Promise<Result<void, "storage-full">>;
  removePhoto(photoId: string): Promise<void>;
  hold(): Hold | null;
  send(): Promise<void>;
  /** After "sent" was shown: a new, empty request. */
  begin(): void;
  /** Forgets the draft and its photos. */
  discard(): Promise<void>;
  dispose(): void;
};

/**
 * One request being written. What is typed is kept on this device at once, so that a reload loses nothing; the consent and the
 * photos belong to one patient and one addressee, and go when either changes.
 */
export function createRequestModel(deps: RequestDeps): RequestModel {
  const { vault } = deps.door;
  const fresh = (): Draft => ({
    v: 1,
    caseId: caseIdSchema.parse(deps.newId()),
    pseudonym: deps.newPseudonym(),
    patient: null,
    addressee: null,
    urgency: null,
    question: "",
    details: emptyDetails,
    consent: null,
    photoIds: [],
  });
  const store = createStore<RequestState>(() => ({
    loaded: false,
    draft: fresh(),
    photos: [],
    kept: "nothing",
    step: { at: "writing" },
  }));

  let dirty = false;
  let saving: Promise<void> | null = null;
  const save = (): Promise<void> => {
    dirty = true;
    store.setState({ kept: "saving" });
    saving ??= saveUntilClean().finally(() => {
      saving = null;
    });
    return saving;
  };
  /** One write at a time, always of the newest draft: an older one never overwrites it. */
  const saveUntilClean = async () => {
    while (dirty) {
      dirty = false;
      const kept = await vault.set(draftKey, store.getState().draft);
      store.setState({ kept: kept.ok ? "kept" : "storage-full" });
    }
  };

  const change = (changes: Partial<Draft>): Promise<void> => {
    const { draft, step } = store.getState();
    if (step.at === "sending") return Promise.resolve();
    store.setState({ draft: { ...draft, ...changes }, step: { at: "writing" } });
    return save();
  };
  const dropPhotos = async () => {
    const { photos } = store.getState();
    store.setState({ photos: [] });
    for (const photo of photos) await vault.delete(photoKey(photo.photoId));
  };
  /** A new case: nothing of the consent or the photos of another patient, or for other readers, may come along. */
  const changeParty = async (changes: Partial<Draft>) => {
    const { draft } = store.getState();
    const { caseId, pseudonym } = fresh();
    const gone = draft.consent === null ? {} : { caseId, pseudonym, consent: null, photoIds: [] };
    const telling = takeBack(draft.consent);
    if (draft.consent !== null) await dropPhotos();
    await change({ ...changes, ...gone });
    await telling;
  };
  /** A consent that nothing will be sent under does not stay behind in the registry. Without a network the outbox tells it later. */
  const takeBack = async (consent: ConsentDraft | null) => {
    if (consent !== null) await deps.door.withdrawConsent(null, consent.consentId, "collected-in-error");
  };

  const hold = (): Hold | null => {
    const held = holdOf(store.getState().draft, deps.clock());
    if (held !== null) return held;
    return deps.door.directory.getState().state === "loaded" ? null : "directory";
  };

  return {
    store,
    requester: deps.requester,
    clock: deps.clock,
    directory: deps.door.directory,
    config: deps.door.config,
    newSearch: () => createPatientSearch(deps),
    async load() {
      const draft = readDraft(await vault.get(draftKey));
      if (draft === null) return store.setState({ loaded: true });
      const photos: PreparedPhoto[] = [];
      for (const photoId of draft.photoIds) {
        const photo = readPhoto(await vault.get(photoKey(photoId)));
        if (photo !== null) photos.push(photo);
      }
      store.setState({
        loaded: true,
        draft: { ...draft, photoIds: photos.map((each) => each.photoId) },
        photos,
        kept: "kept",
      });
    },
    async setPatient(patient) {
      const before = store.getState().draft.patient;
      if (before?.recordId === patient.recordId) await change({ patient });
      else await changeParty({ patient });
    },
    async setAddressee(addressee) {
      const before = store.getState().draft.addressee;
      if (before === null || !sameAddressee(before, addressee)) await changeParty({ addressee });
    },
    setUrgency: (urgency) => void change({ urgency }),
    setQuestion: (question) => void change({ question }),
    setDetail: (field, value) =>
      void change({ details: { ...store.getState().draft.details, [field]: value } }),
    setConsent: (consent) => change({ consent }),
    takeBackConsent: () => changeParty({}),
    async addPhoto(photo) {
      const kept = await vault.set(photoKey(photo.photoId), photo);
      if (!kept.ok) return err(kept.error);
      const { photos, draft } = store.getState();
      store.setState({ photos: [...photos, photo] });
      await change({ photoIds: [...draft.photoIds, photo.photoId] });
      return ok(undefined);
    },
    async removePhoto(photoId) {
      const { photos, draft } = store.getState();
      store.setState({ photos: photos.filter((each) => each.photoId !== photoId) });
      await change({ photoIds: draft.photoIds.filter((each) => each !== photoId) });
      await vault.delete(photoKey(photoId));
    },
    hold,
    async send() {
      const { draft, photos, step } = store.getState();
      if (step.at === "sending" || hold() !== null || draft.consent === null) return;
      const request = requestOf(draft, photos, deps);
      if (request === null) return;
      store.setState({ step: { at: "sending" } });
      const sent = await deps.door.sendRequest(request, draft.consent.consentId, photos);
      if (!sent.ok) return store.setState({ step: { at: "refused", reason: sent.error } });
      // The outbox holds it now: the draft goes, so that it cannot be sent twice.
      await vault.delete(draftKey);
      await dropPhotos();
      store.setState({ draft: fresh(), kept: "nothing", step: { at: "sent", caseId: request.caseId } });
    },
    dispose() {},
    begin: () => store.setState({ step: { at: "writing" } }),
    async discard() {
      await saving;
      const { consent } = store.getState().draft;
      await vault.delete(draftKey);
      await dropPhotos();
      store.setState({ draft: fresh(), kept: "nothing", step: { at: "writing" } });
      await takeBack(consent);
    },
  };
}

/** What holds the request back, or null when it may leave. The gate has its own, last word. */
function holdOf(draft: Draft, nowMs: number): Hold | null {
  if (draft.patient === null) return "patient";
  if (draft.addressee === null) return "addressee";
  if (draft.urgency === null) return "urgency";
  if (draft.urgency === "now") return "call-instead";
  if (draft.question.trim() === "") return "question";
  if (draft.details.history.trim() === "") return "history";
  const { consent, addressee } = draft;
  if (consent === null) return "consent";
  if (!consent.recipients.some((each) => sameAddressee(each, addressee))) return "consent-for-others";
  if (!grants(consent, "opinion")) return "opinion-refused";
  return nowMs > Date.parse(consent.expiresAt) ? "consent-expired" : null;
}

export function sameAddressee(a: Addressee, b: Addressee): boolean {
  if (a.kind === "person") return b.kind === "person" && a.userId === b.userId;
  if (a.kind === "specialty") return b.kind === "specialty" && a.specialty === b.specialty;
  return b.kind === "team" && a.teamId === b.teamId;
}

/** The specialty that a request goes under: the pool's own, or that of the named colleague. */
export function specialtyOf(
  addressee: Addressee,
  clinicians: readonly Clinician[],
  teams: readonly CareTeam[],
): Specialty | undefined {
  if (addressee.kind === "specialty") return addressee.specialty;
  if (addressee.kind === "team") return teams.find((each) => each.id === addressee.teamId)?.specialty;
  return clinicians.find((each) => each.userId === addressee.userId)?.specialty;
}

function requestOf(draft: Draft, photos: readonly PreparedPhoto[], deps: RequestDeps): Request | null {
  const directory = deps.door.directory.getState();
  if (draft.addressee === null || draft.urgency === null || directory.state !== "loaded") return null;
  const { clinicians, teams } = directory.value;
  const now = deps.clock();
  const { history, ...others } = draft.details;
  const said = Object.fromEntries(Object.entries(others).filter(([, value]) => value.trim() !== ""));
  const parsed = requestSchema.safeParse({
    caseId: draft.caseId,
    patient: draft.patient,
    addressee: draft.addressee,
    specialty: specialtyOf(draft.addressee, clinicians, teams),
    urgency: draft.urgency,
    dueAt: new Date(now + answerWithinMs[draft.urgency]).toISOString(),
    question: draft.question,
    site: photos[0]?.site,
    history,
    ...said,
    requester: deps.requester,
    createdAt: new Date(now).toISOString(),
  });
  return parsed.success ? parsed.data : null;
}
