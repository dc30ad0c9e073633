import { readFileSync } from "node:fs";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { idOf, sha256Hex } from "./ids.ts";
import { aCase, delattre, leroy, martin, type People, people, startMs, tinyJpeg } from "./testing/a-case.ts";
import { aFilingPlace, submitAll, until } from "./testing/a-filing.ts";
import { aRecord, type Misbehaviour, patientResource } from "./testing/a-record.ts";
import { balpFaults } from "./testing/balp.ts";

vi.setConfig({ testTimeout: 30_000 });

let all: People;
let record: ReturnType<typeof aRecord>;
let place: ReturnType<typeof aFilingPlace>;

const patient = { ...patientResource(delattre), name: [{ family: "Delattre", given: ["Josiane"] }] };

beforeAll(async () => {
  all = await people();
});
beforeEach(() => {
  record = aRecord();
  record.put(patient);
  place = aFilingPlace(all, record);
});
afterEach(() => place.remove());

const allFiled = (items: readonly { eventId: string }[]) => () =>
  items.every((item) => place.words().get(item.eventId)?.state === "filed");

describe("filing a case", () => {
  test("[F1] files everything of it, says so once for each event, and the record holds the very bytes", async () => {
    await using filing = await place.open();
    const { items, roomId } = await aCase(all);
    await submitAll(filing, items);
    await until(allFiled(items));
    expect(place.told).toHaveLength(items.length);
    const view = await filing.recordOf(roomId);
    const photo = view.entries.find((entry) => entry.kind === "photo" && entry.readable);
    const read = await filing.readEntry(roomId, photo?.id ?? "", martin);
    expect(sha256Hex(read.bytes)).toBe(sha256Hex(tinyJpeg));
    expect(read.contentType).toBe("image/jpeg");
    expect([...record.instances.values()][0]?.jpeg).toHaveLength(tinyJpeg.length + 1);
    expect(record.ofType("Task")[0]?.status).toBe("completed");
    expect(record.ofType("ServiceRequest")[0]?.status).toBe("completed");
  });

  test("[F2] the same events again, in the same process and after a restart, change nothing", async () => {
    const { items } = await aCase(all);
    {
      await using filing = await place.open();
      await submitAll(filing, items);
      await submitAll(filing, items);
      await until(allFiled(items));
    }
    const before = new Map(record.versions);
    const requests = record.requests.length;
    await using again = await place.open();
    await submitAll(again, items);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(record.requests).toHaveLength(requests);
    expect(record.versions).toEqual(before);
    expect(place.told).toHaveLength(items.length);
  });

  test("[F3] a consent that arrives before its request waits for it", async () => {
    await using filing = await place.open();
    const { items } = await aCase(all);
    const [consent, request] = items;
    if (consent === undefined || request === undefined) throw new Error("A case has both");
    await filing.submit(consent);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(record.bodies).toHaveLength(0);
    await filing.submit(request);
    await until(allFiled([consent, request]));
  });

  test("[F4] nothing that people said lies readable in the database", async () => {
    await using filing = await place.open();
    const { items } = await aCase(all);
    record.nextWrites(...Array<Misbehaviour>(4).fill("refuse-connection"));
    await submitAll(filing, items);
    await until(() => place.told.length > 0);
    const files = ["", "-wal"].map((end) => readFileSync(`${place.path}${end}`).toString("latin1")).join("");
    for (const word of ["DELATTRE", "Josiane", "apixaban", "scapula"]) expect(files).not.toContain(word);
    // The positive control: what may be in the clear is found by the same reading.
    expect(files).toContain(items[0]?.eventId ?? "");
  });
});

describe("faults of the record", () => {
  const transient: [string, Misbehaviour][] = [
    ["a refused connection", "refuse-connection"],
    ["a time-out after it was done", "timeout-after-commit"],
    ["a redirect", "redirect"],
    ["a login page with 200", "login-page"],
    ["an OperationOutcome with 200", "outcome-with-200"],
    ["a body cut short", "cut-body"],
    ["409", { status: 409 }],
    ["412", { status: 412 }],
    ["429", { status: 429 }],
    ["401", { status: 401 }],
    ["500", { status: 500 }],
    ["503", { status: 503 }],
    ["a proxy's 404", { status: 404, spoken: false }],
  ];
  test.each(transient)("[F5] after %s the item waits, then is filed, once", async (_name, how) => {
    await using filing = await place.open();
    const { items } = await aCase(all);
    const request = items.slice(1, 2);
    record.nextWrites(how);
    await submitAll(filing, request);
    await until(allFiled(request));
    const states = place.told.map(({ filed }) => filed.outcome.state);
    expect(states).toEqual(["waiting", "filed"]);
    expect(record.ofType("ServiceRequest")).toHaveLength(1);
    expect(record.versions.get(`ServiceRequest/${idOf(request[0]?.eventId ?? "", "ServiceRequest")}`)).toBe(
      1,
    );
  });

  test.each([400, 404, 422])(
    "[F6] a refusal in the server's own words (%i) is parked and blocks its own case only",
    async (status) => {
      await using filing = await place.open();
      const one = await aCase(all);
      const other = await aCase(all);
      record.nextWrites({ status });
      await submitAll(filing, one.items.slice(0, 2));
      await until(() => place.told.length > 0);
      await submitAll(filing, other.items);
      await until(allFiled(other.items));
      const parked = await filing.parked();
      expect(parked).toMatchObject([
        { roomId: one.roomId, kind: "request", reason: `record-refused-${status}` },
      ]);
      expect(place.words().get(one.items[0]?.eventId ?? "")).toBeUndefined();
      expect(await filing.retry(one.items[1]?.eventId ?? "")).toBe(true);
      await until(allFiled(one.items.slice(0, 2)));
    },
  );

  test("[F7] a record that stores something else is found out by the read-back and never called filed", async () => {
    await using filing = await place.open();
    const { items } = await aCase(all);
    record.setAlter((stored) =>
      stored.resourceType === "Task" ? { ...stored, for: { reference: "Patient/another" } } : stored,
    );
    await submitAll(filing, items.slice(1, 2));
    await until(() => place.told.length > 0);
    expect(place.told[0]?.filed.outcome).toMatchObject({ state: "parked", reason: "read-back-differs" });
  });

  test("[F8] a record that lost what it took is written to again", async () => {
    await using filing = await place.open();
    const { items } = await aCase(all);
    let losses = 1;
    record.setAlter((stored) => (stored.resourceType === "Task" && losses-- > 0 ? undefined : stored));
    await submitAll(filing, items.slice(1, 2));
    await until(allFiled(items.slice(1, 2)));
  });

  test("[F8] a record that lost a document of what it took is for a human; what comes after waits, and goes on when it is mended", async () => {
    await using filing = await place.open();
    const { items } = await aCase(all);
    const upToPhoto = items.slice(0, 3);
    const photo = items[2]?.eventId ?? "";
    let losses = 1;
    record.setAlter((stored) =>
      stored.resourceType === "DocumentReference" &&
      JSON.stringify(stored).includes("image/jpeg") &&
      losses-- > 0
        ? undefined
        : stored,
    );
    await submitAll(filing, upToPhoto);
    await until(() => place.words().get(photo)?.state === "parked");
    expect(place.words().get(photo)).toMatchObject({ reason: "read-back-differs" });
    expect(JSON.stringify(record.ofType("DocumentReference"))).not.toContain("image/jpeg");
    // A human takes out the submission set that points to nothing, and says: again.
    for (const list of record.ofType("List"))
      if (
        !JSON.stringify(list.entry)
          .split('"')
          .some((text) => record.resources.has(text))
      )
        record.resources.delete(`List/${list.id}`);
    expect(await filing.retry(photo)).toBe(true);
    await until(allFiled(upToPhoto));
    expect(JSON.stringify(record.ofType("DocumentReference")).split("image/jpeg")).toHaveLength(2);
  });

  test("[F9] an archive that is down holds back its photo, and the case goes on when it is back", async () => {
    await using filing = await place.open();
    const { items } = await aCase(all);
    record.setArchiveDown(true);
    await submitAll(filing, items);
    await until(() => place.words().get(items[2]?.eventId ?? "")?.state === "waiting");
    expect(place.words().get(items[5]?.eventId ?? "")?.state).toBe("waiting");
    record.setArchiveDown(false);
    await until(allFiled(items));
  });
});

describe("the patient", () => {
  test.each([
    ["patient-not-found", undefined],
    ["patient-differs", { ...patient, birthDate: "1959-03-15" }],
    ["patient-differs", { ...patient, name: [{ family: "DELATTRES" }] }],
    ["patient-inactive", { ...patient, active: false }],
    ["patient-differs", { ...patient, identifier: [] }],
    ["patient-merged", { ...patient, link: [{ type: "replaced-by" }] }],
  ])("[F10] %s parks the request, and nobody is created", async (reason, found) => {
    record.resources.delete("Patient/delattre");
    if (found !== undefined) record.put(found);
    const patients = record.ofType("Patient").length;
    await using filing = await place.open();
    const { items } = await aCase(all);
    await submitAll(filing, items.slice(1, 2));
    await until(() => place.told.length > 0);
    expect(place.told[0]?.filed.outcome).toMatchObject({ state: "parked", reason });
    expect(record.bodies).toHaveLength(0);
    expect(record.ofType("Patient")).toHaveLength(patients);
  });

  test.each([
    ["patient-matches-twice", () => record.put({ ...patient, id: "another" })],
    ["patient-lookup-unusable", () => record.ignoreSearches()],
  ] as const)("[F10] %s parks the request, and it goes on when a human mended that", async (reason, make) => {
    record.put({ resourceType: "Patient", id: "somebody-else", identifier: [{ value: "7" }] });
    make();
    await using filing = await place.open();
    const { items } = await aCase(all);
    await submitAll(filing, items.slice(1, 2));
    await until(() => place.told.length > 0);
    expect(place.told[0]?.filed.outcome).toMatchObject({ state: "parked", reason });
    expect(record.bodies).toHaveLength(0);
    record.resources.delete("Patient/another");
    record.resources.delete("Patient/somebody-else");
    await filing.retry(items[1]?.eventId ?? "");
    await until(allFiled(items.slice(1, 2)));
  });

  test("[F10] written with other capitals, or found under the name of birth, it is the same patient", async () => {
    record.put({ ...patient, name: [{ family: "marchand" }] });
    await using filing = await place.open();
    const { items } = await aCase(all);
    await submitAll(filing, items.slice(1, 2));
    await until(allFiled(items.slice(1, 2)));
  });
});

describe("a photo that the gate refuses", () => {
  test("[F11] is said at once, audited, not filed, and no longer on our disk; the case goes on", async () => {
    place.setStatus({ state: "withdrawn", untilMs: startMs * 2 });
    await using filing = await place.open();
    const { items } = await aCase(all);
    await submitAll(filing, items);
    const others = items.filter((item) => item.event.kind !== "photo");
    await until(allFiled(others));
    const photo = items.find((item) => item.event.kind === "photo");
    expect(place.words().get(photo?.eventId ?? "")).toMatchObject({ state: "refused", reason: "withdrawn" });
    expect(record.instances.size).toBe(0);
    expect(record.ofType("AuditEvent").find((each) => each.outcome === "4")).toMatchObject({
      outcomeDesc: "withdrawn",
    });
    expect(JSON.stringify([...record.resources.values()])).not.toContain("image/jpeg");
  });

  test("[F11] while the record is down, is said all the same", async () => {
    place.setStatus({ state: "withdrawn", untilMs: startMs * 2 });
    const { items } = await aCase(all);
    const photo = items[2];
    if (photo === undefined) throw new Error("A case has a photo");
    {
      await using filing = await place.open();
      await submitAll(filing, items.slice(0, 2));
      await until(allFiled(items.slice(0, 2)));
      record.nextWrites("refuse-connection");
      await filing.submit(photo);
      await until(() => place.words().get(photo.eventId)?.state === "refused");
    }
    await using again = await place.open();
    await until(() => record.ofType("AuditEvent").some((each) => each.outcome === "4"));
    expect(await again.parked()).toEqual([]);
  });

  test("[F12] a registry that does not know holds the photo back and destroys nothing", async () => {
    place.setStatus({ state: "unknown" });
    await using filing = await place.open();
    const { items } = await aCase(all);
    await submitAll(filing, items.slice(0, 3));
    const photo = items[2]?.eventId ?? "";
    await until(() => place.words().get(photo)?.state === "waiting");
    place.setStatus({ state: "live", untilMs: Date.now() + 365 * 86400_000 });
    await until(allFiled(items.slice(0, 3)));
  });
});

describe("a photo withdrawn after it was filed", () => {
  test.each([
    ["live", true],
    ["withdrawn", false],
  ] as const)("[F27] is a figure of the letter only while it is live: %s", async (state, shown) => {
    await using filing = await place.open();
    const { items, roomId } = await aCase(all);
    await submitAll(filing, items.slice(0, 5));
    await until(allFiled(items.slice(0, 5)));
    place.setStatus({ state, untilMs: startMs * 2 });
    await submitAll(filing, items.slice(5));
    await until(allFiled(items));
    const letter = (await filing.recordOf(roomId)).entries.find(
      (each) => each.kind === "opinion" && each.readable,
    );
    const { bytes } = await filing.readEntry(roomId, letter?.id ?? "", martin);
    expect(Buffer.from(bytes).includes(Buffer.from(tinyJpeg))).toBe(shown);
  });
});

describe("a document that is read through us", () => {
  const filedCase = async (filing: Awaited<ReturnType<typeof place.open>>) => {
    const { items, roomId } = await aCase(all);
    await submitAll(filing, items.slice(0, 3));
    await until(allFiled(items.slice(0, 3)));
    const photo = (await filing.recordOf(roomId)).entries.find(
      (each) => each.kind === "photo" && each.readable,
    );
    return { roomId, id: photo?.id ?? "", reference: photo?.reference };
  };
  const reads = () =>
    record.ofType("AuditEvent").filter((each) => JSON.stringify(each.meta).includes("PatientRead"));

  test("[F37] is noted in the record, each time, with who read what of whom", async () => {
    await using filing = await place.open();
    const { roomId, id, reference } = await filedCase(filing);
    await filing.readEntry(roomId, id, martin);
    await filing.readEntry(roomId, id, leroy);
    expect(reads()).toHaveLength(2);
    for (const read of reads()) expect(balpFaults(read)).toEqual([]);
    expect(JSON.stringify(reads())).toMatch(new RegExp(`role-martin.*${reference}.*role-leroy`));
  });

  test("[F37] is not given while the record does not take the note", async () => {
    await using filing = await place.open();
    const { roomId, id } = await filedCase(filing);
    record.nextWrites("refuse-connection");
    await expect(filing.readEntry(roomId, id, martin)).rejects.toThrow("record-unreachable");
    expect(reads()).toHaveLength(0);
    await filing.readEntry(roomId, id, martin);
    expect(reads()).toHaveLength(1);
  });
});

describe("a process that dies", () => {
  test("[F13] at any request or answer, goes on where it was: everything filed once, byte for byte", async () => {
    const { items } = await aCase(all);
    const clean = aRecord();
    clean.put(patient);
    // Ends the process at each point in turn: request by request, before it leaves or after it was carried out.
    let deaths = 0;
    for (let attempt = 0; attempt < 200; attempt += 1) {
      let count = 0;
      let dead = false;
      const dieAt = attempt % 40;
      const lethal: typeof fetch = async (input, init) => {
        if (dead) throw new TypeError("fetch failed");
        count += 1;
        if (count - 1 !== dieAt) return record.fetcher(input, init);
        dead = true;
        deaths += 1;
        if (attempt % 2 === 0) await record.fetcher(input, init);
        throw new TypeError("fetch failed");
      };
      const filing = await place.open(lethal);
      if (attempt === 0) await submitAll(filing, items);
      let done = false;
      await until(() => {
        done = allFiled(items)();
        return dead || done;
      });
      await filing[Symbol.asyncDispose]();
      if (done) break;
      await place.hurry();
    }
    expect(allFiled(items)()).toBe(true);
    expect(deaths).toBeGreaterThan(5);
    expect(record.ofType("DiagnosticReport")).toHaveLength(1);
    expect(record.ofType("Communication")).toHaveLength(1);
    expect(record.instances.size).toBe(1);
    const filedTwice = place.told.filter(({ filed }) => filed.outcome.state === "filed").map(({ id }) => id);
    expect(new Set(filedTwice).size).toBe(items.length);
  });

  test("[F14] before the room was told, tells it after the restart", async () => {
    const { items } = await aCase(all);
    place.setBotDown(true);
    {
      await using filing = await place.open();
      await submitAll(filing, items);
      await until(async () => (await filing.recordOf(items[0]?.roomId ?? "")).entries.length > 10);
    }
    expect(place.told).toHaveLength(0);
    place.setBotDown(false);
    await using again = await place.open();
    await until(allFiled(items));
    expect(await again.parked()).toEqual([]);
  });
});
