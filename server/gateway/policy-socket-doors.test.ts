import { randomUUID } from "node:crypto";
import { mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  bot,
  type Gateway,
  haddad,
  leroy,
  martin,
  openCase,
  openGateway,
  picture,
  sha256,
} from "./testing/a-gateway.ts";

const folder = mkdtempSync(join(tmpdir(), "policy-"));
const policySocket = join(folder, "deep", "policy.sock");
let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway({ env: { COLLOQUE_POLICY_SOCKET: policySocket } });
});
afterAll(async () => gateway[Symbol.asyncDispose]());

const ask = (path: string, question: unknown) => gateway.hospital.homeserver.askPolicy(path, question);
const no = (reason: string) => ({ allow: false, reason });
const yes = (reason: string) => ({ allow: true, reason });

describe("who may be invited", () => {
  const mayInvite = (inviter: string, invitee: string, roomId: string) =>
    ask("/may-invite", { inviter, invitee, roomId });

  test("is the archivist, by who opens the case, also before the room is known", async () => {
    const { roomId } = await openCase(gateway);
    expect(await mayInvite(leroy, bot, roomId)).toEqual(yes("archivist"));
    expect(await mayInvite(martin, bot, roomId)).toEqual(no("not-the-owner"));
    expect(await mayInvite(martin, bot, "!new:valombre.example")).toEqual(yes("archivist"));
  });

  test("is whom a consent of the case covers, by the archivist alone", async () => {
    const { roomId } = await openCase(gateway);
    expect(await mayInvite(bot, martin, roomId)).toEqual(yes("covered"));
    expect(await mayInvite(leroy, martin, roomId)).toEqual(no("only-the-archivist-invites"));
    expect(await mayInvite(bot, haddad, roomId)).toEqual(no("audience-not-covered"));
    expect(await mayInvite(bot, martin, "!new:valombre.example")).toEqual(no("not-a-case"));
  });

  test("is written down each time, with the reason", async () => {
    const { roomId } = await openCase(gateway);
    await mayInvite(bot, martin, roomId);
    await mayInvite(bot, haddad, roomId);
    const decided = await gateway.audited("invite-decided");
    expect(decided.slice(-2)).toEqual([
      { actor: bot, roomId, invitee: martin, allowed: true, reason: "covered" },
      { actor: bot, roomId, invitee: haddad, allowed: false, reason: "audience-not-covered" },
    ]);
  });
});

describe("which room may be made", () => {
  const create = (caseId: string, change: object = {}) =>
    ask("/may-create", { creator: leroy, caseId, invited: [bot], additionalCreators: [bot], ...change });

  test("is that of a case that its creator has claimed, once", async () => {
    const { registry } = gateway.hospital.now();
    const caseId = randomUUID();
    expect(await create(caseId)).toEqual(no("not-claimed"));
    await registry.claimCase(leroy, caseId);
    expect(await create(caseId)).toEqual(yes("claimed"));
    expect(await create(caseId, { creator: martin })).toEqual(no("not-claimed"));
    await registry.bindRoom(leroy, caseId, "!bound:valombre.example");
    expect(await create(caseId)).toEqual(no("has-a-room"));
  });

  test.each<[string, object]>([
    ["nobody invited", { invited: [] }],
    ["somebody else invited", { invited: [martin] }],
    ["a colleague invited beside the archivist", { invited: [bot, martin] }],
    ["no other creator", { additionalCreators: [] }],
    ["another creator in the archivist's place", { additionalCreators: [martin] }],
    ["another creator beside the archivist", { additionalCreators: [bot, martin] }],
  ])("is none with %s", async (_what, change) => {
    const caseId = randomUUID();
    await gateway.hospital.now().registry.claimCase(leroy, caseId);
    expect(await create(caseId, change)).toEqual(no("with-the-archivist-alone"));
  });
});

describe("what may be stored", () => {
  const store = (mxc: string, change: object = {}) =>
    ask("/may-store", { mxc, bytes: picture.length, sha256: sha256(picture), ...change });

  test("is what a permit announces, and what else is refused is written down", async () => {
    const { permit } = await openCase(gateway);
    const { mxc } = await permit();
    expect(await store(mxc)).toEqual(yes("announced"));
    expect(await store(mxc, { bytes: 1 })).toEqual(no("other-bytes"));
    expect(await store("mxc://valombre.example/stray")).toEqual(no("not-reserved"));
    expect(await gateway.audited("store-refused")).toEqual([
      { actor: null, mxc, bytes: 1, reason: "other-bytes" },
      {
        actor: null,
        mxc: "mxc://valombre.example/stray",
        bytes: picture.length,
        reason: "not-reserved",
      },
    ]);
  });
});

describe("the policy socket", () => {
  test("is its owner's alone", () => {
    expect(statSync(policySocket).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "deep")).mode & 0o777).toBe(0o700);
  });

  test("gives no answer that counts to what is no question, or when the answer cannot be found", async () => {
    const { roomId } = await openCase(gateway);
    expect(await ask("/may-invite", { inviter: "x", invitee: martin, roomId })).toBeUndefined();
    expect(await ask("/may-create", {})).toBeUndefined();
    expect(await ask("/may-store", { mxc: "x" })).toBeUndefined();
    expect(await ask("/news", { stream: "s" })).toBeUndefined();
    expect(await ask("/news", { stream: "s", seq: 1 })).toEqual({ allow: true });
    await using own = await openGateway();
    const closed = await openCase(own);
    await own.hospital.now().db[Symbol.asyncDispose]();
    const question = { inviter: bot, invitee: martin, roomId: closed.roomId };
    expect(await own.hospital.homeserver.askPolicy("/may-invite", question)).toBeUndefined();
  });

  test("takes the place of one that a killed process left behind", async () => {
    const left = join(folder, "left.sock");
    writeFileSync(left, "");
    await using own = await openGateway({ env: { COLLOQUE_POLICY_SOCKET: left } });
    const { roomId } = await openCase(own);
    expect(roomId).toMatch(/^!/);
  });
});
