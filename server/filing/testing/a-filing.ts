import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Status } from "#protocol/disclose.ts";
import type { Filed } from "#protocol/events.ts";
import { createLogger } from "../../kit/log.ts";
import { createSealer } from "../../kit/seal.ts";
import { openDatabase } from "../../store/index.ts";
import { createFiling, type Filing, type FilingOptions, type WorkItem } from "../index.ts";
import type { DocumentFlavour } from "../plan/index.ts";
import type { StampSource } from "../stamp/authority.ts";
import { clinicians, type People, startMs } from "./a-case.ts";
import type { aRecord } from "./a-record.ts";

export type Told = { readonly roomId: string; readonly filed: Filed; readonly id: string };

/** The clock stands an hour after the case began, and runs. */
const offsetMs = startMs + 3600_000 - Date.now();

/** Filing over a database file that outlives it, so that a test can end it at any moment and begin again. */
export function aFilingPlace(
  all: People,
  record: ReturnType<typeof aRecord>,
  withArchive = true,
  documents: DocumentFlavour = "contained",
  timestamps?: StampSource,
  config: Partial<FilingOptions["config"]> = {},
) {
  const folder = mkdtempSync(join(tmpdir(), "filing-"));
  const key = randomBytes(32);
  const told: Told[] = [];
  let status: Status = { state: "live", untilMs: startMs + 365 * 86400_000 };
  let botDown = false;
  /** The registry's signed words on the consents of each case. */
  const leases = new Map<string, string[]>();

  async function open(
    fetcher: typeof fetch = record.fetcher,
    correspondence?: FilingOptions["correspondence"],
    convert?: FilingOptions["convert"],
  ): Promise<Filing> {
    const db = openDatabase(join(folder, "filing.sqlite"));
    const filing = await createFiling({
      archivist: "@archiviste:valombre.example",
      db,
      sealer: createSealer(key, "filing"),
      config: {
        fhirUrl: "http://record.test/fhir",
        dicomwebUrl: withArchive ? "http://record.test/dicom-web" : undefined,
        documents,
        ...config,
      },
      registry: {
        key: all.registry.publicJwk,
        statusOf: async () => status,
        leasesOf: async (caseId) => leases.get(caseId) ?? [],
      },
      directory: { clinician: (userId) => clinicians.find((each) => each.userId === userId) },
      hospital: {
        name: "CHU de Valombre",
        address: "12, quai des Tanneurs, Valombre",
        organizationId: "valombre",
        finess: "599900001",
      },
      correspondence,
      convert,
      clock: () => Date.now() + offsetMs,
      log: createLogger("silent"),
      onOutcome: async (roomId, filed, id) => {
        if (botDown) throw new Error("the bot is not there");
        told.push({ roomId, filed, id });
      },
      timestamps,
      fetcher,
      random: () => 0,
    });
    return {
      ...filing,
      [Symbol.asyncDispose]: async () => {
        await filing[Symbol.asyncDispose]();
        await db[Symbol.asyncDispose]();
      },
    };
  }

  return {
    open,
    told,
    setStatus: (next: Status) => {
      status = next;
    },
    setLeases: (caseId: string, words: string[]) => void leases.set(caseId, words),
    setBotDown: (down: boolean) => {
      botDown = down;
    },
    /** The last word on each event. */
    words: () => new Map(told.map(({ filed }) => [filed.ofEvent, filed.outcome])),
    path: join(folder, "filing.sqlite"),
    /** Nobody waits for his backoff in a test. */
    hurry: async (): Promise<void> => {
      await using db = openDatabase(join(folder, "filing.sqlite"));
      await db.run("UPDATE filing_items SET next_at_ms = 0");
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export async function submitAll(filing: Filing, items: readonly WorkItem[]): Promise<void> {
  for (const item of items) await filing.submit(item);
}

export async function until(what: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await what())) {
    if (Date.now() > end) throw new Error("It did not come about in time");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
