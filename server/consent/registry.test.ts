import { randomUUID } from "node:crypto";
import { mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { describe, expect, test } from "vitest";
import type { Json } from "#protocol/canonical.ts";
import { frenchRules } from "#protocol/consent-rules.ts";
import { createAudit } from "../audit/audit.ts";
import { createEventBus, type DomainEvents } from "../kit/events.ts";
import { newPrivateJwk, signDetached, signingKeyOf } from "../kit/jose.ts";
import { createLogger } from "../kit/log.ts";
import { openDatabase } from "../store/index.ts";
import { loadRegistryKey } from "./key-file.ts";
import { createRegistry } from "./registry.ts";
import { openRevocationLog } from "./revocation-log.ts";

const log = createLogger("silent");
const leroy = "@leroy:valombre.example";
const faure = "@faure:valombre.example";
const hash = "a".repeat(64);
const roomId = "!room";
const folder = () => mkdtempSync(join(tmpdir(), "registry-"));

async function setUp(files = folder(), database = ":memory:") {
  const now = { ms: Date.parse("2026-03-01T10:00:00Z") };
  const clock = () => now.ms;
  const db = openDatabase(database);
  const events = createEventBus(log);
  const removed: string[] = [];
  const homeserver = { down: false };
  const act = (what: string) => async (mxc: string) => {
    if (homeserver.down) throw new Error("down");
    removed.push(`${what} ${mxc}`);
  };
  const registry = await createRegistry({
    db,
    log,
    clock,
    events,
    audit: await createAudit({ db, log, clock }),
    key: await loadRegistryKey(join(files, "key.json")),
    rules: frenchRules,
    name: "registry:test",
    remover: { quarantine: act("quarantine"), remove: act("remove") },
    revocations: openRevocationLog(join(files, "revocations.log")),
    removeAgainMs: 50,
  });
  const device = async (userId: string) => {
    const key = await signingKeyOf(await newPrivateJwk());
    const certificate = await registry.certify({ userId, device: "D" }, key.publicJwk, {
      name: "N",
      rpps: "1",
    });
    return {
      key,
      sign: async <T extends Json>(payload: T) => ({
        payload,
        jws: await signDetached(key, payload),
        certificate,
      }),
    };
  };
  const told: DomainEvents["consent-withdrawn"][] = [];
  events.on("consent-withdrawn", (event) => told.push(event));
  return { registry, db, now, removed, homeserver, device, told, files };
}

const consentOf = (change: Record<string, Json> = {}) => ({
  v: 1,
  consentId: randomUUID(),
  caseId: "7f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f",
  pseudonym: "abcdefghijklmnopqrstuv",
  decisions: [{ purpose: "care-named", granted: true }],
  recipients: [{ kind: "person", userId: faure }],
  method: "oral-witnessed",
  givenBy: "patient",
  notice: { version: "1", sha256: hash, language: "fr" },
  evidenceSha256: hash,
  collectedBy: leroy,
  collectedAt: "2026-03-01T09:59:00Z",
  expiresAt: "2026-06-01T09:00:00Z",
  ...change,
});

const receiptOf = (consent: ReturnType<typeof consentOf>, change: Record<string, Json> = {}) => ({
  v: 1,
  receiptId: randomUUID(),
  consentId: consent.consentId,
  caseId: consent.caseId,
  pseudonym: consent.pseudonym,
  pictureSha256: hash,
  ciphertexts: [{ rendition: "full", sha256: hash, bytes: 10 }],
  takenBy: leroy,
  takenAt: "2026-03-01T10:00:00Z",
  source: "camera",
  ...change,
});

async function withPermit(files?: string) {
  const parts = await setUp(files);
  const { registry, device } = parts;
  const phone = await device(leroy);
  const consent = consentOf();
  await registry.claimCase(leroy, consent.caseId);
  await registry.bindRoom(leroy, consent.caseId, roomId);
  await registry.registerConsent(leroy, await phone.sign(consent));
  const signed = await phone.sign(receiptOf(consent));
  await registry.verifyReceipt(leroy, signed);
  const mxc = `mxc://x/${randomUUID()}`;
  const { signedReceiptSchema } = await import("#protocol/receipt.ts");
  await registry.givePermit(leroy, roomId, signedReceiptSchema.parse(signed), [
    { rendition: "full", sha256: hash, bytes: 10, mxc },
  ]);
  return { ...parts, consent, mxc, phone };
}

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
    await expect(registry.withdraw(faure, consent.consentId, "patient-asked")).rejects.toMatchObject({
      code: "not-allowed",
    });
    await registry.withdraw(leroy, consent.consentId, "patient-asked");
    await registry.withdraw(leroy, consent.consentId, "patient-asked");
    expect(await registry.mediaFacts(mxc)).toMatchObject({ status: { state: "withdrawn" } });
    expect(removed).toEqual([`quarantine ${mxc}`, `remove ${mxc}`]);
    expect(told).toHaveLength(1);
    const [lease = ""] = await registry.leasesOf(consent.caseId);
    expect(decodeJwt(lease)).toMatchObject({ state: "withdrawn", consentId: consent.consentId });
  });

  test("holds while the homeserver is down, and the media go when it is back", async () => {
    const { registry, consent, mxc, removed, homeserver } = await withPermit();
    homeserver.down = true;
    await registry.withdraw(leroy, consent.consentId, "patient-asked");
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
    await registry.withdraw(leroy, consent.consentId, "patient-asked");
    const restored = await setUp(files, backup);
    expect(await restored.registry.mediaFacts(mxc)).toMatchObject({ status: { state: "withdrawn" } });
    await expect.poll(() => restored.removed).toContain(`remove ${mxc}`);
  });

  test("that comes while the last bytes are under way removes them all the same", async () => {
    const { registry, consent, mxc, removed } = await withPermit();
    await registry.withdraw(leroy, consent.consentId, "patient-asked");
    removed.length = 0;
    await registry.uploadFinished(mxc);
    expect(removed).toEqual([`quarantine ${mxc}`, `remove ${mxc}`]);
  });
});

describe("a case", () => {
  test("belongs to who claimed it first", async () => {
    const { registry } = await setUp();
    const caseId = randomUUID();
    expect(await registry.claimCase(leroy, caseId)).toBeUndefined();
    await registry.bindRoom(leroy, caseId, "!r");
    expect(await registry.claimCase(leroy, caseId)).toBe("!r");
    await expect(registry.claimCase(faure, caseId)).rejects.toMatchObject({ code: "not-allowed" });
  });
});

describe("a key", () => {
  test("is certified for one person only", async () => {
    const { registry } = await setUp();
    const key = await signingKeyOf(await newPrivateJwk());
    const identity = { name: "N", rpps: "1" };
    await registry.certify({ userId: leroy, device: "D" }, key.publicJwk, identity);
    await registry.certify({ userId: leroy, device: "D" }, key.publicJwk, identity);
    await expect(
      registry.certify({ userId: faure, device: "E" }, key.publicJwk, identity),
    ).rejects.toMatchObject({
      code: "not-allowed",
    });
  });

  test("of the registry is made once and read by its owner alone", async () => {
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
