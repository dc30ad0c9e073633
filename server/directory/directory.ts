import { z } from "zod";
import { type Directory, directorySchema, type PatientMatches } from "#protocol/api.ts";
import type { Correspondents } from "#protocol/copies.ts";
import type { PatientQuery } from "#protocol/patient.ts";
import type { CareTeam, Clinician } from "#protocol/people.ts";
import { type Logger, toLog } from "../kit/log.ts";
import type { RoleContext } from "../kit/role.ts";
import { createCorrespondents } from "./correspondents.ts";
import { careTeamSchema, type FhirReader, practitionerRoleSchema, practitionerSchema } from "./fhir.ts";
import { searchPatients } from "./patients.ts";
import { toDirectory } from "./people.ts";

export type DirectoryPort = {
  /** As last read from the record. */
  current(): Directory;
  clinicians(): readonly Clinician[];
  teams(): readonly CareTeam[];
  find(userId: string): Clinician | undefined;
  /** Whom letters may be sent to. */
  readonly correspondents: Correspondents;
  /** Throws `record-unreachable`. */
  searchPatients(query: PatientQuery): Promise<PatientMatches>;
  /** False until the record was read for the first time ever: nobody is known yet, which is not the same as nobody being there. */
  isKnown(): boolean;
  /** Whether the record answered the last time that it was asked. */
  recordIsUp(): boolean;
  /** Reads the record now; resolves when done, whether it answered or not. */
  refresh(): Promise<void>;
};

const everyMs = 60_000;
/** While the record is down, its return is noticed soon. */
const whileDownMs = 1_000;

const migrations = [
  "CREATE TABLE directory_copy (id INTEGER PRIMARY KEY CHECK (id = 1), directory TEXT NOT NULL)",
];

export async function createDirectory(
  parts: Pick<RoleContext, "db" | "clock" | "events" | "signal"> & { log: Logger; reader: FhirReader },
): Promise<DirectoryPort & AsyncDisposable> {
  const { db, clock, events, signal, log, reader } = parts;
  await db.migrate("directory", migrations);
  const copy = await readCopy(db);
  let known = copy !== undefined;
  let current = copy ?? { clinicians: [], teams: [], updatedAt: new Date(0).toISOString() };
  let up: boolean | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  function setUp(now: boolean): void {
    if (up === now) return;
    up = now;
    log.info({ record: now ? "up" : "down" }, "the record");
    events.emit(now ? "record-up" : "record-down", {});
  }

  async function read(): Promise<void> {
    try {
      const [practitioners, roles, teams] = await Promise.all([
        reader.all(practitionerSchema, "Practitioner?_count=200"),
        reader.all(practitionerRoleSchema, "PractitionerRole?_count=200"),
        reader.all(careTeamSchema, "CareTeam?_count=200"),
      ]);
      current = { ...toDirectory(practitioners, roles, teams), updatedAt: new Date(clock()).toISOString() };
      await db.run(
        "INSERT INTO directory_copy (id, directory) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET directory = excluded.directory",
        JSON.stringify(current),
      );
      known = true;
      setUp(true);
    } catch (error) {
      // Told once, not at every try.
      if (up !== false) log.warn(toLog(error), "could not read the directory from the record");
      setUp(false);
    }
  }

  /** One reading at a time; the next is planned when this one is over. */
  function refresh(): Promise<void> {
    clearTimeout(timer);
    running ??= read().finally(() => {
      running = undefined;
      if (!signal.aborted) timer = setTimeout(refresh, up === true ? everyMs : whileDownMs);
    });
    return running;
  }

  void refresh();
  return {
    current: () => current,
    clinicians: () => current.clinicians,
    teams: () => current.teams,
    find: (userId) => current.clinicians.find((each) => each.userId === userId),
    correspondents: createCorrespondents(reader),
    searchPatients: (query) => searchPatients(reader, query),
    isKnown: () => known,
    recordIsUp: () => up === true,
    refresh,
    [Symbol.asyncDispose]: async () => {
      await running;
      clearTimeout(timer);
    },
  };
}

async function readCopy(db: RoleContext["db"]): Promise<Directory | undefined> {
  const row = await db.one(
    z.object({ directory: z.string() }),
    "SELECT directory FROM directory_copy WHERE id = 1",
  );
  return row === undefined ? undefined : directorySchema.safeParse(JSON.parse(row.directory)).data;
}
