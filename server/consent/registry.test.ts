import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Json } from "#protocol/canonical.ts";
import { loadRegistryKey } from "./key-file.ts";
import { consentOf, faure, folder, leroy, roomId, setUp, withPermit } from "./testing/a-registry.ts";

describe("a consent", () => {
  test("is registered for its collector, once", async () => {
    const { registry, device } = await setUp();
    const consent = consentOf();
    const signed = await (await device(leroy)).sign(consent);
    expect(await registry.factsOf(consent.consentId)).toMatchObject({
      consent: null,
      status: { state: "unknown" },
    });
    await registry.registerConsent(leroy, signed);
    await registry.registerConsent(leroy, signed);
    expect(await registry.factsOf(consent.consentId)).toMatchObject({ status: { state: "live" } });
  });

  test.each<[string, Record<string, Json>]>([
    ["was collected by somebody else", { collectedBy: faure }],
    ["was collected tomorrow", { collectedAt: "2026-03-02T10:00:00Z" }],
    ["is over", { collectedAt: "2026-01-01T10:00:00Z", expiresAt: "2026-02-01T10:00:00Z" }],
    ["runs for thirty years", { expiresAt: "2056-03-01T10:00:00Z" }],
  ])("is refused when it %s", async (_why, change) => {
    const { registry, device } = await setUp();
    const phone = await device(leroy);
    await expect(registry.registerConsent(leroy, await phone.sign(consentOf(change)))).rejects.toThrow();
  });

  test("is refused when another caller brings it, and when another of the same id is there", async () => {
    const { registry, device } = await setUp();
    const phone = await device(leroy);
    const consent = consentOf();
    const signed = await phone.sign(consent);
    await expect(registry.registerConsent(faure, signed)).rejects.toMatchObject({ code: "bad-signature" });
    await registry.registerConsent(leroy, signed);
    const changed = await phone.sign({ ...consent, givenBy: "parent" });
    await expect(registry.registerConsent(leroy, changed)).rejects.toMatchObject({ code: "bad-request" });
  });

  test("is refused when it says to be older than the key that signed it, five minutes of clock aside", async () => {
    const { registry, device } = await setUp();
    const phone = await device(leroy);
    const early = consentOf({ collectedAt: "2026-03-01T07:54:00Z" });
    await expect(registry.registerConsent(leroy, await phone.sign(early))).rejects.toMatchObject({
      details: { why: "collected-before-its-key" },
    });
    const first = consentOf({ collectedAt: "2026-03-01T07:55:00Z" });
    expect(await registry.registerConsent(leroy, await phone.sign(first))).toBe("live");
  });

  test("is refused by a registry whose clock is a day wrong, either way, rather than believed too long", async () => {
    const day = 24 * 3600 * 1000;
    const { registry, device, now } = await setUp();
    const phone = await device(leroy);
    const forHours = consentOf({ expiresAt: "2026-03-01T20:00:00Z" });
    now.ms += day;
    await expect(registry.registerConsent(leroy, await phone.sign(forHours))).rejects.toMatchObject({
      details: { why: "expired-already" },
    });
    now.ms -= 2 * day;
    await expect(registry.registerConsent(leroy, await phone.sign(forHours))).rejects.toMatchObject({
      code: "bad-signature",
    });
    now.ms += day;
    expect(await registry.registerConsent(leroy, await phone.sign(forHours))).toBe("live");
  });

  test("is refused for another patient in the same case", async () => {
    const { registry, device } = await setUp();
    const phone = await device(leroy);
    await registry.registerConsent(leroy, await phone.sign(consentOf()));
    const other = await phone.sign(consentOf({ pseudonym: "zyxwvutsrqponmlkjihgfe" }));
    await expect(registry.registerConsent(leroy, other)).rejects.toMatchObject({
      details: { why: "another-patient" },
    });
  });
});

describe("a withdrawal", () => {
  test("flips status and permits, removes the media, tells the others, and is in the leases", async () => {
    const { registry, consent, mxc, removed, told } = await withPermit();
    expect(await registry.mediaFacts(mxc)).toMatchObject({ kind: "picture", status: { state: "live" } });
    await expect(registry.withdraw(faure, consent.consentId, "patient-asked", false)).rejects.toMatchObject({
      code: "not-allowed",
    });
    await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
    await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
    expect(await registry.mediaFacts(mxc)).toMatchObject({ status: { state: "withdrawn" } });
    expect(removed).toEqual([`quarantine ${mxc}`, `remove ${mxc}`]);
    expect(told).toHaveLength(1);
    const [lease = ""] = await registry.leasesOf(consent.caseId);
    expect(decodeJwt(lease)).toMatchObject({ state: "withdrawn", consentId: consent.consentId });
  });

  test("holds while the homeserver is down, and the media go when it is back", async () => {
    const { registry, consent, mxc, removed, homeserver } = await withPermit();
    homeserver.down = true;
    await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
    expect(await registry.mediaFacts(mxc)).toMatchObject({ status: { state: "withdrawn" } });
    expect(removed).toEqual([]);
    homeserver.down = false;
    await expect.poll(() => removed).toContain(`remove ${mxc}`);
  });

  test("is taken back over a database that was restored from before it", async () => {
    const files = folder();
    const backup = join(files, "backup.db");
    const { consent, registry, mxc, db } = await withPermit(files);
    await db.run("VACUUM INTO ?", backup);
    await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
    const restored = await setUp(files, backup);
    expect(await restored.registry.mediaFacts(mxc)).toMatchObject({ status: { state: "withdrawn" } });
    await expect.poll(() => restored.removed).toContain(`remove ${mxc}`);
  });

  test("is written down by any colleague of the case, and by the patient, and says by whom", async () => {
    const { registry, consent } = await withPermit();
    await registry.withdraw(faure, consent.consentId, "patient-asked", true);
    expect(await registry.withdrawnIn(roomId)).toMatchObject({
      untold: [{ by: faure, why: "patient-asked" }],
    });
    const other = await withPermit();
    await other.registry.withdrawByPatient(other.consent.consentId, "patient-asked");
    expect(await other.registry.withdrawnIn(roomId)).toMatchObject({ untold: [{ by: "patient" }] });
  });

  test("twice at the same time is once", async () => {
    const { registry, consent, told, db } = await withPermit();
    await Promise.all([
      registry.withdraw(leroy, consent.consentId, "patient-asked", false),
      registry.withdrawByPatient(consent.consentId, "patient-asked"),
      registry.withdraw(faure, consent.consentId, "collected-in-error", true),
    ]);
    expect(told).toHaveLength(1);
    const rows = await db.all(z.unknown(), "SELECT 1 FROM audit WHERE event = 'consent-withdrawn'");
    expect(rows).toHaveLength(1);
  });

  test("is remembered until the room was told", async () => {
    const { registry, consent } = await withPermit();
    expect(await registry.withdrawnIn(roomId)).toEqual({ receiptIds: [], untold: [] });
    await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
    const { receiptIds, untold } = await registry.withdrawnIn(roomId);
    expect(receiptIds).toHaveLength(1);
    expect(untold).toMatchObject([{ consentId: consent.consentId, receiptIds }]);
    await registry.withdrawalTold(consent.consentId);
    expect(await registry.withdrawnIn(roomId)).toEqual({ receiptIds, untold: [] });
  });

  test("says which media were under it, for who may have copies", async () => {
    const { registry, consent, mxc } = await withPermit();
    expect(await registry.withdrawnMedia()).toEqual([]);
    await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
    expect(await registry.withdrawnMedia()).toEqual([{ consentId: consent.consentId, mxcs: [mxc] }]);
  });

  test("takes along the consent whose place it took, and leaves the one that took its place", async () => {
    const { registry, consent, phone } = await withPermit();
    const second = consentOf({ supersedes: consent.consentId });
    const third = consentOf({ supersedes: second.consentId });
    for (const each of [second, third]) await registry.registerConsent(leroy, await phone.sign(each));
    await registry.withdraw(leroy, second.consentId, "patient-asked", false);
    const state = async (consentId: string) => (await registry.statusOf(consentId, null)).state;
    expect(await state(consent.consentId)).toBe("withdrawn");
    expect(await state(second.consentId)).toBe("withdrawn");
    expect(await state(third.consentId)).toBe("live");
  });

  test("of one that was collected in error leaves the earlier word as it was", async () => {
    const { registry, consent, phone } = await withPermit();
    const second = consentOf({ supersedes: consent.consentId });
    await registry.registerConsent(leroy, await phone.sign(second));
    await registry.withdraw(leroy, second.consentId, "collected-in-error", false);
    expect(await registry.statusOf(consent.consentId, null)).toMatchObject({ state: "live" });
  });

  test("is what a consent that is brought again is answered with", async () => {
    const { registry, consent, phone } = await withPermit();
    const signed = await phone.sign(consent);
    expect(await registry.registerConsent(leroy, signed)).toBe("live");
    await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
    expect(await registry.registerConsent(leroy, signed)).toBe("withdrawn");
  });

  test("holds over a database restored from before the consent itself was registered", async () => {
    const files = folder();
    const backup = join(files, "backup.db");
    const { registry, device, db } = await setUp(files);
    await db.run("VACUUM INTO ?", backup);
    const phone = await device(leroy);
    const [taken, kept] = await Promise.all([consentOf(), consentOf()].map((consent) => phone.sign(consent)));
    if (taken === undefined || kept === undefined) throw new Error("Two consents were signed");
    await registry.registerConsent(leroy, taken);
    await registry.withdraw(leroy, taken.payload.consentId, "patient-asked", false);
    const restored = await setUp(files, backup);
    expect(await restored.registry.registerConsent(leroy, taken)).toBe("withdrawn");
    expect(await restored.registry.registerConsent(leroy, kept)).toBe("live");
  });

  test("that comes while the last bytes are under way removes them all the same", async () => {
    const { registry, consent, mxc, removed } = await withPermit();
    await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
    removed.length = 0;
    await registry.uploadFinished(mxc);
    expect(removed).toEqual([`quarantine ${mxc}`, `remove ${mxc}`]);
  });
});

describe("a case", () => {
  const ofAnother = { code: "not-allowed", details: { why: "case-of-another" } };

  test("belongs to who claimed it first, and has one room", async () => {
    const { registry } = await setUp();
    const caseId = randomUUID();
    expect(await registry.claimCase(leroy, caseId)).toBeUndefined();
    await expect(registry.bindRoom(faure, caseId, "!theirs")).rejects.toMatchObject(ofAnother);
    await expect(registry.bindRoom(leroy, randomUUID(), "!r")).rejects.toMatchObject(ofAnother);
    await registry.bindRoom(leroy, caseId, "!r");
    await registry.bindRoom(leroy, caseId, "!second");
    expect(await registry.claimCase(leroy, caseId)).toBe("!r");
    await expect(registry.claimCase(faure, caseId)).rejects.toMatchObject(ofAnother);
  });

  test("is found by its room, and its room and owner by it", async () => {
    const { registry } = await setUp();
    const caseId = randomUUID();
    expect(await registry.claimOf(caseId)).toBeUndefined();
    expect(await registry.roomOfCase(caseId)).toBeUndefined();
    await registry.claimCase(leroy, caseId);
    expect(await registry.claimOf(caseId)).toEqual({ owner: leroy, roomId: undefined });
    expect(await registry.roomOfCase(caseId)).toBeUndefined();
    await registry.bindRoom(leroy, caseId, "!r");
    expect(await registry.claimOf(caseId)).toEqual({ owner: leroy, roomId: "!r" });
    expect(await registry.roomOfCase(caseId)).toBe("!r");
    expect(await registry.caseOfRoom("!r")).toEqual({ caseId, owner: leroy });
    expect(await registry.caseOfRoom("!other")).toBeUndefined();
  });
});

describe("the registry's own key", () => {
  test("is made once and read by its owner alone", async () => {
    const path = join(folder(), "key.json");
    const [first, second] = await Promise.all([loadRegistryKey(path), loadRegistryKey(path)]);
    expect(first.kid).toBe(second.kid);
    expect((await loadRegistryKey(path)).kid).toBe(first.kid);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});

describe("a ticket", () => {
  test("names one upload for one invitee, for a day", async () => {
    const { registry, now, removed } = await setUp();
    const ticket = await registry.openTicket(roomId, faure);
    await registry.bindTicket(ticket, "mxc://x/bundle");
    await expect(registry.bindTicket(ticket, "mxc://x/other")).rejects.toMatchObject({ code: "not-found" });
    expect(await registry.mediaFacts("mxc://x/bundle")).toMatchObject({ kind: "key-bundle", invitee: faure });
    now.ms += 24 * 3600 * 1000;
    await registry.openTicket(roomId, leroy);
    expect(await registry.mediaFacts("mxc://x/bundle")).toEqual({ kind: "unknown" });
    expect(removed).toEqual(["quarantine mxc://x/bundle", "remove mxc://x/bundle"]);
  });
});

describe("a registry whose store does not answer", () => {
  test("says of nothing that it is live, and gives no permit, no lease, no case", async () => {
    const { registry, consent, mxc, phone, db } = await withPermit();
    expect(await registry.statusOf(consent.consentId, null)).toMatchObject({ state: "live" });
    await db[Symbol.asyncDispose]();
    const calls: (() => Promise<unknown>)[] = [
      () => registry.statusOf(consent.consentId, null),
      () => registry.factsOf(consent.consentId),
      () => registry.consentsOfCase(consent.caseId),
      () => registry.leasesOf(consent.caseId),
      () => registry.mediaFacts(mxc),
      () => registry.caseOfRoom(roomId),
      () => registry.claimOf(consent.caseId),
      async () => registry.registerConsent(leroy, await phone.sign(consentOf())),
      () => registry.withdraw(leroy, consent.consentId, "patient-asked", false),
      () => registry.withdrawalTold(consent.consentId),
      () => registry.uploadFinished(mxc),
      () => registry.openTicket(roomId, faure),
      () => registry.claimCase(leroy, randomUUID()),
    ];
    for (const call of calls)
      await expect(call(), String(call)).rejects.toMatchObject({ code: "registry-unreachable" });
  });
});
