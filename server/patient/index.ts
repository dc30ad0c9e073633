import type { Role } from "../kit/role.ts";
import { createCopies } from "./copies.ts";
import { createLinks } from "./links.ts";
import { migrations } from "./migrations.ts";
import type { PatientParts, PatientPort } from "./port.ts";

export type { PatientPort } from "./port.ts";

export type PatientNeeds = Omit<PatientParts, "db" | "clock">;

/** The patient's own phone and the private copy: sealed texts on their way between two devices, and the patient's word to withdraw. */
export const patientRole = (needs: PatientNeeds): Role<PatientPort & AsyncDisposable> => ({
  name: "patient",
  start: async ({ db, clock }) => {
    await db.migrate("patient", migrations);
    const parts = { ...needs, db, clock };
    return { ...createLinks(parts), ...createCopies(parts), [Symbol.asyncDispose]: async () => {} };
  },
});
