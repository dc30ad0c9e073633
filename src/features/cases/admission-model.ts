import { createStore, type StoreApi } from "zustand/vanilla";
import type { RefusalReason } from "#protocol/disclose.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import { maxReason, minReason } from "#protocol/glass.ts";
import type { Clinician } from "#protocol/people.ts";
import type { Door } from "../../matrix/types.ts";
import type { OpenCase } from "./case-view.ts";

/** What a broken glass may open: where a consent ends, or does not reach. Never past a no of the patient (rule G11). */
const emergencies: readonly (RefusalReason | ErrorCode)[] = ["audience-not-covered", "expired"];
/** What asking the patient anew may mend. */
const mendable: readonly (RefusalReason | ErrorCode)[] = [
  ...emergencies,
  "no-consent",
  "purpose-not-granted",
  "opinion-not-granted",
  "withdrawn",
  "gate-refused",
];

export type AdmissionState =
  | { readonly at: "choosing" }
  | { readonly at: "asking"; readonly reader: string }
  /** The consent does not cover them: asked anew, or in an emergency past it. */
  | {
      readonly at: "refused";
      readonly reader: string;
      readonly reason: RefusalReason | ErrorCode;
      readonly mayAskPatient: boolean;
      readonly mayBreak: boolean;
    }
  | { readonly at: "emergency"; readonly reader: string; readonly lack: "reason" | null }
  | { readonly at: "breaking"; readonly reader: string }
  | {
      readonly at: "failed";
      readonly reader: string;
      readonly error: ErrorCode | RefusalReason | "storage-full";
    }
  | { readonly at: "done"; readonly reader: string; readonly by: "consent" | "glass" | "here" | "registry" };

/** The way of one person into a case: the consent first, and only where that ends the broken glass. */
export type AdmissionModel = {
  readonly store: StoreApi<AdmissionState>;
  /** On this device alone, into its journal: the registry is silent. */
  readonly here: boolean;
  /** Whom this person could add. */
  readonly colleagues: readonly Clinician[];
  add(reader: string): Promise<void>;
  /** Nobody could be asked: says so, with a reason that everybody will read. */
  toEmergency(): void;
  breakGlass(reason: string): Promise<void>;
  back(): void;
};

/**
 * `reader` is the one who is meant from the beginning: this person themself, whose consent has ended. With `here` it is this device's own
 * emergency while the registry is silent.
 */
export function createAdmission({
  door,
  view,
  reader,
  here = false,
}: {
  door: Pick<Door, "addMember" | "breakGlass" | "breakGlassHere">;
  view: Pick<OpenCase, "roomId" | "me" | "people" | "directory" | "consent">;
  reader: string | null;
  here?: boolean;
}): AdmissionModel {
  const { roomId, me } = view;
  const store = createStore<AdmissionState>(() =>
    reader === null ? { at: "choosing" } : { at: "emergency", reader, lack: null },
  );
  const become = (state: AdmissionState): void => store.setState(state, true);
  const inside = new Set(view.people.map((each) => each.userId));

  const ask = async (who: string, by: "consent" | "glass"): Promise<void> => {
    const answer = await door.addMember(roomId, who);
    if (answer.ok) return become({ at: "done", reader: who, by });
    const reason = answer.error;
    if (by === "glass" || !mendable.includes(reason))
      return become({ at: "failed", reader: who, error: reason });
    const mayBreak = emergencies.includes(reason) && view.consent !== null;
    become({ at: "refused", reader: who, reason, mayAskPatient: true, mayBreak });
  };

  const openHere = async (over: readonly string[], reason: string): Promise<void> => {
    for (const consentId of over) {
      const answer = await door.breakGlassHere(roomId, { consentId, reason });
      if (!answer.ok) return become({ at: "failed", reader: me, error: answer.error });
      if (answer.value === "registry-answers") return become({ at: "done", reader: me, by: "registry" });
    }
    become({ at: "done", reader: me, by: "here" });
  };

  return {
    store,
    here,
    colleagues: (view.directory?.clinicians ?? []).filter((each) => !inside.has(each.userId)),
    async add(who) {
      if (store.getState().at === "asking") return;
      become({ at: "asking", reader: who });
      await ask(who, "consent");
    },
    toEmergency() {
      const state = store.getState();
      if (state.at === "refused" && state.mayBreak)
        become({ at: "emergency", reader: state.reader, lack: null });
    },
    async breakGlass(reason) {
      const state = store.getState();
      if ((state.at !== "emergency" && state.at !== "failed") || view.consent === null) return;
      const who = state.reader;
      const words = reason.trim();
      if (words.length < minReason || words.length > maxReason)
        return become({ at: "emergency", reader: who, lack: "reason" });
      become({ at: "breaking", reader: who });
      if (here) return openHere(view.consent.glassOver, words);
      for (const consentId of view.consent.glassOver) {
        const answer = await door.breakGlass(roomId, { consentId, reader: who, reason: words });
        if (!answer.ok) return become({ at: "failed", reader: who, error: answer.error });
      }
      if (who === me || inside.has(who)) return become({ at: "done", reader: who, by: "glass" });
      await ask(who, "glass");
    },
    back: () => become({ at: "choosing" }),
  };
}
