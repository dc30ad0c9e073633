import { useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useStore } from "zustand";
import { grants } from "#protocol/consent.ts";
import type { View } from "#protocol/events.ts";
import type { Addressee, Specialty } from "#protocol/people.ts";
import {
  CaptureScreen,
  createCamera,
  createCaptureModel,
  createWorkshop,
} from "../features/capture/index.ts";
import { loadedValue } from "../features/cases/index.ts";
import { ConsentScreen, createConsentModel } from "../features/consent/index.ts";
import { NewRequestScreen, type RequestModel } from "../features/request/index.ts";
import type { Door } from "../matrix/index.ts";
import type { Clock } from "./clock.ts";
import { newConsentId, newId, sha256OfText } from "./random.ts";
import { useOwned } from "./use-owned.ts";

type Props = {
  readonly door: Door;
  readonly clock: Clock;
  readonly me: string;
  /** The one request that is being written; it outlives the screens. */
  readonly model: RequestModel;
};

/** `/demande` */
export function RequestPlace({ model }: Props) {
  const [, go] = useLocation();
  // What was sent before is over: this place begins a new request, or goes on with the draft.
  useEffect(() => model.begin(), [model]);
  const sent = useCallback((caseId: string) => go(`/cas/${caseId}`), [go]);
  return (
    <NewRequestScreen
      model={model}
      onClose={() => go("/")}
      onConsent={() => go("/demande/accord")}
      onCamera={() => go("/demande/photo")}
      onSent={sent}
    />
  );
}

/** `/demande/accord` */
export function ConsentPlace({ door, clock, me, model }: Props) {
  const [, go] = useLocation();
  const { i18n } = useTranslation();
  const directory = useStore(door.directory, loadedValue);
  const hospital = useStore(door.config, loadedValue)?.hospital.name ?? null;
  const { loaded, draft } = useStore(model.store);
  const { patient, addressee, caseId, pseudonym } = draft;
  const ready = directory !== null && hospital !== null && patient !== null && addressee !== null;
  useEffect(() => {
    if (loaded && (patient === null || addressee === null)) go("/demande", { replace: true });
  }, [loaded, patient, addressee, go]);

  const consent = useOwned(
    () =>
      ready
        ? createConsentModel({
            door,
            clinicians: directory.clinicians,
            teams: new Map(directory.teams.map((team) => [team.id, team.name])),
            hospital,
            collector: me,
            clock: clock.now,
            newId: newConsentId,
            sha256: sha256OfText,
            language: i18n.language.startsWith("fr") ? "fr" : "en",
            subject: { caseId, pseudonym, patient, recipients: [addressee] },
            onRecorded: (recorded) => {
              const pictures = (["care-named", "care-team", "care-outside-team"] as const).some((purpose) =>
                grants(recorded, purpose),
              );
              void model.setConsent(recorded).then(() => go(pictures ? "/demande/photo" : "/demande"));
            },
          })
        : null,
    [ready, caseId],
  );
  return consent === null ? null : <ConsentScreen model={consent} onClose={() => go("/demande")} />;
}

/** `/demande/photo` */
export function RequestPhotoPlace({ door, clock, model }: Props) {
  const [, go] = useLocation();
  const { loaded, draft } = useStore(model.store);
  const specialty = useStore(door.directory, (directory) =>
    draft.addressee === null ? null : specialtyOf(draft.addressee, loadedValue(directory)),
  );
  const { consent, patient } = draft;
  const capture = useOwned(
    () =>
      loaded
        ? createCaptureModel({
            camera: createCamera(navigator.mediaDevices),
            workshop: createWorkshop(),
            clock: clock.now,
            newId,
            consent,
            views: viewsFor(specialty),
            already: model.store
              .getState()
              .photos.map(({ view, photoId, site }) => ({ view, photoId, site })),
            onPhoto: (photo) => model.addPhoto(photo),
          })
        : null,
    [loaded, model, consent?.consentId, specialty],
  );
  if (capture === null || patient === null) return null;
  return (
    <CaptureScreen
      model={capture}
      patient={patient}
      nowMs={clock.now()}
      onDone={() => go("/demande")}
      onAskConsent={() => go("/demande/accord")}
    />
  );
}

/** The series that each specialty asks for; further photos may follow. */
export function viewsFor(specialty: Specialty | null): readonly View[] {
  if (specialty === "ophthalmology") return ["fundus", "close-up", "other"];
  if (specialty === "dermatology") return ["overview", "close-up", "dermoscopy"];
  return ["overview", "close-up", "profile"];
}

function specialtyOf(
  addressee: Addressee,
  directory: {
    readonly clinicians: readonly { userId: string; specialty: Specialty }[];
    readonly teams: readonly { id: string; specialty: Specialty }[];
  } | null,
): Specialty | null {
  switch (addressee.kind) {
    case "specialty":
      return addressee.specialty;
    case "person":
      return directory?.clinicians.find((each) => each.userId === addressee.userId)?.specialty ?? null;
    case "team":
      return directory?.teams.find((each) => each.id === addressee.teamId)?.specialty ?? null;
  }
}
