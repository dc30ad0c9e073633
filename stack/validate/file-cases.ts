import { z } from "zod";
import { findConverter } from "../../server/filing/index.ts";
import type { DocumentFlavour } from "../../server/filing/plan/index.ts";
import { multipartParts } from "../../server/filing/record/multipart.ts";
import { martin, otherDelattre, type People, people, startMs } from "../../server/filing/testing/a-case.ts";
import { aFilingPlace, submitAll, until } from "../../server/filing/testing/a-filing.ts";
import { aRecord, patientResource } from "../../server/filing/testing/a-record.ts";
import { StackFailure } from "../failure.ts";
import { tenCases, type ValidationCase } from "./cases.ts";

/** What one run of filing sent to the record and the archive, each under a name that says of which case it is. */
export type Sent = {
  readonly fhir: ReadonlyMap<string, string>;
  readonly dicom: ReadonlyMap<string, Uint8Array>;
  readonly pdf: ReadonlyMap<string, Uint8Array>;
};

/**
 * Files ten cases with the product's own filing (inbox, gate, plan, outbox, read-back) against a record that keeps what it was sent: each
 * request as it left, each DICOM object, each PDF, and each document as it was after the last change.
 */
export async function fileTenCases(flavour: DocumentFlavour): Promise<Sent> {
  const all = await people();
  const fhir = new Map<string, string>();
  const dicom = new Map<string, Uint8Array>();
  const pdf = new Map<string, Uint8Array>();
  for (const each of await tenCases(all)) {
    const { bodies, objects, documents } = await file(all, each, flavour);
    for (const [index, body] of bodies.entries()) {
      const name = `${flavour}-${each.name}-${String(index + 1).padStart(2, "0")}`;
      fhir.set(name, body);
      for (const [at, bytes] of pdfsIn(body).entries()) pdf.set(`${name}-${at + 1}`, bytes);
    }
    for (const [index, object] of objects.entries())
      dicom.set(`${flavour}-${each.name}-${index + 1}`, object);
    // Documents are changed after they were provided where a consent is taken back, or a patient was the wrong one.
    const areChanged = each.withdrawal !== undefined || correctionOf(each) !== undefined;
    for (const [index, document] of (areChanged ? documents : []).entries())
      fhir.set(`${flavour}-${each.name}-document-${index + 1}`, JSON.stringify(document));
  }
  return { fhir, dicom, pdf };
}

async function file(all: People, each: ValidationCase, flavour: DocumentFlavour) {
  const record = aRecord();
  const { patient } = each;
  for (const known of [patient, otherDelattre]) record.put(patientResource(known));
  const objects: Uint8Array[] = [];
  const place = aFilingPlace(all, record, true, flavour);
  const listening: typeof fetch = async (input, init) => {
    const type = new Headers(init?.headers).get("content-type") ?? "";
    if (type.includes("application/dicom") && init?.body instanceof Uint8Array)
      objects.push(...multipartParts(init.body, type));
    return record.fetcher(input, init);
  };
  try {
    await using filing = await place.open(listening, undefined, findConverter());
    const settled = async (items: readonly { eventId: string }[]) => {
      const correction = correctionOf(each);
      // Of a case whose identity is corrected, only what is said under the correction is the end.
      const isOver = ({ eventId }: { eventId: string }): boolean => {
        const last = place.told.findLast(({ filed }) => filed.ofEvent === eventId)?.filed;
        return isSettled(last?.outcome.state) && (last?.kind === "misfiled" || last?.under === correction);
      };
      const open = () => items.filter((item) => !isOver(item));
      await until(() => open().length === 0, 20_000).catch(() => {
        throw new StackFailure(
          `The case "${each.name}" waits for ${open()[0]?.eventId}: ${JSON.stringify([...place.words()])}`,
        );
      });
    };
    await submitAll(filing, each.items);
    const filed = each.items.filter(({ event }) => event.kind !== "preview");
    await settled(filed);
    const readable = (await filing.recordOf(each.roomId)).entries.find((entry) => entry.readable);
    await filing.readEntry(each.roomId, readable?.id ?? "", martin);
    if (each.withdrawal !== undefined) {
      const { withdrawn, lease, late } = each.withdrawal;
      place.setLeases(each.caseId, [lease]);
      place.setStatus({ state: "withdrawn", untilMs: startMs * 2 });
      await filing.withdrawn(each.roomId, withdrawn);
      await settled([{ eventId: `$withdrawn-${withdrawn.consentId}` }]);
      await filing.submit(late);
      await until(() => record.ofType("AuditEvent").some(({ outcome }) => outcome === "4"));
    }
    const late = each.withdrawal?.late.eventId;
    for (const [eventId, { state }] of place.words())
      if (state !== (eventId === late ? "refused" : "filed"))
        throw new StackFailure(`The case "${each.name}" was not filed: ${eventId} is ${state}.`);
  } finally {
    place.remove();
  }
  return { bodies: record.bodies, objects, documents: record.ofType("DocumentReference") };
}

/** The event by which the case was given to another patient. */
const correctionOf = ({ items }: ValidationCase): string | undefined =>
  items.find(({ event }) => event.kind === "identity")?.eventId;

const isSettled = (state: string | undefined): boolean => state !== undefined && state !== "waiting";

const pdfSchema = z.object({
  resource: z.object({
    resourceType: z.literal("Binary"),
    contentType: z.literal("application/pdf"),
    data: z.base64(),
  }),
});

const pdfsIn = (body: string): Uint8Array[] =>
  z
    .object({ entry: z.array(z.unknown()) })
    .parse(JSON.parse(body))
    .entry.map((entry) => pdfSchema.safeParse(entry).data)
    .filter((entry) => entry !== undefined)
    .map((entry) => new Uint8Array(Buffer.from(entry.resource.data, "base64")));
