import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Patient } from "#protocol/patient.ts";
import { createFiling, type WorkItem } from "../server/filing/index.ts";
import { createFilingStore } from "../server/filing/store.ts";
import {
  aCase,
  aPhoto,
  clinicians,
  leroy,
  type People,
  startMs,
  tinyJpeg,
} from "../server/filing/testing/a-case.ts";
import { isFileable } from "../server/filing/work.ts";
import { createLogger } from "../server/kit/log.ts";
import { createSealer } from "../server/kit/seal.ts";
import { openDatabase } from "../server/store/index.ts";
import { hospital } from "../stack/demo/hospital.ts";
import { insOf, patients } from "../stack/demo/patients.ts";
import { idOf } from "../stack/demo/record.ts";

/** The patients of the demo's record, as a request names them. */
export const demoPatients: readonly Patient[] = patients
  .filter((each) => !each.given.startsWith("<"))
  .map((each) => ({
    recordId: idOf("Patient", each.key),
    family: each.usedFamily ?? each.birthFamily,
    birthFamily: each.birthFamily,
    given: each.given,
    birthDate: each.birthDate,
    sex: each.sex,
    ...(insOf(each) === undefined
      ? { identity: "provisional" as const }
      : {
          identity: "qualified" as const,
          ins: { system: "urn:oid:1.2.250.1.213.1.4.11", value: insOf(each) ?? "" },
        }),
    hospitalNumber: each.hospitalNumber,
  }));

export type RecordAddress = { readonly fhirUrl: string; readonly dicomwebUrl: string | undefined };

/**
 * Filing with a database of its own, for a bench: cases are filed down to their request and consent first, then photos are laid into the
 * inbox while nobody works, and then it is opened.
 */
export function filingPlace(all: People, address: RecordAddress) {
  const folder = mkdtempSync(join(tmpdir(), "colloque-bench-filing-"));
  const key = randomBytes(32);
  const offsetMs = startMs + 3600_000 - Date.now();
  const path = join(folder, "filing.sqlite");
  const sealer = () => createSealer(key, "filing");

  /** Opens filing, and waits until so many events were said to be filed. That they wait is no error, that they are refused or parked is. */
  async function file(fetcher: typeof fetch, expected: number): Promise<void> {
    await using db = openDatabase(path);
    const done = Promise.withResolvers<void>();
    let filed = 0;
    await using _filing = await createFiling({
      archivist: "@archiviste:valombre.example",
      db,
      sealer: sealer(),
      config: { ...address, concurrency: 4 },
      registry: {
        key: all.registry.publicJwk,
        statusOf: async () => ({ state: "live", untilMs: startMs + 365 * 86400_000 }),
        leasesOf: async () => [],
      },
      directory: {
        clinician: (userId) => {
          const known = clinicians.find((each) => each.userId === userId);
          if (known === undefined) return undefined;
          const { practitionerId } = known;
          return {
            ...known,
            practitionerId: idOf("Practitioner", practitionerId),
            practitionerRoleId: idOf("PractitionerRole", practitionerId),
          };
        },
      },
      hospital: {
        name: hospital.name,
        address: hospital.address,
        organizationId: idOf("Organization", "valombre"),
      },
      clock: () => Date.now() + offsetMs,
      log: createLogger("warn", { write: (line: string) => void process.stderr.write(line) }),
      onOutcome: async (_roomId, { outcome }) => {
        if (outcome.state === "filed") filed += 1;
        else if (outcome.state !== "waiting")
          done.reject(new Error(`An event was ${JSON.stringify(outcome)}`));
        if (filed === expected) done.resolve();
      },
      fetcher,
    });
    await done.promise;
  }

  /** Lays events into the inbox, as if filing had been away while they came. */
  async function lay(items: readonly WorkItem[]): Promise<void> {
    await using db = openDatabase(path);
    const store = await createFilingStore(db, sealer());
    for (const { roomId, event, picture } of items) {
      if (!isFileable(event)) throw new Error("This belongs in no record");
      await store.insert({ roomId, event }, picture);
    }
  }

  return {
    file,
    lay,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export type BenchCase = Awaited<ReturnType<typeof aCase>> & { readonly opening: readonly WorkItem[] };

/** A case that has its request and consent. */
export async function benchCase(all: People, patient: Patient): Promise<BenchCase> {
  const given = await aCase(all, { patient });
  const opening = given.items.filter(({ event }) => event.kind === "request" || event.kind === "consent");
  return { ...given, opening };
}

/** A photo of the case that nobody has seen yet. */
export async function benchPhoto(all: People, of: BenchCase, bytes: number): Promise<WorkItem> {
  const picture = jpegOf(bytes);
  const { consentId, caseId, pseudonym } = of.consent;
  const photo = await aPhoto(all, { consentId, caseId, pseudonym }, picture);
  const base = { eventId: `$photo-${randomUUID()}`, sender: leroy, atMs: startMs + 9 * 60_000 };
  return { ...base, roomId: of.roomId, event: { ...base, kind: "photo", photo }, picture };
}

/** A baseline JPEG of about that size, never the same twice: a small picture with random bytes in comment segments. */
function jpegOf(bytes: number): Uint8Array<ArrayBuffer> {
  const parts = [tinyJpeg.subarray(0, 2)];
  for (let left = bytes - tinyJpeg.length; left > 4; left -= 65_537) {
    const length = Math.min(left, 65_537) - 4;
    parts.push(Uint8Array.of(0xff, 0xfe, (length + 2) >> 8, (length + 2) & 0xff), randomBytes(length));
  }
  parts.push(tinyJpeg.subarray(2));
  return new Uint8Array(Buffer.concat(parts));
}
