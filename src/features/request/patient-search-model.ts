import { createStore, type StoreApi } from "zustand/vanilla";
import type { ErrorCode } from "#protocol/errors.ts";
import { type Patient, type PatientQuery, patientQuerySchema } from "#protocol/patient.ts";
import type { Door } from "../../matrix/types.ts";
import { readBirthDate } from "./birth-date.ts";

/** What was typed, field by field. */
export type Traits = {
  readonly by: "traits" | "identifier";
  readonly family: string;
  readonly given: string;
  readonly birthDate: string;
  readonly identifier: string;
};

export type PatientSearchState = {
  readonly traits: Traits;
  readonly step:
    | { readonly at: "asking" }
    | { readonly at: "unreadable"; readonly field: "birthDate" | "family" | "identifier" }
    | { readonly at: "searching" }
    | { readonly at: "none" }
    | { readonly at: "failed"; readonly error: ErrorCode }
    | { readonly at: "several"; readonly matches: readonly Patient[]; readonly more: boolean }
    /** One patient is in front of the person, who says whether it is the right one. */
    | { readonly at: "confirming"; readonly patient: Patient; readonly among: readonly Patient[] };
};

export type PatientSearchModel = {
  readonly store: StoreApi<PatientSearchState>;
  type(changes: Partial<Traits>): void;
  /** The day of birth as it was understood, or null. */
  birthDate(): string | null;
  search(): Promise<void>;
  choose(patient: Patient): void;
  back(): void;
};

const empty: Traits = { by: "traits", family: "", given: "", birthDate: "", identifier: "" };

/** Looks a patient up in the record. Nothing is ever created there: who is not found is not added. */
export function createPatientSearch(deps: {
  readonly door: Pick<Door, "searchPatients">;
  readonly clock: () => number;
}): PatientSearchModel {
  const store = createStore<PatientSearchState>(() => ({ traits: empty, step: { at: "asking" } }));
  let asked = 0;
  const birthDate = () => readBirthDate(store.getState().traits.birthDate, deps.clock());

  return {
    store,
    birthDate,
    type(changes) {
      asked += 1;
      store.setState({ traits: { ...store.getState().traits, ...changes }, step: { at: "asking" } });
    },
    async search() {
      const { traits } = store.getState();
      const query = queryOf(traits, birthDate());
      if (!query.ok) return store.setState({ step: { at: "unreadable", field: query.field } });
      asked += 1;
      const mine = asked;
      store.setState({ step: { at: "searching" } });
      const found = await deps.door.searchPatients(query.query);
      if (mine !== asked) return;
      if (!found.ok) return store.setState({ step: { at: "failed", error: found.error } });
      const { matches, more } = found.value;
      const [first, second] = matches;
      if (first === undefined) store.setState({ step: { at: "none" } });
      else if (second === undefined && !more)
        store.setState({ step: { at: "confirming", patient: first, among: matches } });
      else store.setState({ step: { at: "several", matches, more } });
    },
    choose(patient) {
      const { step } = store.getState();
      if (step.at === "several") store.setState({ step: { at: "confirming", patient, among: step.matches } });
    },
    back() {
      const { step } = store.getState();
      const several = step.at === "confirming" && step.among.length > 1;
      store.setState({
        step: several ? { at: "several", matches: step.among, more: false } : { at: "asking" },
      });
    },
  };
}

type Asked =
  | { readonly ok: true; readonly query: PatientQuery }
  | { readonly ok: false; readonly field: "birthDate" | "family" | "identifier" };

function queryOf(traits: Traits, birthDate: string | null): Asked {
  if (traits.by === "identifier") {
    const parsed = patientQuerySchema.safeParse({ identifier: traits.identifier.replace(/\s+/g, "") });
    return parsed.success ? { ok: true, query: parsed.data } : { ok: false, field: "identifier" };
  }
  if (traits.birthDate.trim() !== "" && birthDate === null) return { ok: false, field: "birthDate" };
  const said = (value: string) => (value.trim() === "" ? undefined : value.trim());
  const parsed = patientQuerySchema.safeParse({
    family: said(traits.family),
    given: said(traits.given),
    birthDate: birthDate ?? undefined,
  });
  return parsed.success ? { ok: true, query: parsed.data } : { ok: false, field: "family" };
}
