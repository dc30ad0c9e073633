import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { unzipSync } from "fflate";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { AskCopy, CopyTo } from "#protocol/copies.ts";
import type { Filing, FilingOptions } from "../index.ts";
import { documentId } from "../plan/documents.ts";
import { aBench } from "../testing/a-bench.ts";
import {
  aCase,
  aMisfiling,
  anAmendment,
  aWithdrawal,
  delattre,
  leaseOn,
  leroy,
  martin,
} from "../testing/a-case.ts";
import { submitAll, until } from "../testing/a-filing.ts";
import { balpFaults } from "../testing/balp.ts";
import { type Parcel, SenderRefusal } from "./sender.ts";
import { lambert } from "./testing/a-letter.ts";
import { at, readXml } from "./testing/read-xml.ts";

vi.setConfig({ testTimeout: 30_000 });

const bench = aBench();
let parcels: Parcel[];
let says: () => void;
let doctor: Awaited<
  ReturnType<NonNullable<FilingOptions["correspondence"]>["correspondents"]["usualDoctorOf"]>
>;

const correspondence: FilingOptions["correspondence"] = {
  sender: {
    hand: async (parcel) => {
      says();
      parcels.push(parcel);
    },
  },
  correspondents: {
    usualDoctorOf: async (patientId) => (patientId === delattre.recordId ? doctor : undefined),
    colleague: async (roleId) =>
      roleId === "role-leroy"
        ? {
            ...lambert,
            rpps: undefined,
            family: "Leroy",
            given: "Claire",
            title: "",
            secureMail: "claire@demo.mssante.fr",
          }
        : undefined,
  },
};

beforeEach(() => {
  parcels = [];
  says = () => undefined;
  doctor = { ...lambert, rpps: lambert.rpps };
});

async function filedCase(filing: Filing) {
  const one = await aCase(bench.all);
  await submitAll(filing, one.items);
  await until(() => one.items.every((item) => bench.place.words().get(item.eventId)?.state === "filed"));
  const opinion = one.items.find((item) => item.event.kind === "opinion");
  const entryId = documentId(opinion?.eventId ?? "", "letter");
  const ask = (to: CopyTo, more: Partial<AskCopy> = {}) =>
    filing.copies.ask(one.roomId, martin, { copyId: randomUUID(), entryId, to, patientTold: true, ...more });
  const state = async () => (await filing.copies.of(one.roomId)).copies.map((copy) => copy.state);
  return { ...one, entryId, ask, state };
}
const why = (obstacle: string) => ({ code: "bad-request", details: { why: obstacle } });

describe("a copy of a filed letter", () => {
  test("goes to the usual doctor as a package with the very letter, noted in the record before it leaves", async () => {
    await using filing = await bench.place.open(undefined, correspondence);
    const { ask, entryId, roomId, state } = await filedCase(filing);
    expect(await filing.copies.of(roomId)).toEqual({
      canSend: true,
      usualDoctor: { name: "Dr Louise Lambert", reachable: true },
      copies: [],
    });
    let noted = 0;
    says = () => {
      noted = bench.record
        .ofType("AuditEvent")
        .filter((each) => JSON.stringify(each).includes("disclose")).length;
    };
    await ask({ kind: "usual-doctor" });
    await until(async () => (await state())[0] === "handed");
    expect(noted).toBe(1);
    const [parcel] = parcels;
    expect(parcel?.envelope).toMatchObject({
      kind: "secure-mail",
      to: { name: "Dr Louise Lambert", address: lambert.secureMail },
      patient: delattre.recordId,
      subject: "XDM/1.0/DDM",
    });
    const files = unzipSync(parcel?.file ?? new Uint8Array());
    const [cda] = readXml([files["IHE_XDM/SUBSET01/DOC0001.XML"] ?? new Uint8Array()]);
    const sent = Buffer.from(at(cda, "/nonXMLBody/text")[0]?.text ?? "", "base64");
    const filed = await filing.readEntry(roomId, entryId, martin);
    expect(sent.equals(Buffer.from(filed.bytes))).toBe(true);
    const audit = bench.record.resources.get(`AuditEvent/${parcel?.copyId}`);
    expect(balpFaults(audit)).toEqual([]);
    expect(JSON.stringify(audit)).toContain(lambert.secureMail);
  });

  test("goes to the patient as the PDF itself, and to a colleague of the directory", async () => {
    await using filing = await bench.place.open(undefined, correspondence);
    const { ask, state } = await filedCase(filing);
    await ask({ kind: "patient" });
    await ask({ kind: "colleague", userId: leroy });
    await until(async () => (await state()).every((each) => each === "handed"));
    const forPatient = parcels.find((each) => each.envelope.kind === "patient");
    expect(Buffer.from(forPatient?.file ?? []).toString("latin1", 0, 5)).toBe("%PDF-");
    expect(forPatient?.envelope).toMatchObject({ file: "letter.pdf", to: { name: "Josiane DELATTRE" } });
    expect(parcels.find((each) => each.envelope.kind === "secure-mail")?.envelope.to.name).toBe(
      "Claire Leroy",
    );
    for (const { copyId } of parcels)
      expect(balpFaults(bench.record.resources.get(`AuditEvent/${copyId}`))).toEqual([]);
  });

  test("asked for twice under one id is one; under another's id is nobody's business", async () => {
    await using filing = await bench.place.open(undefined, correspondence);
    const { ask, roomId, entryId, state } = await filedCase(filing);
    const copyId = randomUUID();
    await ask({ kind: "patient" }, { copyId });
    await ask({ kind: "patient" }, { copyId });
    await until(async () => (await state())[0] === "handed");
    expect(parcels).toHaveLength(1);
    const again = { copyId, entryId, to: { kind: "patient" } as const, patientTold: true as const };
    await expect(filing.copies.ask(roomId, leroy, again)).rejects.toMatchObject({ code: "not-found" });
  });

  test("is kept while the sender is away, over a restart, and handed over once", async () => {
    let one: Awaited<ReturnType<typeof filedCase>>;
    {
      await using filing = await bench.place.open(undefined, correspondence);
      one = await filedCase(filing);
      says = () => {
        throw new Error("away");
      };
      await one.ask({ kind: "usual-doctor" });
      await until(async () =>
        bench.record.ofType("AuditEvent").some((each) => JSON.stringify(each).includes("disclose")),
      );
      expect(await one.state()).toEqual(["waiting"]);
    }
    says = () => undefined;
    await using filing = await bench.place.open(undefined, correspondence);
    await until(async () => (await filing.copies.of(one.roomId)).copies[0]?.state === "handed");
    expect(parcels).toHaveLength(1);
  });

  test("that the sender refuses is said to have failed, and is not tried again", async () => {
    await using filing = await bench.place.open(undefined, correspondence);
    const { ask, roomId } = await filedCase(filing);
    let times = 0;
    says = () => {
      times += 1;
      throw new SenderRefusal("no");
    };
    await ask({ kind: "usual-doctor" });
    await until(async () => (await filing.copies.of(roomId)).copies[0]?.state === "failed");
    expect((await filing.copies.of(roomId)).copies[0]?.obstacle).toBe("refused-by-sender");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(times).toBe(1);
  });

  test("does not leave without somewhere to go", async () => {
    await using filing = await bench.place.open(undefined, correspondence);
    const { ask } = await filedCase(filing);
    doctor = { ...lambert, rpps: lambert.rpps, secureMail: undefined };
    await expect(ask({ kind: "usual-doctor" })).rejects.toMatchObject(why("no-secure-address"));
    doctor = undefined;
    await expect(ask({ kind: "usual-doctor" })).rejects.toMatchObject(why("no-usual-doctor"));
    await expect(ask({ kind: "colleague", userId: "@nobody:valombre.example" })).rejects.toMatchObject({
      code: "not-found",
    });
    await expect(ask({ kind: "patient" }, { entryId: "another" })).rejects.toMatchObject(why("not-a-letter"));
    expect(parcels).toEqual([]);
  });

  test("after the consent was taken back goes to the patient alone", async () => {
    await using filing = await bench.place.open(undefined, correspondence);
    const { ask, roomId, consent, state } = await filedCase(filing);
    bench.place.setLeases(consent.caseId, [await leaseOn(bench.all, consent, "withdrawn")]);
    await filing.withdrawn(roomId, aWithdrawal(consent));
    await until(() => bench.place.words().get(`$withdrawn-${consent.consentId}`)?.state === "filed");
    await expect(ask({ kind: "usual-doctor" })).rejects.toMatchObject(why("consent-ended"));
    await ask({ kind: "patient" });
    await until(async () => (await state())[0] === "handed");
  });

  test("of a case of the wrong patient goes to nobody, the patient included", async () => {
    await using filing = await bench.place.open(undefined, correspondence);
    const one = await filedCase(filing);
    const event = await aMisfiling(bench.all, one);
    const { eventId, sender, atMs } = event;
    await filing.submit({ eventId, sender, atMs, roomId: one.roomId, event, picture: undefined });
    await until(() => bench.place.words().get(eventId)?.state === "filed");
    await expect(one.ask({ kind: "patient" })).rejects.toMatchObject(why("not-a-letter"));
    expect(parcels).toEqual([]);
  });

  test("is of the later version where there is one", async () => {
    await using filing = await bench.place.open(undefined, correspondence);
    const one = await filedCase(filing);
    const event = await anAmendment(bench.all, one);
    const { eventId, sender, atMs } = event;
    await filing.submit({ eventId, sender, atMs, roomId: one.roomId, event, picture: undefined });
    await until(() => bench.place.words().get(eventId)?.state === "filed");
    await one.ask({ kind: "patient" }, { entryId: documentId(eventId, "letter") });
    await until(async () => (await one.state())[0] === "handed");
    const filed = await filing.readEntry(one.roomId, documentId(eventId, "letter"), martin);
    expect(Buffer.from(parcels[0]?.file ?? []).equals(Buffer.from(filed.bytes))).toBe(true);
  });

  test("cannot be asked for where the hospital has no sender", async () => {
    await using filing = await bench.place.open();
    const { ask, roomId } = await filedCase(filing);
    await expect(ask({ kind: "patient" })).rejects.toMatchObject(why("no-sender"));
    expect((await filing.copies.of(roomId)).canSend).toBe(false);
  });

  test("says nothing readable in our database of who it goes to", async () => {
    await using filing = await bench.place.open(undefined, correspondence);
    const { ask, state } = await filedCase(filing);
    await ask({ kind: "usual-doctor" });
    await until(async () => (await state())[0] === "handed");
    const files = ["", "-wal"]
      .map((end) => readFileSync(`${bench.place.path}${end}`).toString("latin1"))
      .join("");
    for (const word of ["Lambert", lambert.secureMail]) expect(files).not.toContain(word);
    expect(files).toContain(parcels[0]?.copyId ?? "");
  });
});
