import type { Role } from "../kit/role.ts";
import { type Audit, createAudit } from "./audit.ts";

export { type Audit, createAudit } from "./audit.ts";

/** Keeps who did what to which case: an append-only chain of rows without patient data. */
export const auditRole: Role<Audit & AsyncDisposable> = {
  name: "audit",
  start: (context) => createAudit(context),
};
