import { createStore, type StoreApi } from "zustand/vanilla";
import type { ErrorCode } from "#protocol/errors.ts";
import { minMisfiledReason } from "#protocol/misfiling.ts";
import type { Patient } from "#protocol/patient.ts";
import type { Door } from "../../matrix/types.ts";

/** What stands in the way of saying it. */
export type Hold = "reason" | "whose" | "same";

export type WrongPatientState = {
  readonly reason: string;
  /** Whose the case is; that somebody else will say it, or nobody can; or not said yet. */
  readonly whose: Patient | "unknown" | null;
  readonly step:
    | { readonly at: "asking" | "telling" | "told" }
    | { readonly at: "failed"; readonly error: ErrorCode | "storage-full" };
};

export type WrongPatientModel = {
  readonly store: StoreApi<WrongPatientState>;
  /** Who asked was with the patient, and alone says whose it is. */
  readonly saysWhose: boolean;
  /** Somebody said already that it is the wrong one. */
  readonly isSaid: boolean;
  readonly wrong: Patient;
  explain(reason: string): void;
  choose(whose: Patient | "unknown" | null): void;
  hold(): Hold | null;
  tell(): Promise<void>;
  dispose(): void;
};

type Ports = Pick<WrongPatientModel, "saysWhose" | "isSaid" | "wrong"> & {
  readonly door: Pick<Door, "sayMisfiled" | "correctIdentity">;
  readonly roomId: string;
};

/** That a case is of the wrong patient, and whose it is: what happened, the right patient found in the record, one signature. */
export function createWrongPatient({ door, roomId, saysWhose, isSaid, wrong }: Ports): WrongPatientModel {
  const store = createStore<WrongPatientState>(() => ({ reason: "", whose: null, step: { at: "asking" } }));

  let disposed = false;

  const hold = (): Hold | null => {
    const { reason, whose } = store.getState();
    if (!isSaid && reason.trim().length < minMisfiledReason) return "reason";
    if (!saysWhose) return null;
    if (whose === null || (isSaid && whose === "unknown")) return "whose";
    return whose !== "unknown" && whose.recordId === wrong.recordId ? "same" : null;
  };

  return {
    store,
    saysWhose,
    isSaid,
    wrong,
    hold,
    explain: (reason) => store.setState({ reason }),
    choose: (whose) => store.setState({ whose }),
    async tell() {
      const { reason, whose, step } = store.getState();
      if (hold() !== null || step.at === "telling" || step.at === "told") return;
      store.setState({ step: { at: "telling" } });
      const right = whose === "unknown" ? null : whose;
      const answer =
        isSaid && right !== null
          ? await door.correctIdentity(roomId, right)
          : await door.sayMisfiled(roomId, reason.trim(), right);
      if (disposed) return;
      store.setState({ step: answer.ok ? { at: "told" } : { at: "failed", error: answer.error } });
    },
    dispose: () => {
      disposed = true;
    },
  };
}
