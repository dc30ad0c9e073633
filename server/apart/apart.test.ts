import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { callTraceSchema } from "#protocol/calls.ts";
import { filedSchema, withdrawnSchema } from "#protocol/events.ts";
import { userIdSchema } from "#protocol/ids.ts";
import { readArchivistConfig } from "../kit/archivist-config.ts";
import { openLog } from "../kit/testing/a-log.ts";
import { type ArchivistPort, archivistAt, openArchivist } from "./archivist.ts";
import { type House, houseAt, houseOf, openHouse } from "./house.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "apart-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const martin = userIdSchema.parse("@martin:valombre.example");
const consentId = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";
const withdrawn = withdrawnSchema.parse({
  consentId,
  at: "2026-11-24T10:00:00Z",
  by: "patient",
  reason: "patient-asked",
  photos: 1,
  inRecord: 0,
});
const filed = filedSchema.parse({
  ofEvent: "$e",
  kind: "message",
  outcome: { state: "waiting", since: "2026-11-24T10:00:00Z" },
});

const call = callTraceSchema.parse({
  callId: "0b8a8f1e-5a55-4c2e-9d55-0c7d7e1f2a3b",
  startedAt: "2026-11-24T10:00:00Z",
  endedAt: "2026-11-24T10:05:00Z",
  ended: "left",
  participants: [
    { userId: martin, joinedAt: "2026-11-24T10:00:00Z", leftAt: "2026-11-24T10:05:00Z" },
    { userId: "@leroy:x", joinedAt: "2026-11-24T10:00:05Z", leftAt: "2026-11-24T10:05:00Z" },
  ],
  incidents: [],
});

/** A house that writes down what it is asked. */
function aHouse() {
  const asked: unknown[] = [];
  const note =
    <T>(name: string, answer: T) =>
    async (...given: unknown[]): Promise<T> => {
      asked.push([name, ...given]);
      return answer;
    };
  const house: House = {
    coverOf: note("coverOf", { by: "glass", untilMs: 7 } as const),
    peopleOf: note("peopleOf", [martin]),
    withdrawals: {
      withdrawnIn: note("withdrawnIn", {
        receiptIds: ["r"],
        untold: [{ consentId, at: 1, by: "patient", why: "patient-asked", receiptIds: ["r"] }],
      } as const),
      withdrawalTold: note("withdrawalTold", undefined),
    },
    noteWithdrawal: note("noteWithdrawal", undefined),
    openTicket: note("openTicket", "ticket"),
    bindTicket: note("bindTicket", undefined),
    fileCheck: note("fileCheck", "announced" as const),
    isClosed: note("isClosed", true),
    audit: {
      note: note("note", undefined),
      inviteDecided: note("inviteDecided", undefined),
      pictureRead: note("pictureRead", undefined),
    },
    submit: note("submit", undefined),
  };
  return { house, asked };
}

/** Everything that the archivist may ask, once. */
async function askAll(house: House): Promise<unknown[]> {
  const item = { eventId: "$e", roomId: "!r", sender: martin, originServerTs: 5, type: "m.room.message" };
  return [
    await house.coverOf("case", martin),
    await house.peopleOf({ kind: "person", userId: martin }, "@leroy:valombre.example"),
    await house.withdrawals.withdrawnIn("!r"),
    await house.withdrawals.withdrawalTold(consentId),
    await house.noteWithdrawal("!r", withdrawn),
    await house.openTicket("!r", martin),
    await house.bindTicket("ticket", "mxc://x/y"),
    await house.fileCheck("mxc://x/y", "!r", undefined),
    await house.fileCheck("mxc://x/y", "!r", "receipt"),
    await house.isClosed("!r"),
    await house.audit.note({ event: "e", actor: "@a:x", details: { roomId: "!r" } }),
    await house.audit.inviteDecided({
      actor: "@a:x",
      roomId: "!r",
      invitee: martin,
      allowed: true,
      reason: "r",
    }),
    await house.audit.pictureRead({
      actor: "@a:x",
      caseId: "c",
      receiptId: "r",
      mxc: "mxc://x/y",
      rendition: "full",
      how: "machine",
    }),
    await house.submit({ ...item, content: { body: "Bonjour" } }, undefined),
    await house.submit({ ...item, content: { body: "photo" } }, Uint8Array.of(0xff, 0xd8, 0, 1)),
  ];
}

const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, each) => (each instanceof Uint8Array ? [...each] : each)) ?? "null",
  );

describe("the archivist as a process of its own", () => {
  test("asks the house the same as in one process with it, and gets the same", async () => {
    const [near, far] = [aHouse(), aHouse()];
    const answers = await askAll(near.house);
    await using _open = await openHouse(folder, far.house, openLog().log);
    await using link = houseAt(folder);
    expect(await askAll(link)).toEqual(answers);
    expect(plain(far.asked)).toEqual(plain(near.asked));
  });

  test("keeps an event that the house cannot file, and hands over one that it can", async () => {
    const nowhere = houseOf({ ...noRoles(), filing: Promise.resolve(undefined) });
    const { log, lines } = openLog();
    await using _open = await openHouse(folder, nowhere, log);
    await using link = houseAt(folder);
    const canary = "CANARI-7f3a";
    const item = {
      eventId: "$e",
      roomId: "!r",
      sender: martin,
      originServerTs: 5,
      type: "m.room.message",
      content: { msgtype: "m.text", body: canary },
    };
    await expect(link.submit(item, undefined)).rejects.toMatchObject({ code: "internal" });
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toContain(canary);
    // The same search finds it where it was written down.
    log.info({ item }, "control");
    log.info({ text: canary }, "control");
    expect(JSON.stringify(lines)).toContain(canary);
  });

  test("is told a withdrawal that came while it was away, once it is back, and everything else that the house says", async () => {
    const asked: unknown[] = [];
    const note =
      <T>(name: string, answer: T) =>
      async (...given: unknown[]): Promise<T> => {
        asked.push([name, ...given]);
        return answer;
      };
    const unread = [{ eventId: "$u", roomId: "!r", sender: martin, atMs: 1, reason: "no key" }];
    const bot: ArchivistPort = {
      state: () => "up",
      sendFiled: note("sendFiled", "$said"),
      sendCall: note("sendCall", "$call"),
      redactRefused: note("redactRefused", undefined),
      askIn: note("askIn", undefined),
      onUserReady: note("onUserReady", undefined),
      onWithdrawn: note("onWithdrawn", undefined),
      unread: note("unread", unread),
      tryAgain: note("tryAgain", undefined),
      giveUpUnread: note("giveUpUnread", true),
      isAllTaken: note("isAllTaken", true),
      expire: note("expire", "$stays"),
    };
    const { log } = openLog();
    await using link = archivistAt(folder, log);
    await link.onWithdrawn("!r");
    expect(link.state()).toBe("down");
    await expect(link.sendFiled("!r", filed)).rejects.toMatchObject({ code: "internal" });
    expect(await link.unread()).toEqual([]);

    const first = await openArchivist(folder, bot, log);
    await expect.poll(() => asked, { timeout: 10_000 }).toContainEqual(["onWithdrawn", "!r"]);
    expect(link.state()).toBe("up");
    expect(await link.sendFiled("!r", filed)).toBe("$said");
    expect(await link.sendCall("!r", call)).toBe("$call");
    await link.redactRefused("!r", "$e");
    await link.askIn({ roomId: "!r", caseId: "c", userId: martin, askedBy: "@leroy:x" });
    await link.onUserReady(martin);
    await link.tryAgain("!r");
    expect(await link.giveUpUnread("$u")).toBe(true);
    expect(await link.unread()).toEqual(unread);
    expect(asked).toEqual([
      ["onWithdrawn", "!r"],
      ["sendFiled", "!r", filed],
      ["sendCall", "!r", call],
      ["redactRefused", "!r", "$e"],
      ["askIn", { roomId: "!r", caseId: "c", userId: martin, askedBy: "@leroy:x" }],
      ["onUserReady", martin],
      ["tryAgain", "!r"],
      ["giveUpUnread", "$u"],
      ["unread"],
    ]);
    await first[Symbol.asyncDispose]();
    // What waits for a human is known while it is away.
    expect(await link.unread()).toEqual(unread);
  });

  test("starts with its own keys and nothing of the record, and not with a way to the record", () => {
    const own = {
      COLLOQUE_DATA: "/srv/archivist",
      COLLOQUE_LINKS: "/run/colloque",
      COLLOQUE_SYNAPSE_SOCKET: "/run/synapse.sock",
      COLLOQUE_BOT_USER: "@archiviste:valombre.example",
      COLLOQUE_BOT_PASSWORD: "p",
      COLLOQUE_BOT_STORE_KEY: Buffer.alloc(32, 1).toString("base64"),
    };
    expect(readArchivistConfig(own)).toMatchObject({ dataDir: "/srv/archivist", password: "p" });
    for (const [name, value] of [
      ["COLLOQUE_FHIR_URL", "http://record.test/fhir"],
      ["COLLOQUE_FHIR_ACCESS", "{}"],
      ["COLLOQUE_DICOMWEB_URL", "http://archive.test"],
      ["COLLOQUE_FILING_KEY", "k"],
      ["COLLOQUE_REGISTRY_KEY_FILE", "/k"],
      ["COLLOQUE_SYNAPSE_ADMIN_TOKEN", "t"],
    ] as const)
      expect(() => readArchivistConfig({ ...own, [name]: value })).toThrow(`unset ${name}`);
    expect(() => readArchivistConfig({ ...own, COLLOQUE_BOT_STORE_KEY: "" })).toThrow(
      "COLLOQUE_BOT_STORE_KEY is not set",
    );
  });
});

/** For a house of which only filing is asked. */
function noRoles(): Omit<Parameters<typeof houseOf>[0], "filing"> {
  const nobody: never[] = [];
  const unasked = () => Promise.reject(new Error("Nobody asks this"));
  return {
    audit: Object.create(null),
    directory: Object.assign(Object.create(null), { clinicians: () => nobody }),
    registry: Object.create(null),
    gate: Object.assign(Object.create(null), { coverOf: unasked }),
  };
}
