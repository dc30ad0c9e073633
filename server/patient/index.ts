import { fullName } from "#protocol/people.ts";
import type { Audit } from "../audit/index.ts";
import type { Registry } from "../consent/index.ts";
import type { DirectoryPort } from "../directory/index.ts";
import type { Role } from "../kit/role.ts";
import { createCopies } from "./copies.ts";
import { createLinks } from "./links.ts";
import { migrations } from "./migrations.ts";
import type { PatientPort } from "./port.ts";

export type { PatientPort } from "./port.ts";

/** What it needs of the others: the registry's word, names for the patient to read, who opened what. */
export type PatientNeeds = {
  readonly audit: Pick<Audit, "note" | "accessesOfCase">;
  readonly registry: Pick<Registry, "factsOf" | "withdrawByPatient">;
  readonly directory: Pick<DirectoryPort, "find">;
};

/** The patient's own phone and the private copy: sealed texts on their way between two devices, and the patient's word to withdraw. */
export const patientRole = ({
  audit,
  registry,
  directory,
}: PatientNeeds): Role<PatientPort & AsyncDisposable> => ({
  name: "patient",
  start: async ({ db, clock }) => {
    await db.migrate("patient", migrations);
    const parts = {
      db,
      clock,
      audit,
      factsOf: registry.factsOf,
      withdrawByPatient: (consentId: string) => registry.withdrawByPatient(consentId, "patient-asked"),
      accessesOfCase: audit.accessesOfCase,
      nameOf: (userId: string) => {
        const person = directory.find(userId);
        return person === undefined ? userId : fullName(person);
      },
    };
    return { ...createLinks(parts), ...createCopies(parts), [Symbol.asyncDispose]: async () => {} };
  },
});
