import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Admission } from "#protocol/admission.ts";
import type { Cover } from "#protocol/disclose.ts";
import { contentKeys } from "#protocol/events.ts";
import { createLogger } from "../kit/log.ts";
import { type Database, openDatabase } from "../store/index.ts";
import { type CaseAgent, createCaseAgent, type Hall } from "./case-agent.ts";
import type { InboxItem } from "./inbox.ts";
import { askIn, migrations } from "./store.ts";

const caseId = randomUUID();
const asker = "@haddad:valombre.example";
const expert = "@martin:valombre.example";
const room = "!case:valombre.example";
const uncovered: Cover = { by: "nothing", reason: "audience-not-covered" };

let db: Database;
let agents: CaseAgent[] = [];
let now = 0;
beforeEach(async () => {
  db = openDatabase(":memory:");
  await db.migrate("bot", migrations);
  now = Date.parse("2026-01-01T10:00:00Z");
});
afterEach(async () => {
  for (const agent of agents) await agent[Symbol.asyncDispose]();
  agents = [];
  await db[Symbol.asyncDispose]();
});

/** A hall where the expert's standing, readiness and the gate can be changed. */
function world() {
  const state = {
    ready: true,
    standing: "out",
    fail: false,
    cover: { by: "consent" } as Cover,
    admitted: [] as Cover[],
    said: [] as Admission["outcome"][],
    invited: [] as string[],
    decided: [] as boolean[],
  };
  const hall: Hall = {
    caseIdOf: (roomId) => (roomId === room ? caseId : undefined),
    creatorOf: () => asker,
    standingOf: () => (state.standing === "out" || state.standing === "gone" ? state.standing : "invited"),
    isReady: async () => state.ready,
    takeOut: async () => undefined,
    inviteWithHistory: async (_roomId, userId) => {
      if (state.fail) throw new Error("502");
      state.invited.push(userId);
      state.standing = "invited";
    },
  };
  const start = (): CaseAgent => {
    const agent = createCaseAgent({
      hall,
      db,
      log: createLogger("silent"),
      clock: () => now,
      audit: { inviteDecided: async ({ allowed }) => void state.decided.push(allowed) },
      coverOf: async () => state.cover,
      guests: { admit: async (_guest, cover) => void state.admitted.push(cover) },
      say: async (_roomId, { outcome }) => state.said.push(outcome),
      peopleOf: async (addressee) => (addressee.kind === "person" ? [addressee.userId] : [expert, "@bot:v"]),
      bot: "@bot:v",
    });
    agents.push(agent);
    return agent;
  };
  return { state, start };
}

const request = (change: { sender?: string; requester?: string; caseId?: string } = {}): InboxItem => ({
  eventId: "$request",
  roomId: room,
  sender: change.sender ?? asker,
  originServerTs: now,
  type: "m.room.message",
  content: {
    msgtype: "m.text",
    body: "x",
    [contentKeys.request]: {
      caseId: change.caseId ?? caseId,
      patient: { recordId: "1", family: "A", given: "B", sex: "unknown", identity: "provisional" },
      addressee: { kind: "person", userId: expert },
      specialty: "dermatology",
      urgency: "48h",
      dueAt: "2026-01-02T10:00:00Z",
      question: "?",
      history: "",
      requester: change.requester ?? asker,
      createdAt: "2026-01-01T10:00:00Z",
    },
  },
});

describe("the case agent", () => {
  test("invites whom the request names, once, also when it is told twice", async () => {
    const { state, start } = world();
    const agent = start();
    await agent.note(request());
    await agent.note(request());
    await agent.run();
    expect(state.invited).toEqual([expert]);
    expect(state.decided).toEqual([true]);
  });

  test("waits for the gate, says so once, and goes on when the consent arrives", async () => {
    const { state, start } = world();
    state.cover = uncovered;
    const agent = start();
    await agent.note(request());
    await agent.run();
    now += 10_000;
    await agent.run();
    expect(state.invited).toEqual([]);
    expect(state.decided).toEqual([false]);
    state.cover = { by: "consent" };
    await agent.onUserReady(expert);
    expect(state.invited).toEqual([expert]);
  });

  test("waits for a person who has no device yet, over a restart, and is hurried when they have", async () => {
    const { state, start } = world();
    state.ready = false;
    const first = start();
    await first.note(request());
    await first.run();
    await first[Symbol.asyncDispose]();
    const second = start();
    await second.run();
    expect(state.invited).toEqual([]);
    state.ready = true;
    await second.onUserReady("@somebody:else");
    expect(state.invited).toEqual([]);
    await second.onUserReady(expert);
    expect(state.invited).toEqual([expert]);
  });

  test("invites whom a member asks in, anew when they had left, and still those whom the request names", async () => {
    const { state, start } = world();
    const agent = start();
    const asked = { roomId: room, caseId, userId: "@faure:v", askedBy: asker };
    await askIn(db, asked);
    await agent.onUserReady("@faure:v");
    expect(state.invited).toEqual(["@faure:v"]);
    state.standing = "out";
    await askIn(db, asked);
    await agent.onUserReady("@faure:v");
    expect(state.invited).toEqual(["@faure:v", "@faure:v"]);
    state.standing = "out";
    await agent.note(request());
    await agent.run();
    expect(state.invited).toEqual(["@faure:v", "@faure:v", expert]);
  });

  test("leaves out whom a member asks in when the gate has changed its mind meanwhile", async () => {
    const { state, start } = world();
    state.cover = uncovered;
    const agent = start();
    await askIn(db, { roomId: room, caseId, userId: expert, askedBy: asker });
    await agent.onUserReady(expert);
    expect(state.invited).toEqual([]);
  });

  test("tells who asked somebody in why they do not come, once for each obstacle; not of those whom a request names", async () => {
    const { state, start } = world();
    state.cover = uncovered;
    const agent = start();
    await agent.note(request());
    await agent.run();
    expect(state.said).toEqual([]);
    const asked = { roomId: room, caseId, userId: "@faure:v", askedBy: asker };
    await askIn(db, asked);
    await agent.onUserReady("@faure:v");
    await agent.onUserReady("@faure:v");
    expect(state.said).toEqual([{ state: "refused", reason: "audience-not-covered" }]);
    state.cover = { by: "consent" };
    state.ready = false;
    await agent.onUserReady("@faure:v");
    await agent.onUserReady("@faure:v");
    expect(state.said.slice(1)).toEqual([{ state: "not-ready" }]);
    state.ready = true;
    await agent.onUserReady("@faure:v");
    expect(state.said).toHaveLength(2);
    expect(state.invited).toEqual(["@faure:v"]);
  });

  test("notes what lets somebody in before they are invited, so that a crash leaves no guest unknown", async () => {
    const { state, start } = world();
    state.cover = { by: "glass", untilMs: now + 60_000 };
    state.fail = true;
    const agent = start();
    await askIn(db, { roomId: room, caseId, userId: expert, askedBy: asker });
    await agent.onUserReady(expert);
    expect(state.invited).toEqual([]);
    expect(state.admitted).toEqual([state.cover]);
  });

  test("after a crash between invitation and note, sees that the person is invited and lets it be", async () => {
    const { state, start } = world();
    state.ready = false;
    const agent = start();
    await agent.note(request());
    await agent.run();
    state.ready = true;
    state.standing = "invited";
    await agent.onUserReady(expert);
    await agent.run();
    expect(state.invited).toEqual([]);
    expect(await db.all(z.object({ state: z.string() }), "SELECT state FROM bot_invitations")).toEqual([
      { state: "done" },
    ]);
  });

  test("looks again for a case that has not come with the sync yet, and gives up one that it is not in", async () => {
    const { state, start } = world();
    state.standing = "gone";
    const agent = start();
    await askIn(db, { roomId: room, caseId, userId: expert, askedBy: asker });
    await agent.onUserReady(expert);
    state.standing = "out";
    await agent.onUserReady(expert);
    expect(state.invited).toEqual([expert]);
    state.standing = "gone";
    await askIn(db, { roomId: room, caseId, userId: "@faure:v", askedBy: asker });
    for (let at = 0; at < 7; at += 1) await agent.onUserReady("@faure:v");
    state.standing = "out";
    await agent.onUserReady("@faure:v");
    expect(state.invited).toEqual([expert]);
  });

  test("tries again after a failure, later and later", async () => {
    const { state, start } = world();
    state.fail = true;
    const agent = start();
    await agent.note(request());
    await agent.run();
    state.fail = false;
    await agent.run();
    expect(state.invited).toEqual([]);
    now += 3_000;
    await agent.run();
    expect(state.invited).toEqual([expert]);
  });

  test.each([
    ["by another than who opened the case", { sender: expert, requester: expert }],
    ["that names another requester", { requester: expert }],
    ["of another case", { caseId: randomUUID() }],
  ])("a request %s invites nobody", async (_name, change) => {
    const { state, start } = world();
    const agent = start();
    await agent.note(request(change));
    await agent.run();
    expect(state.invited).toEqual([]);
  });
});
