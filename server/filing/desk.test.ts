import { readFileSync } from "node:fs";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { aCase, delattre, leroy, type People, people } from "./testing/a-case.ts";
import { aFilingPlace, submitAll, until } from "./testing/a-filing.ts";
import { aRecord, patientResource } from "./testing/a-record.ts";

vi.setConfig({ testTimeout: 30_000 });

let all: People;
let record: ReturnType<typeof aRecord>;
let place: ReturnType<typeof aFilingPlace>;

const patient = { ...patientResource(delattre), name: [{ family: "Delattre", given: ["Josiane"] }] };
const admin = "@admin:valombre.example";
const byHand = { how: "filed-by-hand", why: "Versée par le secrétariat, papier n° 12.", by: admin } as const;

beforeAll(async () => {
  all = await people();
});
beforeEach(() => {
  record = aRecord();
  place = aFilingPlace(all, record);
});
afterEach(() => place.remove());

const stateOf = (eventId: string) => place.words().get(eventId)?.state;
const allAre =
  (items: readonly { eventId: string }[], ...states: string[]) =>
  () =>
    items.every((item) => states.includes(stateOf(item.eventId) ?? ""));

async function aParkedCase(filing: Awaited<ReturnType<typeof place.open>>) {
  const { items, roomId } = await aCase(all);
  const [consent, request, photo] = items;
  if (consent === undefined || request === undefined || photo === undefined)
    throw new Error("A case has them");
  await submitAll(filing, items);
  await until(() => stateOf(request.eventId) === "parked");
  return { items, roomId, consent, request, photo };
}

describe("the filing desk", () => {
  test("[F39] shows what is parked: what, why, who sent it and how much waits behind it; and nothing of the patient", async () => {
    await using filing = await place.open();
    const { items, roomId, request } = await aParkedCase(filing);
    const pieces = await filing.desk.pieces();
    expect(pieces).toMatchObject([
      {
        eventId: request.eventId,
        roomId,
        kind: "request",
        state: "parked",
        code: "patient-not-found",
        sentBy: leroy,
        behind: items.length - 1,
      },
    ]);
    const text = JSON.stringify(pieces);
    for (const word of ["DELATTRE", "Josiane", "1959", "omoplate"]) expect(text).not.toContain(word);
  });

  test("[F39] what a human mended in the record is filed when it is tried again, with all that waited behind it", async () => {
    record.put({ ...patient, active: false });
    await using filing = await place.open();
    const { items, request } = await aParkedCase(filing);
    expect((await filing.desk.pieces())[0]?.code).toBe("patient-inactive");
    record.put(patient);
    expect(await filing.desk.retry(request.eventId)).toBe(true);
    await until(allAre(items, "filed"));
    expect(await filing.desk.pieces()).toEqual([]);
    expect(await filing.desk.retry(request.eventId)).toBe(false);
    expect(record.ofType("Patient")).toHaveLength(1);
  });

  test("[F39] a request resolved by hand takes along what waits behind it, and what comes later asks for a human", async () => {
    await using filing = await place.open();
    const { items, consent, request } = await aParkedCase(filing);
    const ended = await filing.desk.resolve(request.eventId, byHand);
    expect(ended.map((each) => each.eventId).sort()).toEqual(items.map((each) => each.eventId).sort());
    await until(allAre(items, "resolved"));
    expect(place.words().get(consent.eventId)).toMatchObject({
      how: "filed-by-hand",
      by: admin,
      why: byHand.why,
    });
    const message = items.find((each) => each.event.kind === "message");
    if (message === undefined) throw new Error("A case has a message");
    const late = { ...message, eventId: "$late" };
    await filing.submit({ ...late, event: { ...message.event, eventId: "$late" } });
    await until(() => stateOf("$late") === "parked");
    expect((await filing.desk.pieces()).map((each) => each.code)).toEqual(["request-by-hand"]);
    expect(record.bodies).toHaveLength(0);
    expect(await filing.desk.resolved()).toHaveLength(items.length);
  });

  test("[F39] after one piece was resolved the case goes on; a consent filed by hand destroys no picture", async () => {
    record.put(patient);
    await using filing = await place.open();
    const { items } = await aCase(all);
    const [consent, request, photo] = items;
    if (consent === undefined || request === undefined || photo === undefined)
      throw new Error("A case has them");
    await filing.submit(request);
    await until(() => stateOf(request.eventId) === "filed");
    record.nextWrites({ status: 422 });
    await filing.submit(consent);
    await until(() => stateOf(consent.eventId) === "parked");
    await filing.desk.resolve(consent.eventId, { ...byHand, how: "not-to-be-filed" });
    await submitAll(filing, items);
    await until(() => stateOf(photo.eventId) === "parked");
    expect((await filing.desk.pieces())[0]).toMatchObject({ kind: "photo", code: "consent-by-hand" });
    await filing.desk.resolve(photo.eventId, byHand);
    const others = items.filter((each) => each !== consent && each !== photo);
    await until(allAre(others, "filed"));
  });

  test("[F39] only what is parked at that moment can be resolved, and once", async () => {
    record.put(patient);
    await using filing = await place.open();
    const { items } = await aCase(all);
    await submitAll(filing, items);
    await until(allAre(items, "filed"));
    expect(await filing.desk.resolve(items[0]?.eventId ?? "", byHand)).toEqual([]);
    expect(await filing.desk.resolve("$unknown", byHand)).toEqual([]);
    record.resources.delete("Patient/delattre");
    const { request } = await aParkedCase(filing);
    expect(await filing.desk.resolve(request.eventId, byHand)).not.toEqual([]);
    expect(await filing.desk.resolve(request.eventId, byHand)).toEqual([]);
    expect(await filing.desk.retry(request.eventId)).toBe(false);
  });

  test("[F39] what could not be read is resolved in words too, which lie sealed on our disk", async () => {
    await using filing = await place.open();
    await filing.desk.resolveUnread({ eventId: "$unread", roomId: "!room" }, byHand);
    await until(() => stateOf("$unread") === "resolved");
    expect(place.words().get("$unread")).toMatchObject({ why: byHand.why });
    expect(await filing.desk.resolved()).toMatchObject([{ eventId: "$unread", kind: "unread", by: admin }]);
    const files = ["", "-wal"].map((end) => readFileSync(`${place.path}${end}`).toString("latin1")).join("");
    expect(files).not.toContain("secrétariat");
    expect(files).not.toContain(Buffer.from("secrétariat").toString("latin1"));
    // The positive control: what may be in the clear is found by the same reading.
    expect(files).toContain("$unread");
  });
});
