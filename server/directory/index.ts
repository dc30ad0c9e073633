import type { Role } from "../kit/role.ts";
import { createDirectory, type DirectoryPort } from "./directory.ts";
import { createFhirReader } from "./fhir.ts";

export type { DirectoryPort } from "./directory.ts";

export type DirectoryNeeds = {
  /** How the record is spoken to. */
  readonly fetcher: typeof fetch;
};

/** Who works here and in which teams, and which patients the record knows. Keeps working from its copy while the record is down. */
export const directoryRole = ({ fetcher }: DirectoryNeeds): Role<DirectoryPort & AsyncDisposable> => ({
  name: "directory",
  start: ({ config, db, log, clock, events, signal }) =>
    createDirectory({
      db,
      clock,
      events,
      signal,
      log: log.child({ role: "directory" }),
      reader: createFhirReader(config.fhirUrl, fetcher),
    }),
});
