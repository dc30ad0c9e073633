import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";

const resourceSchema = z.looseObject({ resourceType: z.string(), id: z.string() });
export type Resource = z.infer<typeof resourceSchema>;

/** What the record and the archive hold of one patient. */
export type Holdings = {
  readonly resources: readonly Resource[];
  /** The JPEGs in the archive. */
  readonly pictures: readonly Uint8Array[];
};

export type PatientFacts = { readonly recordId: string; readonly hospitalNumber: string };

/** A record and an archive that processes under test file into. */
export type Target = {
  readonly fhirUrl: string;
  readonly dicomwebUrl: string | undefined;
  readonly organizationId: string;
  /** How long a request may take before it counts as lost. */
  readonly timeoutMs: number;
  putPatient(resource: Resource): Promise<void>;
  holdingsOf(patient: PatientFacts): Promise<Holdings>;
};

const dumpSchema = z.object({
  resources: z.array(resourceSchema),
  instances: z.array(z.object({ patientId: z.string(), jpeg: z.base64() })),
  versions: z.array(z.tuple([z.string(), z.number()])),
});

/** The tests' own small record, as a process that stays while those under test die. */
export async function startSmallRecord(): Promise<
  Target & AsyncDisposable & { versions(): Promise<unknown> }
> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "inside", "record-child.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await firstLine(child);
  return {
    fhirUrl: `${url}/fhir`,
    dicomwebUrl: `${url}/dicom-web`,
    organizationId: "valombre",
    timeoutMs: 2500,
    /** How often each resource was really changed. */
    versions: async () => dumpSchema.parse(await (await fetch(`${url}/dump`)).json()).versions,
    putPatient: async (resource) => {
      await fetch(`${url}/put`, { method: "POST", body: JSON.stringify(resource) });
    },
    holdingsOf: async ({ recordId, hospitalNumber }) => {
      const { resources, instances } = dumpSchema.parse(await (await fetch(`${url}/dump`)).json());
      const its = resources.filter((each) => JSON.stringify(each).includes(`"Patient/${recordId}"`));
      const binaries = its.flatMap(binariesOf);
      return {
        resources: [
          ...its,
          ...resources.filter((each) => binaries.includes(`${each.resourceType}/${each.id}`)),
        ],
        pictures: instances
          .filter(({ patientId }) => patientId === hospitalNumber)
          .map(({ jpeg }) => Buffer.from(jpeg, "base64")),
      };
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("It says nothing");
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error("The record did not start");
}

/** Where a document's bytes are. */
export const binariesOf = (resource: Resource): string[] =>
  resource.resourceType === "DocumentReference"
    ? [...JSON.stringify(resource).matchAll(/"url":"[^"]*?(Binary\/[A-Za-z0-9.-]+)"/g)].map(
        ([, reference = ""]) => reference,
      )
    : [];
