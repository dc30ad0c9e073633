import { useLocation } from "wouter";
import { useStore } from "zustand";
import type { CaseState } from "#protocol/case-state.ts";
import type { Consent } from "#protocol/consent.ts";
import type { View } from "#protocol/events.ts";
import type { Addressee, Specialty } from "#protocol/people.ts";
import {
  CaptureScreen,
  createCamera,
  createCaptureModel,
  createWorkshop,
} from "../features/capture/index.ts";
import { loadedValue, standingOf } from "../features/cases/index.ts";
import { addressOf, type OfCase, useOpenCase } from "./open-case.ts";
import type { OfRequest } from "./place-props.ts";
import { newId } from "./random.ts";
import { useOwned } from "./use-owned.ts";

/** `/demande/photo` */
export function RequestPhotoPlace({ door, clock, model }: OfRequest) {
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

/** `/cas/:key/photo` */
export function CasePhotoPlace({ door, clock, caseKey }: OfCase) {
  const [, go] = useLocation();
  const record = useOpenCase({ door, caseKey });
  const roomId = record?.roomId ?? null;
  const model = useOwned(() => {
    if (roomId === null || record === null) return null;
    return createCaptureModel({
      camera: createCamera(navigator.mediaDevices),
      workshop: createWorkshop(),
      clock: clock.now,
      newId,
      // The newest word of the patient that was not taken back is the one that counts.
      consent: consentToPhotograph(record.state, clock.now()),
      views: viewsFor(record.state.request?.request.specialty ?? null),
      onAhead: (photo) => door.sendPreview(roomId, photo),
      onPhoto: (photo) => door.sendPhoto(roomId, photo),
    });
  }, [door, roomId, record?.state.consents.length, record?.state.withdrawals.length]);
  const request = record?.state.request?.request;
  if (model === null || request === undefined) return null;
  return (
    <CaptureScreen
      model={model}
      patient={request.patient}
      nowMs={clock.now()}
      onDone={() => go(addressOf(caseKey))}
      onAskConsent={() => go(`${addressOf(caseKey)}/accord`)}
    />
  );
}

function consentToPhotograph(state: CaseState, nowMs: number): Consent | null {
  const standing = standingOf(state, nowMs);
  return standing === null || standing.state === "withdrawn" ? null : standing.consent;
}

/** The series that each specialty asks for; further photos may follow. */
function viewsFor(specialty: Specialty | null): readonly View[] {
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
