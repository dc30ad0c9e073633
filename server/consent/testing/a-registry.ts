import { randomUUID } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Json } from "#protocol/canonical.ts";
import { frenchRules } from "#protocol/consent-rules.ts";
import { signedReceiptSchema } from "#protocol/receipt.ts";
import { createAudit } from "../../audit/index.ts";
import { createEventBus, type DomainEvents } from "../../kit/events.ts";
import { newPrivateJwk, signDetached, signingKeyOf } from "../../kit/jose.ts";
import { createLogger } from "../../kit/log.ts";
import { openDatabase } from "../../store/index.ts";
import { loadRegistryKey } from "../key-file.ts";
import type { MediaList } from "../media-list.ts";
import { createRegistry } from "../registry.ts";
import { openRevocationLog } from "../revocation-log.ts";

const log = createLogger("silent");
export const leroy = "@leroy:valombre.example";
export const faure = "@faure:valombre.example";
export const hash = "a".repeat(64);
export const roomId = "!room";
export const folder = () => mkdtempSync(join(tmpdir(), "registry-"));

export async function setUp(files = folder(), database = ":memory:", held?: MediaList) {
  const now = { ms: Date.parse("2026-03-01T10:00:00Z") };
  const clock = () => now.ms;
  const db = openDatabase(database);
  const events = createEventBus(log);
  const removed: string[] = [];
  const homeserver = { down: false, hangs: false };
  const act = (what: string) => async (mxc: string) => {
    if (homeserver.down) throw new Error("down");
    if (homeserver.hangs) await new Promise(() => undefined);
    removed.push(`${what} ${mxc}`);
  };
  const audit = await createAudit({ db, log, clock });
  const registry = await createRegistry({
    db,
    log,
    clock,
    events,
    audit,
    key: await loadRegistryKey(join(files, "key.json")),
    rules: frenchRules,
    name: "registry:test",
    remover: { quarantine: act("quarantine"), remove: act("remove") },
    revocations: openRevocationLog(join(files, "revocations.log")),
    removeAgainMs: 50,
    ...(held === undefined ? {} : { held }),
  });
  const device = async (userId: string) => {
    const key = await signingKeyOf(await newPrivateJwk());
    // The device is known since the morning.
    const atMs = now.ms;
    now.ms -= 2 * 3_600_000;
    const certificate = await registry.certify({ userId, device: "D" }, key.publicJwk, {
      name: "N",
      rpps: "1",
    });
    now.ms = atMs;
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
  const arrived: string[] = [];
  events.on("media-uploaded", ({ mxc }) => arrived.push(mxc));
  /** What the audit says of an event: who, in which case, and its details. */
  const audited = async (event: string) =>
    (
      await db.all(
        z.object({ actor: z.string().nullable(), case_id: z.string().nullable(), details: z.string() }),
        "SELECT actor, case_id, details FROM audit WHERE event = ? ORDER BY seq",
        event,
      )
    ).map(({ actor, case_id: caseId, details }) => ({
      actor,
      caseId,
      ...z.looseObject({}).parse(JSON.parse(details)),
    }));
  return { registry, audit, audited, db, now, removed, homeserver, device, told, arrived, files };
}

export const consentOf = (change: Record<string, Json> = {}) => ({
  v: 1,
  consentId: randomUUID(),
  caseId: "7f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f",
  pseudonym: "abcdefghijklmnopqrstuv",
  decisions: [
    { purpose: "opinion", granted: true },
    { purpose: "care-named", granted: true },
  ],
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

export const receiptOf = (consent: ReturnType<typeof consentOf>, change: Record<string, Json> = {}) => ({
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

export async function withPermit(files?: string, held?: MediaList, database?: string) {
  const parts = await setUp(files, database, held);
  const { registry, device } = parts;
  const phone = await device(leroy);
  const consent = consentOf();
  await registry.claimCase(leroy, consent.caseId);
  await registry.bindRoom(leroy, consent.caseId, roomId);
  await registry.registerConsent(leroy, await phone.sign(consent));
  const signed = await phone.sign(receiptOf(consent));
  await registry.verifyReceipt(leroy, signed);
  const signedReceipt = signedReceiptSchema.parse(signed);
  const mxc = `mxc://x/${randomUUID()}`;
  await registry.givePermit(leroy, roomId, signedReceipt, [
    { rendition: "full", sha256: hash, bytes: 10, mxc },
  ]);
  return { ...parts, consent, mxc, phone, signedReceipt };
}
