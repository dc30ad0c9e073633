import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "@playwright/test";
import { idOf, sha256Hex } from "../server/filing/ids.ts";
import type { Filing, WorkItem } from "../server/filing/index.ts";
import { createFiling, openTimeAuthority, type StampSource } from "../server/filing/index.ts";
import { rejectionNote } from "../server/filing/plan/dicom-rejection.ts";
import { createDicomArchive } from "../server/filing/record/dicom.ts";
import { createRecordHttp } from "../server/filing/record/http.ts";
import {
  aCase,
  aCorrection,
  aGlass,
  aMisfiling,
  anAmendment,
  anInformed,
  asItem,
  aWithdrawal,
  type CaseOptions,
  clinicians,
  delattre,
  leaseOn,
  martin,
  type People,
  people,
  startMs,
  tinyJpeg,
} from "../server/filing/testing/a-case.ts";
import { plansOf } from "../server/filing/testing/a-plan.ts";
import { patientResource } from "../server/filing/testing/a-record.ts";
import { aTsa } from "../server/filing/testing/a-tsa.ts";
import { pcfFaults } from "../server/filing/testing/pcf.ts";
import { createLogger } from "../server/kit/log.ts";
import { createSealer } from "../server/kit/seal.ts";
import { openDatabase } from "../server/store/index.ts";
import { record } from "./support/record.ts";
import { running } from "./support/stack.ts";
import { stockReader, verified } from "./support/stock-jose.ts";

/** Filing alone, by hand, against the real record and the real archive. */
const stack = running();
const theRecord = record(stack);
/** Of a name of its own: the other tests look for theirs in the same record. */
const patient = {
  ...delattre,
  family: "ESSAI",
  recordId: `e2e-${randomUUID()}`,
  ins: { system: "urn:oid:1.2.250.1.213.1.4.11", value: String(Date.now()) },
};
const offsetMs = startMs + 3600_000 - Date.now();
let all: People;
let folder: string;
let organizationId = "";
/** The registry's signed words, as a test has them. */
let leases: string[] = [];

test.beforeAll(async () => {
  all = await people();
  folder = mkdtempSync(join(tmpdir(), "filing-"));
  const answer = await fetch(`${stack.fhirUrl}/Patient/${patient.recordId}`, {
    method: "PUT",
    headers: { "content-type": "application/fhir+json" },
    body: JSON.stringify(patientResource(patient)),
  });
  expect(answer.ok).toBe(true);
  organizationId = (await theRecord.search("Organization", {}))[0]?.id ?? "";
});
test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One life of a filing process over a database that outlives it. */
async function life(
  name: string,
  filed: Set<string>,
  fetcher: typeof fetch = fetch,
  timestamps?: StampSource,
): Promise<Filing> {
  const db = openDatabase(join(folder, `${name}.sqlite`));
  const filing = await createFiling({
    archivist: "@archiviste:valombre.example",
    db,
    sealer: createSealer(new Uint8Array(32).fill(7), "filing"),
    config: { fhirUrl: stack.fhirUrl, dicomwebUrl: stack.dicomwebUrl ?? undefined },
    registry: {
      key: all.registry.publicJwk,
      statusOf: async () => ({ state: "live", untilMs: startMs + 86400_000 }),
      leasesOf: async () => leases,
    },
    directory: { clinician: (userId) => clinicians.find((each) => each.userId === userId) },
    hospital: { name: "CHU de Valombre", address: "12, quai des Tanneurs, Valombre", organizationId },
    clock: () => Date.now() + offsetMs,
    log: createLogger("silent"),
    onOutcome: async (_roomId, word) => {
      if (word.outcome.state === "filed") filed.add(word.ofEvent);
    },
    fetcher,
    timestamps,
  });
  return {
    ...filing,
    [Symbol.asyncDispose]: async () => {
      await filing[Symbol.asyncDispose]();
      await db[Symbol.asyncDispose]();
    },
  };
}

const submitAll = async (filing: Filing, items: readonly WorkItem[]) => {
  for (const item of items) await filing.submit(item);
};

async function allFiled(filed: ReadonlySet<string>, count: number): Promise<void> {
  const end = Date.now() + 30_000;
  while (filed.size < count && Date.now() < end) await delay(20);
}

async function contents(caseId: string) {
  const requests = await theRecord.search("ServiceRequest", { identifier: `urn:uuid:${caseId}` });
  const request = `ServiceRequest/${requests[0]?.id}`;
  return {
    requests,
    tasks: await theRecord.search("Task", { "based-on": request }),
    reports: await theRecord.search("DiagnosticReport", { "based-on": request }),
    messages: await theRecord.search("Communication", { "based-on": request }),
    documents: await theRecord.search("DocumentReference", { related: request }),
  };
}

test("a whole case is found in the record and in the archive as one linked set @filing @smoke", async () => {
  const filed = new Set<string>();
  const { items, caseId, roomId, opinion } = await aCase(all, { patient });
  await using filing = await life("whole", filed);
  await submitAll(filing, items);
  await expect.poll(() => filed.size, { timeout: 60_000 }).toBe(items.length);

  const found = await contents(caseId);
  expect(found.requests).toMatchObject([
    { status: "completed", subject: { reference: `Patient/${patient.recordId}` } },
  ]);
  expect(found.tasks).toMatchObject([{ status: "completed" }]);
  expect(found.documents).toHaveLength(5);
  expect(found.reports).toMatchObject([{ status: "final", conclusion: opinion.assessment }]);
  const photo = found.documents.find((each) => JSON.stringify(each.type).includes("52040-3"));
  const photoBytes = await theRecord.bytes(photo?.content?.[0]?.attachment?.url ?? "");
  expect(sha256Hex(photoBytes)).toBe(sha256Hex(tinyJpeg));
  const consents = await theRecord.search("Consent", { data: `DocumentReference/${photo?.id}` });
  expect(consents).toMatchObject([{ status: "active", provision: { type: "permit" } }]);

  const letter = await theRecord.bytes(found.reports[0]?.presentedForm?.[0]?.url ?? "");
  const path = join(folder, "letter.pdf");
  writeFileSync(path, letter);
  const text = execFileSync("pdftotext", [path, "-"], { encoding: "utf8" }).replace(/\s+/g, " ");
  expect(text).toContain(opinion.plan);

  const dicom = (await filing.recordOf(roomId)).entries.find((each) => each.reference.startsWith("dicom:"));
  if (stack.dicomwebUrl === undefined || stack.dicomwebUrl === null) return;
  const instances = await theRecord.dicomInstances({ SOPInstanceUID: dicom?.reference.slice(6) ?? "" });
  expect(instances).toHaveLength(1);
  const [instance] = instances;
  if (instance === undefined) throw new Error("The archive has the photo");
  const frame = await theRecord.dicomFrame(instance.study, instance.series, instance.instance);
  expect(sha256Hex(frame.subarray(0, tinyJpeg.length))).toBe(sha256Hex(tinyJpeg));
  expect(frame.length - tinyJpeg.length).toBeLessThanOrEqual(1);
});

test("a process that dies at every request in turn loses nothing and doubles nothing @filing", async () => {
  test.setTimeout(300_000);
  const filed = new Set<string>();
  const { items, caseId } = await aCase(all, {
    patient,
    question: "Que faire ? <script>\u0000 ../Patient/1?_id=*",
  });
  let deaths = 0;
  for (let turn = 0; filed.size < items.length; turn += 1) {
    // More than the longest thing that begins anew in each life asks for: the reading back of a consent with all its groups.
    const dieAt = turn % 24;
    let count = 0;
    const death = Promise.withResolvers<void>();
    const lethal: typeof fetch = async (input, init) => {
      count += 1;
      if (count < dieAt + 1) return fetch(input, init);
      // Half of the deaths come after the record did what it was asked.
      if (count === dieAt + 1 && turn % 2 === 0) await fetch(input, init);
      death.resolve();
      throw new TypeError("fetch failed");
    };
    const filing = await life("deaths", filed, lethal);
    if (turn === 0) await submitAll(filing, items);
    await Promise.race([death.promise, allFiled(filed, items.length)]);
    await filing[Symbol.asyncDispose]();
    deaths += 1;
    await using db = openDatabase(join(folder, "deaths.sqlite"));
    await db.run("UPDATE filing_items SET next_at_ms = 0");
  }
  expect(deaths).toBeGreaterThan(5);
  const found = await contents(caseId);
  expect(Object.values(found).map((each) => each.length)).toEqual([1, 1, 1, 1, 5]);
});

/** Files these events, all of them, and waits until they are read back. */
async function file(name: string, items: readonly WorkItem[]) {
  const filed = new Set<string>();
  const filing = await life(name, filed);
  await submitAll(filing, items);
  await expect.poll(() => items.every((item) => filed.has(item.eventId)), { timeout: 60_000 }).toBe(true);
  return { filing, filed };
}

const consentsOf = async (consentId: string) =>
  theRecord.search("Consent", { identifier: `urn:ietf:rfc:3986|urn:uuid:${consentId}` });

const everyPurpose: CaseOptions = {
  patient,
  consent: {
    method: "signed-on-screen",
    recipients: [
      { kind: "person", userId: martin },
      { kind: "specialty", specialty: "ophthalmology" },
    ],
    decisions: [
      { purpose: "opinion", granted: true },
      { purpose: "care-named", granted: true },
      { purpose: "care-team", granted: false },
      { purpose: "care-outside-team", granted: true },
      { purpose: "teaching", granted: true },
      { purpose: "research", granted: true, project: "MELA-3" },
      { purpose: "publication", granted: false },
    ],
  },
};
const emergency: CaseOptions = {
  patient,
  consent: { method: "emergency", givenBy: "nobody" },
  evidence: { emergencyReason: "Patiente inconsciente." },
};
const parents: CaseOptions = {
  patient,
  consent: { givenBy: "both-parents", assent: "yes" },
  evidence: {
    representative: "Anne Bernard",
    secondRepresentative: "Paul Bernard",
    interpreter: "Mina Ahmadi",
  },
};
const withoutObjection: CaseOptions = { patient, consent: { method: "non-opposition" } };

test("each filed Consent, read back, keeps every rule of PCF Intermediate @filing @consent", async () => {
  for (const [name, options] of Object.entries({ everyPurpose, emergency, parents, withoutObjection })) {
    const { items, consent } = await aCase(all, options);
    const { filing } = await file(`pcf-${name}`, items.slice(0, 3));
    await filing[Symbol.asyncDispose]();
    const consents = await consentsOf(consent.consentId);
    const groups = new Set(
      consent.decisions.map(({ purpose }) => (purpose.startsWith("care-") ? "pictures" : purpose)),
    );
    expect(consents).toHaveLength(groups.size);
    for (const each of consents) expect(pcfFaults(each), `${name} ${each.id}`).toEqual([]);
  }
});

test("a stock JOSE tool verifies a filed consent and a photo's receipt, and finds one changed letter @filing @consent @smoke", async () => {
  const { items, consent, caseId } = await aCase(all, everyPurpose);
  const { filing } = await file("jose", items.slice(0, 3));
  await filing[Symbol.asyncDispose]();
  const reader = stockReader(stack.fhirUrl, all.registry.publicJwk);
  const [filed] = await consentsOf(consent.consentId);
  const source = await reader.consent(`Consent/${filed?.id}`);
  expect(source.type).toBe("application/jose");
  expect(source.says).toEqual(JSON.parse(JSON.stringify(consent)));

  const photo = (await contents(caseId)).documents.find((each) =>
    JSON.stringify(each.type).includes("52040-3"),
  );
  const receipt = await reader.photo(`DocumentReference/${photo?.id}`);
  expect(receipt.says).toMatchObject({ pictureSha256: receipt.sha256, consentId: consent.consentId });

  for (const { jws, key } of [source, receipt]) {
    const changed = Buffer.from(jws);
    const middle = changed.indexOf(".") + 20;
    changed[middle] = changed[middle] === 0x41 ? 0x42 : 0x41;
    expect(() => verified(changed, key)).toThrow();
    expect(() => verified(jws, all.registry.publicJwk)).toThrow();
  }
});

test("an opinion is verified with stock tools and what the record holds: its signature, the registry's keys, its time stamp @filing @stamp", async () => {
  await using tsa = await aTsa();
  const filed = new Set<string>();
  const { items, opinion } = await aCase(all, { patient });
  const source = openTimeAuthority({ url: tsa.url, policy: undefined, caFile: tsa.caFile }, Date.now);
  await using filing = await life("stamp", filed, fetch, source);
  await submitAll(filing, items);
  await allFiled(filed, items.length);
  const report = `DiagnosticReport/${idOf(items.at(-1)?.eventId ?? "", "DiagnosticReport")}`;
  const reader = stockReader(stack.fhirUrl, undefined);
  await expect
    .poll(async () => (await theRecord.search("Provenance", { target: report })).length, { timeout: 30_000 })
    .toBe(2);
  const { says, timeStamp } = await reader.opinion(report);
  expect(says).toEqual(JSON.parse(JSON.stringify(opinion)));
  expect(timeStamp()).toContain("Verification: OK");
  expect(() => timeStamp(Buffer.from("another opinion"))).toThrow();
});

test("a withdrawal ends the consents in the record, and marks the photo, which stays @filing @consent @smoke", async () => {
  const { items, consent, caseId, roomId } = await aCase(all, { patient });
  const { filing, filed } = await file("withdrawal", items);
  leases = [await leaseOn(all, consent, "withdrawn")];
  await filing.withdrawn(roomId, aWithdrawal(consent));
  await expect.poll(() => filed.has(`$withdrawn-${consent.consentId}`), { timeout: 30_000 }).toBe(true);
  await filing[Symbol.asyncDispose]();
  leases = [];

  const consents = await consentsOf(consent.consentId);
  for (const each of consents) expect(pcfFaults(each)).toEqual([]);
  expect(consents.filter((each) => each.status === "inactive")).toHaveLength(3);
  const denials = consents.filter((each) => each.status === "active");
  expect(denials.map((each) => each.provision?.type)).toEqual(["deny", "deny"]);
  const word = await stockReader(stack.fhirUrl, all.registry.publicJwk).word(`Consent/${denials[0]?.id}`);
  expect(word).toMatchObject({ consentId: consent.consentId, state: "withdrawn" });

  const photo = (await contents(caseId)).documents.find((each) =>
    JSON.stringify(each.type).includes("52040-3"),
  );
  expect(photo?.status).toBe("current");
  const labels = photo?.securityLabel?.flatMap((label) => label.coding?.map((coding) => coding.code) ?? []);
  expect(labels).toEqual(["R", "NODSCLCDS", "NOREUSE"]);
  expect(sha256Hex(await theRecord.bytes(photo?.content?.[0]?.attachment?.url ?? ""))).toBe(
    sha256Hex(tinyJpeg),
  );
});

test("a photo of the wrong patient gets a rejection note in the archive, once, which can be read back @filing", async () => {
  test.skip(stack.dicomwebUrl === undefined || stack.dicomwebUrl === null, "There is no archive here");
  const archive = createDicomArchive(createRecordHttp(stack.dicomwebUrl ?? "", fetch));
  const steps = (await plansOf(all, { patient }, { patient })).flatMap((plan) => plan.steps);
  const photos = steps.filter((step) => step.kind === "dicom");
  for (const photo of photos) await archive.store(photo, tinyJpeg);
  const note = rejectionNote({
    eventId: `$${randomUUID()}`,
    photos,
    reason: "wrong-patient",
    at: new Date(startMs).toISOString(),
    by: { family: "Leroy", given: "Claire" },
    timeZone: "Europe/Paris",
  });
  expect(await archive.readRejection(note)).toBe("missing");
  await archive.reject(note);
  await archive.reject(note);
  expect(await archive.readRejection(note)).toBe("same");
  expect(await theRecord.dicomInstances({ SOPInstanceUID: note.instance })).toHaveLength(1);
});

test("a broken glass is audited with its reason, and its task stays open until the patient was told @filing @consent", async () => {
  const { items, consent, roomId } = await aCase(all, { patient });
  const glass = await aGlass(all, consent, martin, `Urgence ${randomUUID()}`);
  const { filing, filed } = await file("glass", [...items.slice(0, 3), { ...glass, roomId, event: glass }]);
  const task = async () =>
    (
      await theRecord.search("Task", {
        patient: `Patient/${patient.recordId}`,
        code: "urn:colloque:task|inform-patient",
      })
    ).find((each) => each.reasonCode?.text === glass.reason);
  expect(await task()).toMatchObject({
    status: "requested",
    owner: { reference: "PractitionerRole/role-martin" },
  });
  const audits = await theRecord.search("AuditEvent", {
    patient: `Patient/${patient.recordId}`,
    outcome: "0",
  });
  const audit = audits.find((each) => each.outcomeDesc === glass.reason);
  expect(audit?.purposeOfEvent?.[0]?.coding?.[0]?.code).toBe("BTG");

  const told = anInformed({ kind: "glass", glassId: glass.glass.payload.glassId });
  await filing.submit({ ...told, roomId, event: told });
  await expect.poll(() => filed.has(told.eventId), { timeout: 30_000 }).toBe(true);
  await filing[Symbol.asyncDispose]();
  expect(await task()).toMatchObject({ status: "completed" });
});

test("an amended opinion supersedes the letter that it replaces, in one bundle, and leaves its report alone @filing", async () => {
  const filed = new Set<string>();
  const made = await aCase(all, { patient });
  await using filing = await life("amended", filed);
  await submitAll(filing, made.items);
  await allFiled(filed, made.items.length);
  const amendment = await anAmendment(all, made);
  await filing.submit(asItem(made.roomId, amendment));
  await expect.poll(() => filed.has(amendment.eventId), { timeout: 60_000 }).toBe(true);
  const { documents, reports } = await contents(made.caseId);
  const letters = documents.filter((each) => JSON.stringify(each.type).includes("85208-7"));
  const [standing, replaced] = ["current", "superseded"].map((status) =>
    letters.find((each) => each.status === status),
  );
  expect(letters).toHaveLength(2);
  expect(standing?.relatesTo).toMatchObject([
    { code: "replaces", target: { reference: `DocumentReference/${replaced?.id}` } },
  ]);
  expect(reports.map((each) => each.status).sort()).toEqual(["corrected", "final"]);
});

test("a case of the wrong patient is entered in error in the record, all of it, and its photo rejected in the archive @filing", async () => {
  const filed = new Set<string>();
  const made = await aCase(all, { patient });
  await using filing = await life("misfiled", filed);
  await submitAll(filing, made.items);
  await allFiled(filed, made.items.length);
  const misfiling = await aMisfiling(all, made);
  await filing.submit(asItem(made.roomId, misfiling));
  await expect.poll(() => filed.has(misfiling.eventId), { timeout: 60_000 }).toBe(true);
  const { requests, tasks, reports, messages, documents } = await contents(made.caseId);
  const all5 = [...requests, ...tasks, ...reports, ...messages, ...documents];
  expect(all5.length).toBeGreaterThan(8);
  expect([...new Set(all5.map((each) => each.status))]).toEqual(["entered-in-error"]);
  const references = (await filing.recordOf(made.roomId)).entries.map((each) => each.reference);
  const consents = await Promise.all(
    references.filter((each) => each.startsWith("Consent/")).map(async (each) => theRecord.read(each)),
  );
  for (const consent of consents) expect(consent).toMatchObject({ status: "entered-in-error" });
  const trail = references.find((each) => each.startsWith("Provenance/"));
  expect(JSON.stringify(await theRecord.read(trail ?? ""))).toContain("Homonyme choisi par erreur");
});

test("a case given to the right patient is filed anew as one linked set, its picture byte for byte @filing", async () => {
  const filed = new Set<string>();
  const other = {
    ...patient,
    recordId: `e2e-${randomUUID()}`,
    ins: { system: "urn:oid:1.2.250.1.213.1.4.11", value: String(Date.now()) },
  };
  await fetch(`${stack.fhirUrl}/Patient/${other.recordId}`, {
    method: "PUT",
    headers: { "content-type": "application/fhir+json" },
    body: JSON.stringify(patientResource(other)),
  });
  const made = await aCase(all, { patient });
  await using filing = await life("refiled", filed);
  await submitAll(filing, made.items);
  await allFiled(filed, made.items.length);
  const before = await contents(made.caseId);
  filed.clear();
  const misfiling = await aMisfiling(all, made);
  const correction = await aCorrection(all, misfiling, other);
  await filing.submit(asItem(made.roomId, misfiling));
  await filing.submit(asItem(made.roomId, correction));
  await expect.poll(() => filed.has(correction.eventId), { timeout: 90_000 }).toBe(true);

  const of = <T extends { readonly subject?: { readonly reference?: string | undefined } | undefined }>(
    resources: readonly T[],
    recordId: string,
  ) => resources.filter((each) => each.subject?.reference === `Patient/${recordId}`);
  const requests = await theRecord.search("ServiceRequest", { identifier: `urn:uuid:${made.caseId}` });
  expect(of(requests, patient.recordId)).toMatchObject([{ status: "entered-in-error" }]);
  const [request, ...more] = of(requests, other.recordId);
  expect(more).toEqual([]);
  expect(request).toMatchObject({ status: "completed" });
  const documents = await theRecord.search("DocumentReference", { related: `ServiceRequest/${request?.id}` });
  expect(documents.map(({ status }) => status)).toEqual(before.documents.map(({ status }) => status));
  expect(of(documents, other.recordId)).toHaveLength(before.documents.length);
  const photo = documents.find((each) => JSON.stringify(each.type).includes("52040-3"));
  const bytes = await theRecord.bytes(photo?.content?.[0]?.attachment?.url ?? "");
  expect(sha256Hex(bytes)).toBe(sha256Hex(tinyJpeg));
  const trail = (await filing.recordOf(made.roomId)).entries.find((each) => each.kind === "identity");
  expect(JSON.stringify(await theRecord.read(trail?.reference ?? ""))).toContain(
    `ServiceRequest/${before.requests[0]?.id}`,
  );
});
