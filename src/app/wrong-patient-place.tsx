import { useCallback, useEffect, useState } from "react";
import { useLocation } from "wouter";
import { useStore } from "zustand";
import { mayMisfile } from "#protocol/case-state.ts";
import { loadedValue, personName } from "../features/cases/index.ts";
import { createPatientSearch } from "../features/request/index.ts";
import { createWrongPatient, WrongPatientScreen } from "../features/wrong-patient/index.ts";
import type { CaseRecord } from "../matrix/index.ts";
import { addressOf, type OfCase, useOpenCase } from "./open-case.ts";
import { useOwned } from "./use-owned.ts";

/** `/cas/:key/patient`: the case is of the wrong patient. Only for those whose word on it counts. */
export function WrongPatientPlace({ door, clock, caseKey, me }: OfCase) {
  const [, go] = useLocation();
  const record = useOpenCase({ door, caseKey });
  const directory = useStore(door.directory, loadedValue);
  const bot = useStore(door.config, loadedValue)?.bot;
  const copies = useCopies(door, record?.roomId ?? null);
  const request = record?.state.request?.request;
  const mine = request?.requester === me;
  const may = record !== null && (record.state.misfiled === null ? mayMisfile(record.state, me) : mine);
  const model = useOwned(
    () =>
      record !== null && request !== undefined && may
        ? createWrongPatient({
            door,
            roomId: record.roomId,
            saysWhose: mine,
            isSaid: record.state.misfiled !== null,
            wrong: request.patient,
          })
        : null,
    // As it was when the page was opened: what is said meanwhile is judged when it is signed.
    [door, record?.roomId, me, may],
  );
  const newSearch = useCallback(() => createPatientSearch({ door, clock: clock.now }), [door, clock]);
  const back = useCallback(() => go(addressOf(caseKey)), [go, caseKey]);
  if (model === null || record === null || request === undefined) return null;
  const names = (all: readonly string[]) =>
    all
      .filter((each) => each !== me && each !== bot)
      .map((each) => personName(each, directory, "full"))
      .join(", ");
  return (
    <WrongPatientScreen
      model={model}
      newSearch={newSearch}
      told={names(record.members)}
      seen={names(readersOf(record))}
      copies={copies}
      requester={personName(request.requester, directory, "full")}
      nowMs={clock.now()}
      onClose={back}
    />
  );
}

/** Who had anything of the case on screen. */
const readersOf = ({ state }: CaseRecord): string[] => [
  ...new Set([...state.seen.values()].flatMap((readers) => [...readers.keys()])),
];

/** Who got a copy of its letter, by name. */
function useCopies(door: OfCase["door"], roomId: string | null): string {
  const [copies, setCopies] = useState("");
  useEffect(() => {
    if (roomId === null) return;
    let gone = false;
    void door.readCopies(roomId).then((answer) => {
      if (gone || !answer.ok) return;
      const handed = answer.value.copies.filter((copy) => copy.state !== "failed");
      setCopies([...new Set(handed.map((copy) => copy.name))].join(", "));
    });
    return () => {
      gone = true;
    };
  }, [door, roomId]);
  return copies;
}
