import { describe, expect, test, vi } from "vitest";
import { idOf } from "./ids.ts";
import { denialId, photoDocumentId } from "./plan/references.ts";
import { aBench } from "./testing/a-bench.ts";
import {
  aCase,
  aGlass,
  anInformed,
  aWithdrawal,
  type CaseOptions,
  leaseOn,
  leroy,
  martin,
  startMs,
} from "./testing/a-case.ts";
import { submitAll, until } from "./testing/a-filing.ts";
import { pcfFaults } from "./testing/pcf.ts";
import type { WorkItem } from "./work.ts";

vi.setConfig({ testTimeout: 30_000 });

const bench = aBench();

const state = (eventId: string) => bench.place.words().get(eventId)?.state;
const filed = (items: readonly { eventId: string }[]) => () =>
  items.every(({ eventId }) => state(eventId) === "filed");
const text = (value: unknown): string => JSON.stringify(value);

/** A case whose consent the registry took back; `upTo` of its events are filed already when that is told. */
async function taken(upTo: number, options: CaseOptions = {}) {
  const made = await aCase(bench.all, options);
  const withdrawn = aWithdrawal(made.consent);
  bench.place.setLeases(made.consent.caseId, [await leaseOn(bench.all, made.consent, "withdrawn")]);
  return { ...made, withdrawn, before: made.items.slice(0, upTo), told: `$withdrawn-${withdrawn.consentId}` };
}

describe("a withdrawal", () => {
  test("[F31] ends each Consent, says no in its place from then on, and marks the photos, which stay", async () => {
    await using filing = await bench.place.open();
    const { roomId, before, withdrawn, told, items } = await taken(3);
    await submitAll(filing, before);
    await until(filed(before));
    const photo = bench.record.documentOf(photoDocumentId(items[2]?.eventId ?? ""));
    expect(text(photo?.securityLabel)).toContain('"N"');
    await filing.withdrawn(roomId, withdrawn);
    await until(() => state(told) === "filed");

    const consents = bench.record.ofType("Consent");
    expect(consents.map((each) => each.status).sort()).toEqual([
      "active",
      "active",
      "inactive",
      "inactive",
      "inactive",
    ]);
    for (const consent of consents) expect(pcfFaults(consent)).toEqual([]);
    const denials = consents.filter((each) => each.status === "active");
    for (const denial of denials)
      expect(denial).toMatchObject({
        dateTime: withdrawn.at,
        provision: { type: "deny", period: { start: withdrawn.at } },
      });
    const pictures = bench.record.resources.get(`Consent/${denialId(items[0]?.eventId ?? "", "pictures")}`);
    expect(text(pictures?.provision)).toContain(`DocumentReference/${photo?.id}`);

    const after = bench.record.resources.get(`DocumentReference/${photo?.id}`);
    expect(after).toMatchObject({ status: "current", content: photo?.content });
    expect(text(after?.securityLabel)).toMatch(/"R".*NODSCLCDS.*NOREUSE/);
    const source = bench.record.resources.get(String(Object(pictures?.sourceReference).reference));
    expect(text(source?.content)).toContain("application/jose");
    const origin = bench.record.resources.get(`Provenance/${idOf(told, "Provenance")}`);
    expect(text(origin)).toMatch(/PATRQT.*UPDATE/);
    expect(text(bench.record.resources.get(`AuditEvent/${idOf(told, "AuditEvent")}`))).toContain(
      "PatientUpdate",
    );
  });

  test("[F31] told twice, by the registry and in the room, and after a restart, is once", async () => {
    const { roomId, before, withdrawn, told } = await taken(3);
    {
      await using filing = await bench.place.open();
      await submitAll(filing, before);
      await until(filed(before));
      await filing.withdrawn(roomId, withdrawn);
      await until(() => state(told) === "filed");
    }
    const versions = new Map(bench.record.versions);
    await using again = await bench.place.open();
    await again.withdrawn(roomId, withdrawn);
    const sender = "@archiviste:valombre.example";
    const envelope = { eventId: "$said", sender, atMs: startMs };
    await again.submit({ ...envelope, roomId, event: { ...envelope, kind: "withdrawn", withdrawn } });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(bench.record.versions).toEqual(versions);
  });

  test("[F31] survives a record that fails at every point, and a change by somebody else meanwhile", async () => {
    await using filing = await bench.place.open();
    const { roomId, before, withdrawn, told } = await taken(3);
    await submitAll(filing, before);
    await until(filed(before));
    // The documents, the consents, then the marking: each fails once, the last by another's change.
    bench.record.nextWrites("timeout-after-commit", "refuse-connection", "none", { status: 412 }, "cut-body");
    await filing.withdrawn(roomId, withdrawn);
    await until(() => state(told) === "filed");
    expect(bench.record.ofType("Consent").filter((each) => each.status === "active")).toHaveLength(2);
  });

  test("[F31] is not held up by what else of the case waits for a human", async () => {
    await using filing = await bench.place.open();
    const { roomId, items, before, withdrawn, told } = await taken(3);
    await submitAll(filing, before);
    await until(filed(before));
    const parked = items[3];
    if (parked === undefined) throw new Error("A case goes on");
    bench.record.nextWrites({ status: 422 });
    await filing.submit(parked);
    await until(() => state(parked.eventId) === "parked");
    await filing.withdrawn(roomId, withdrawn);
    await until(() => state(told) === "filed");
    expect(state(parked.eventId)).toBe("parked");
  });

  test("[F31] of which the registry knows nothing changes nothing", async () => {
    await using filing = await bench.place.open();
    const { roomId, before, withdrawn, told, consent } = await taken(3);
    bench.place.setLeases(consent.caseId, [await leaseOn(bench.all, consent, "live")]);
    await submitAll(filing, before);
    await until(filed(before));
    const versions = new Map(bench.record.versions);
    await filing.withdrawn(roomId, withdrawn);
    await until(() => state(told) === "refused");
    await until(() => bench.record.ofType("AuditEvent").some((each) => each.outcome === "4"));
    for (const [key, version] of versions) expect(bench.record.versions.get(key)).toBe(version);
  });
});

describe("a photo that was not filed when its consent was taken back", () => {
  const withdrawnNow = () => bench.place.setStatus({ state: "withdrawn", untilMs: startMs * 2 });
  const photoOf = (items: readonly WorkItem[]): WorkItem => {
    const photo = items[2];
    if (photo === undefined) throw new Error("A case has a photo");
    return photo;
  };

  test("[F32] is destroyed, and leaves its hash and the reason, with us and in the record's audit", async () => {
    await using filing = await bench.place.open();
    const { roomId, items, before } = await taken(2);
    await submitAll(filing, before);
    await until(filed(before));
    withdrawnNow();
    const photo = photoOf(items);
    await filing.submit(photo);
    await until(() => state(photo.eventId) === "refused");
    await until(() => bench.record.ofType("AuditEvent").some((each) => each.outcome === "4"));
    const [tombstone] = await filing.destroyed(roomId);
    if (photo.event.kind !== "photo") throw new Error("A photo");
    const { pictureSha256 } = photo.event.photo.receipt.payload;
    expect(tombstone).toMatchObject({ pictureSha256, reason: "withdrawn" });
    expect(text(bench.record.ofType("AuditEvent"))).toContain(pictureSha256);
    expect(text(bench.record.ofType("DocumentReference"))).not.toContain("52040-3");
    expect(await left(photo.eventId)).toEqual({ blobs: 0, readable: false });
  });

  test("[F32] is destroyed too when it was planned and waited for the record", async () => {
    await using filing = await bench.place.open();
    const { items, before } = await taken(2);
    await submitAll(filing, before);
    await until(filed(before));
    const photo = photoOf(items);
    bench.record.nextWrites("refuse-connection");
    await filing.submit(photo);
    await until(() => state(photo.eventId) === "waiting");
    withdrawnNow();
    await until(() => state(photo.eventId) === "refused");
    expect(text(bench.record.ofType("DocumentReference"))).not.toContain("52040-3");
  });

  test("[F32] stays and is marked when the record had taken it before it could say so", async () => {
    await using filing = await bench.place.open();
    const { roomId, items, before, withdrawn, told } = await taken(2);
    await submitAll(filing, before);
    await until(filed(before));
    const photo = photoOf(items);
    bench.record.nextWrites("timeout-after-commit");
    await filing.submit(photo);
    await until(() => state(photo.eventId) === "waiting");
    withdrawnNow();
    await filing.withdrawn(roomId, withdrawn);
    await until(() => state(told) === "filed");
    expect(state(photo.eventId)).toBe("filed");
    const document = bench.record.documentOf(photoDocumentId(photo.eventId));
    expect(text(document?.securityLabel)).toContain("NODSCLCDS");
  });

  test("[F32] does not lie with us until a human looks at it", async () => {
    await using filing = await bench.place.open();
    const { roomId, items, before, withdrawn } = await taken(2);
    await submitAll(filing, before);
    await until(filed(before));
    const photo = photoOf(items);
    bench.record.nextWrites({ status: 422 });
    await filing.submit(photo);
    await until(() => state(photo.eventId) === "parked");
    withdrawnNow();
    await filing.withdrawn(roomId, withdrawn);
    await until(() => state(photo.eventId) === "refused");
    expect(await filing.destroyed(roomId)).toHaveLength(1);
  });

  /** What our own disk still has of an event: bytes, and an item that can be read. */
  async function left(eventId: string) {
    const { openDatabase } = await import("../store/index.ts");
    const { z } = await import("zod");
    await using db = openDatabase(bench.place.path);
    const count = z.object({ count: z.number() });
    const blobs = await db.one(
      count,
      "SELECT COUNT(*) AS count FROM filing_blobs WHERE event_id = ?",
      eventId,
    );
    const size = await db.one(
      count,
      "SELECT LENGTH(sealed) AS count FROM filing_items WHERE event_id = ?",
      eventId,
    );
    return { blobs: blobs?.count, readable: (size?.count ?? 0) > 100 };
  }
});

describe("a broken glass", () => {
  test("[F33] is in the record with its reason and its signature, and a task to tell the patient", async () => {
    await using filing = await bench.place.open();
    const { items, consent, roomId } = await aCase(bench.all);
    const glass = await aGlass(bench.all, consent, martin);
    await submitAll(filing, [...items.slice(0, 3), { ...glass, roomId, event: glass }]);
    await until(() => state(glass.eventId) === "filed");
    const audit = bench.record.resources.get(`AuditEvent/${idOf(glass.eventId, "AuditEvent")}`);
    expect(audit).toMatchObject({
      outcome: "0",
      outcomeDesc: glass.reason,
      period: { start: glass.glass.payload.openedAt, end: glass.glass.payload.endsAt },
    });
    expect(text(audit?.purposeOfEvent)).toContain('"BTG"');
    expect(text(audit?.agent)).toContain("role-martin");
    const task = inform()[0];
    expect(task).toMatchObject({ status: "requested", reasonCode: { text: glass.reason } });
    const origin = bench.record
      .ofType("Provenance")
      .find((each) => text(each.target).includes(`Task/${task?.id}`));
    expect(text(origin?.reason)).toContain(glass.reason);
    expect(text(origin?.signature)).toContain("application/jose");
    expect(text(origin?.entity)).toContain("Consent/");
  });

  test("[F34] keeps its task open until somebody says that the patient was told, and mentions that", async () => {
    await using filing = await bench.place.open();
    const { items, consent, roomId } = await aCase(bench.all);
    const glass = await aGlass(bench.all, consent, martin);
    await submitAll(filing, [...items, { ...glass, roomId, event: glass }]);
    await until(() => state(glass.eventId) === "filed");
    expect(inform().map((each) => each.status)).toEqual(["requested"]);
    const told = anInformed({ kind: "glass", glassId: glass.glass.payload.glassId });
    await filing.submit({ ...told, roomId, event: told });
    await until(() => state(told.eventId) === "filed");
    expect(inform().map((each) => each.status)).toEqual(["completed"]);
    const mention = bench.record.resources.get(
      String(text(inform()[0]?.output).match(/Communication\/[0-9a-f-]+/)?.[0]),
    );
    expect(mention).toMatchObject({ sent: told.informed.at, recipient: [{ reference: "Patient/delattre" }] });
    expect(text(mention?.sender)).toContain(`role-${leroy.slice(1, 6)}`);
  });

  test("[F34] an emergency's task is done by the patient's own later word, too", async () => {
    await using filing = await bench.place.open();
    const emergency: CaseOptions = { consent: { method: "emergency", givenBy: "nobody" } };
    const { items, consent, roomId } = await aCase(bench.all, emergency);
    await submitAll(filing, items.slice(0, 3));
    await until(filed(items.slice(0, 3)));
    expect(inform().map((each) => each.status)).toEqual(["requested"]);
    const { caseId, pseudonym, consentId } = consent;
    const later = await aCase(bench.all, { consent: { caseId, pseudonym, supersedes: consentId } });
    const word = later.items[0];
    if (word === undefined) throw new Error("A case begins so");
    await filing.submit({ ...word, roomId });
    await until(() => state(word.eventId) === "filed");
    expect(inform().map((each) => each.status)).toEqual(["completed"]);
  });

  const inform = () =>
    bench.record.ofType("Task").filter((each) => text(each.code).includes("inform-patient"));
});
