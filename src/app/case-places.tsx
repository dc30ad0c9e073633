import { useEffect } from "react";
import { useLocation } from "wouter";
import { useStore } from "zustand";
import {
  CaptureScreen,
  createCamera,
  createCaptureModel,
  createWorkshop,
} from "../features/capture/index.ts";
import { CaseScreen, createCaseModel, findCase, loadedValue } from "../features/cases/index.ts";
import { createOpinionModel, OpinionScreen } from "../features/opinion/index.ts";
import { createRecordModel, RecordScreen } from "../features/record/index.ts";
import type { CaseRecord } from "../matrix/index.ts";
import type { PlaceProps } from "./place-props.ts";
import { newId } from "./random.ts";
import { viewsFor } from "./request-places.tsx";
import { useOwned } from "./use-owned.ts";

type OfCase = PlaceProps & { readonly caseKey: string; readonly wide: boolean };

const addressOf = (caseKey: string): string => `/cas/${encodeURIComponent(caseKey)}`;

/** `/cas/:key` */
export function CasePlace({ door, clock, caseKey, wide }: OfCase) {
  const model = useOwned(() => createCaseModel({ door, key: caseKey, clock }), [door, clock, caseKey]);
  return model === null ? null : <CaseScreen model={model} wide={wide} />;
}

/** `/cas/:key/avis` */
export function OpinionPlace({ door, clock, caseKey, me }: OfCase) {
  const [, go] = useLocation();
  const record = useOpenCase({ door, caseKey });
  const directory = useStore(door.directory, loadedValue);
  const roomId = record?.roomId ?? null;
  const model = useOwned(
    () =>
      roomId === null
        ? null
        : createOpinionModel({
            door,
            roomId,
            newId,
            picturesSeen: () => picturesSeenBy(me, door.cases.getState().byRoom.get(roomId)),
          }),
    [door, roomId, me],
  );
  useEffect(() => void model?.load(), [model]);
  const request = record?.state.request?.request;
  if (model === null || request === undefined) return null;
  const person = (userId: string) => directory?.clinicians.find((each) => each.userId === userId);
  const back = () => go(addressOf(caseKey));
  return (
    <OpinionScreen
      model={model}
      request={request}
      requester={person(request.requester)}
      author={person(me)}
      nowMs={clock.now()}
      onClose={back}
      onGiven={back}
    />
  );
}

/** Hashes of the pictures that were really on this person's screen. */
function picturesSeenBy(me: string, record: CaseRecord | undefined): string[] {
  const photos = record?.state.photos ?? [];
  return photos
    .filter((photo) => photo.sender === me || record?.state.seen.get(photo.eventId)?.has(me))
    .map((photo) => photo.photo.receipt.payload.pictureSha256);
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
      // The latest word of the patient in this case is the one that counts.
      consent: record.state.consents.at(-1)?.consent ?? null,
      views: viewsFor(record.state.request?.request.specialty ?? null),
      onAhead: (photo) => door.sendPreview(roomId, photo),
      onPhoto: (photo) => door.sendPhoto(roomId, photo),
    });
  }, [door, roomId]);
  const request = record?.state.request?.request;
  if (model === null || request === undefined) return null;
  return (
    <CaptureScreen
      model={model}
      patient={request.patient}
      nowMs={clock.now()}
      onDone={() => go(addressOf(caseKey))}
    />
  );
}

/** `/cas/:key/dossier` */
export function RecordPlace({ door, clock, caseKey, wide }: OfCase) {
  const [, go] = useLocation();
  const record = useOpenCase({ door, caseKey });
  const roomId = record?.roomId ?? null;
  const model = useOwned(
    () =>
      roomId === null
        ? null
        : createRecordModel({
            door,
            roomId,
            urls: { create: (blob) => URL.createObjectURL(blob), revoke: (url) => URL.revokeObjectURL(url) },
          }),
    [door, roomId],
  );
  const request = record?.state.request?.request;
  if (model === null || record === null || request === undefined) return null;
  return (
    <RecordScreen
      model={model}
      patient={request.patient}
      state={record.state}
      nowMs={clock.now()}
      wide={wide}
      onBack={() => go(addressOf(caseKey))}
    />
  );
}

const useOpenCase = ({ door, caseKey }: Pick<OfCase, "door" | "caseKey">): CaseRecord | null =>
  useStore(door.cases, (cases) => findCase(cases, caseKey));
