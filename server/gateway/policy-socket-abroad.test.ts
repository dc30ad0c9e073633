import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { openLog } from "../kit/testing/a-log.ts";
import { abroadOf, startPolicySocket } from "./policy-socket.ts";
import { aClinician, bot, leroy, martin } from "./testing/a-gateway.ts";
import { askPolicy } from "./testing/homeserver.ts";

const archivistOfB = "@archiviste:b.example";
const caseId = "7f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f";

let socket: AsyncDisposable | undefined;
afterEach(async () => socket?.[Symbol.asyncDispose]());

/** A policy socket of a hospital that knows one case of its own, and hospital B whose archivist may bring Martin into theirs. */
async function open() {
  const path = join(mkdtempSync(join(tmpdir(), "policy-")), "policy.sock");
  const { log, lines } = openLog();
  const heard: object[] = [];
  socket = await startPolicySocket({
    path,
    bot,
    news: { hear: (item) => void heard.push(item) },
    registry: {
      caseOfRoom: async (roomId) => (roomId === "!ours:a.example" ? { caseId, owner: leroy } : undefined),
      claimOf: async () => undefined,
      mediaFacts: async () => {
        throw new Error("of the disk");
      },
    },
    gate: { member: async () => ({ allow: false, reason: "withdrawn" }) },
    audit: { inviteDecided: async () => undefined, note: async () => undefined },
    mayBeInvitedAbroad: (inviter, invitee) => inviter === archivistOfB && invitee === martin,
    serverName: "a.example",
    isReadingFrom: () => false,
    log,
    clock: () => 0,
  });
  return { ask: (what: string, question: object) => askPolicy(path, what, question), lines, heard };
}

describe("an invitation by another hospital's archivist", () => {
  const mayInvite = (inviter: string, invitee: string, roomId: string) => ({ inviter, invitee, roomId });

  test("is let through into a case of theirs, for one of ours whom they may bring in", async () => {
    const { ask } = await open();
    expect(await ask("/may-invite", mayInvite(archivistOfB, martin, "!theirs:b.example"))).toEqual({
      allow: true,
      reason: "another-hospitals-case",
    });
    expect(await ask("/may-invite", mayInvite(archivistOfB, leroy, "!theirs:b.example"))).toEqual({
      allow: false,
      reason: "only-the-archivist-invites",
    });
  });

  test("is refused into a case of ours, whoever is brought", async () => {
    const { ask } = await open();
    expect(await ask("/may-invite", mayInvite(archivistOfB, martin, "!ours:a.example"))).toEqual({
      allow: false,
      reason: "only-the-archivist-invites",
    });
    expect(await ask("/may-invite", mayInvite(bot, martin, "!ours:a.example"))).toEqual({
      allow: false,
      reason: "withdrawn",
    });
  });
});

describe("a hospital of the allow-list", () => {
  const isKnown = new Set([martin]);
  const directory = {
    find: (userId: string) => (isKnown.has(userId) ? aClinician(userId) : undefined),
  };
  const federation = {
    isPeersArchivist: (userId: string) => userId === archivistOfB,
    isReading: (server: string) => server === "b.example",
  };
  const abroad = abroadOf(federation, directory, "valombre.example");

  test("brings in by its archivist alone, people of ours alone, whom our directory knows", () => {
    const { mayBeInvitedAbroad } = abroad;
    expect(mayBeInvitedAbroad(archivistOfB, martin)).toBe(true);
    expect(mayBeInvitedAbroad("@martin:b.example", martin)).toBe(false);
    expect(mayBeInvitedAbroad(archivistOfB, leroy)).toBe(false);
    isKnown.add("@guest:c.example");
    expect(mayBeInvitedAbroad(archivistOfB, "@guest:c.example")).toBe(false);
  });

  test("has copies here while somebody of ours reads there", () => {
    expect(abroad.isReadingFrom("b.example")).toBe(true);
    expect(abroad.isReadingFrom("c.example")).toBe(false);
  });

  test("is none where no other hospital is spoken to", () => {
    const alone = abroadOf(undefined, directory, "valombre.example");
    expect(alone.mayBeInvitedAbroad(archivistOfB, martin)).toBe(false);
    expect(alone.isReadingFrom("b.example")).toBe(false);
  });
});

describe("a question that fails", () => {
  test("has no answer, and is in the log without a word of what was asked", async () => {
    const { ask, lines, heard } = await open();
    const mxc = "mxc://a.example/abc";
    expect(await ask("/may-store", { mxc, bytes: 1, sha256: "a".repeat(64) })).toBeUndefined();
    expect(lines).toEqual([["error", "a question of the policy module failed", { error: "Error" }]]);
    expect(await ask("/news", { stream: "s", seq: 3 })).toEqual({ allow: true });
    expect(heard).toEqual([{ stream: "s", seq: 3 }]);
  });
});
