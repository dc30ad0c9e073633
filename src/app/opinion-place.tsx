import { useEffect } from "react";
import { useLocation } from "wouter";
import { useStore } from "zustand";
import { opinionVersions } from "#protocol/case-state.ts";
import { loadedValue } from "../features/cases/index.ts";
import { createOpinionModel, OpinionScreen } from "../features/opinion/index.ts";
import type { CaseRecord } from "../matrix/index.ts";
import { addressOf, type OfCase, useOpenCase } from "./open-case.ts";
import { newId } from "./random.ts";
import { useOwned } from "./use-owned.ts";

/** `/cas/:key/avis`, and `/cas/:key/avis/rectifier` for a later version of this person's own opinion. */
export function OpinionPlace({ door, clock, caseKey, me, amend }: OfCase & { readonly amend: boolean }) {
  const [, go] = useLocation();
  const record = useOpenCase({ door, caseKey });
  const directory = useStore(door.directory, loadedValue);
  const roomId = record?.roomId ?? null;
  const standing = record === null ? undefined : opinionVersions(record.state).at(-1);
  // The version that was there when the page was opened: a later one of another device is seen when it is signed.
  const version = amend && standing?.opinion.author === me ? standing : null;
  const model = useOwned(
    () =>
      roomId === null || (amend && version === null)
        ? null
        : createOpinionModel({
            door,
            roomId,
            ...(version !== null && {
              amending: { version, send: (draft, why) => door.amendOpinion(roomId, draft, why) },
            }),
            newId,
            picturesSeen: () => picturesSeenBy(me, door.cases.getState().byRoom.get(roomId)),
          }),
    [door, roomId, me, version?.eventId],
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
