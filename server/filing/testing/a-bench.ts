import { afterEach, beforeAll, beforeEach } from "vitest";
import type { Patient } from "#protocol/patient.ts";
import { delattre, type People, people } from "./a-case.ts";
import { aFilingPlace } from "./a-filing.ts";
import { aRecord, patientResource } from "./a-record.ts";

/** What a case leaves in the record that can be entered in error. */
export const clinical = [
  "DocumentReference",
  "DiagnosticReport",
  "ServiceRequest",
  "Task",
  "Consent",
  "Communication",
  "ImagingStudy",
  "List",
] as const;

/** What most tests of filing begin with: people with keys, and for each test a record that has these patients, and filing over it. */
export function aBench(patients: readonly Patient[] = [delattre]) {
  let all: People | undefined;
  let record: ReturnType<typeof aRecord> | undefined;
  let place: ReturnType<typeof aFilingPlace> | undefined;
  beforeAll(async () => {
    all = await people();
  });
  beforeEach(() => {
    record = aRecord();
    for (const patient of patients) record.put(patientResource(patient));
    place = aFilingPlace(given(all), record);
  });
  afterEach(() => place?.remove());
  return {
    get all() {
      return given(all);
    },
    get record() {
      return given(record);
    },
    get place() {
      return given(place);
    },
    /** The last word on an event. */
    stateOf: (eventId: string) => given(place).words().get(eventId)?.state,
  };
}

function given<T>(each: T | undefined): T {
  if (each === undefined) throw new Error("Only inside a test");
  return each;
}
