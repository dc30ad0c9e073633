import { useLocation } from "wouter";
import { useStore } from "zustand";
import { loadedValue } from "../features/cases/index.ts";
import { createCopiesModel, createRecordModel, RecordScreen } from "../features/record/index.ts";
import { addressOf, type OfCase, useOpenCase } from "./open-case.ts";
import { newId } from "./random.ts";
import { useOwned } from "./use-owned.ts";

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
  const copies = useOwned(
    () => (roomId === null ? null : createCopiesModel({ door, roomId, newId })),
    [door, roomId],
  );
  const people = useStore(door.directory, loadedValue);
  const request = record?.state.request?.request;
  if (model === null || copies === null || record === null || request === undefined) return null;
  return (
    <RecordScreen
      model={model}
      copies={copies}
      patient={request.patient}
      state={record.state}
      people={people}
      nowMs={clock.now()}
      wide={wide}
      onBack={() => go(addressOf(caseKey))}
    />
  );
}
