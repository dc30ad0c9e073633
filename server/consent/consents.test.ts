import { randomUUID } from "node:crypto";
import { decodeJwt } from "jose";
import { describe, expect, test } from "vitest";
import { leaseMs } from "#protocol/api.ts";
import type { Json } from "#protocol/canonical.ts";
import { clockSkewMs } from "#protocol/disclose.ts";
import { consentOf, faure, leroy, roomId, setUp, withPermit } from "./testing/a-registry.ts";

const start = Date.parse("2026-03-01T10:00:00Z");
const iso = (ms: number) => new Date(ms).toISOString();
const refusal = (why: string) => ({ code: "bad-request", details: { why } });

describe("a consent is registered", () => {
  test("of who signed it and says to have collected it, and of nobody else who has one of the two", async () => {
    const { registry, device } = await setUp();
    const signedByFaure = await (await device(faure)).sign(consentOf());
    const notTheirs = { code: "bad-signature", details: { why: "not-the-collector" } };
    await expect(registry.registerConsent(leroy, signedByFaure)).rejects.toMatchObject(notTheirs);
    await expect(registry.registerConsent(faure, signedByFaure)).rejects.toMatchObject(notTheirs);
    const signedByLeroy = await (await device(leroy)).sign(consentOf());
    expect(await registry.registerConsent(leroy, signedByLeroy)).toBe("live");
  });

  test.each<[string, Record<string, Json>, string | undefined]>([
    ["collected as far ahead as clocks differ", { collectedAt: iso(start + clockSkewMs) }, undefined],
    ["collected further ahead", { collectedAt: iso(start + clockSkewMs + 1000) }, "collected-in-the-future"],
    ["that ends this very moment", { expiresAt: iso(start) }, undefined],
    ["that ended the moment before", { expiresAt: iso(start - 1000) }, "expired-already"],
  ])("or refused, to the second: %s", async (_what, change, why) => {
    const { registry, device } = await setUp();
    const answer = registry.registerConsent(leroy, await (await device(leroy)).sign(consentOf(change)));
    if (why === undefined) expect(await answer).toBe("live");
    else await expect(answer).rejects.toMatchObject(refusal(why));
  });

  test("with an entry in the audit that names no patient, once", async () => {
    const { registry, device, audited } = await setUp();
    const consent = consentOf();
    const signed = await (await device(leroy)).sign(consent);
    await registry.registerConsent(leroy, signed);
    await registry.registerConsent(leroy, signed);
    expect(await audited("consent-registered")).toEqual([
      { actor: leroy, caseId: consent.caseId, consentId: consent.consentId },
    ]);
  });

  test("once under its id, whatever the other one says", async () => {
    const { registry, device } = await setUp();
    const phone = await device(leroy);
    const consent = consentOf();
    await registry.registerConsent(leroy, await phone.sign(consent));
    const other = await phone.sign({ ...consent, evidenceSha256: "b".repeat(64) });
    await expect(registry.registerConsent(leroy, other)).rejects.toMatchObject(
      refusal("another-consent-of-this-id"),
    );
  });

  test("in a case that has no room yet by who began it alone, and afterwards by its members", async () => {
    const { registry, device } = await setUp();
    const [mine, theirs] = [await device(leroy), await device(faure)];
    const byFaure = () => theirs.sign(consentOf({ collectedBy: faure }));
    await registry.registerConsent(leroy, await mine.sign(consentOf()));
    await registry.registerConsent(leroy, await mine.sign(consentOf()));
    await expect(registry.registerConsent(faure, await byFaure())).rejects.toMatchObject({
      code: "not-allowed",
      details: { why: "case-of-another" },
    });
    await registry.bindRoom(leroy, consentOf().caseId, roomId);
    expect(await registry.registerConsent(faure, await byFaure())).toBe("live");
  });

  test("of another patient only when the one that counted was taken back: it was of the wrong one", async () => {
    const { registry, device } = await setUp();
    const phone = await device(leroy);
    const wrong = consentOf();
    const right = await phone.sign(consentOf({ pseudonym: "zyxwvutsrqponmlkjihgfe" }));
    await registry.registerConsent(leroy, await phone.sign(wrong));
    await expect(registry.registerConsent(leroy, right)).rejects.toMatchObject(refusal("another-patient"));
    await registry.withdraw(leroy, wrong.consentId, "collected-in-error", false);
    expect(await registry.registerConsent(leroy, right)).toBe("live");
  });
});

describe("what the registry says of a consent", () => {
  test("is where it belongs, and nothing of one that nobody registered", async () => {
    const { registry, consent, device } = await withPermit();
    expect(await registry.placeOf(consent.consentId)).toEqual({ collectedBy: leroy, owner: leroy, roomId });
    expect(await registry.placeOf(randomUUID())).toBeUndefined();
    const begun = consentOf({ caseId: randomUUID(), collectedBy: faure });
    await registry.registerConsent(faure, await (await device(faure)).sign(begun));
    expect(await registry.placeOf(begun.consentId)).toEqual({
      collectedBy: faure,
      owner: faure,
      roomId: undefined,
    });
  });

  test("is unknown of one that nobody registered, with no consent and no glass", async () => {
    const { registry } = await setUp();
    expect(await registry.factsOf(randomUUID())).toEqual({
      consent: null,
      status: { state: "unknown" },
      glasses: [],
    });
    expect(await registry.statusOf(randomUUID(), null)).toEqual({ state: "unknown" });
    expect(await registry.consentsOfCase(randomUUID())).toEqual([]);
    expect(await registry.leasesOf(randomUUID())).toEqual([]);
  });

  test("holds for a minute", async () => {
    const { registry, consent, now } = await withPermit();
    now.ms += 5;
    const status = { state: "live", untilMs: start + 5 + leaseMs };
    expect(await registry.statusOf(consent.consentId, null)).toEqual(status);
    expect(await registry.factsOf(consent.consentId)).toMatchObject({ status });
    expect(await registry.consentsOfCase(consent.caseId)).toMatchObject([{ status }]);
  });

  test("is the patient's newest word that was not taken back", async () => {
    const { registry, consent, phone } = await withPermit();
    const decisions = [{ purpose: "opinion", granted: true }];
    const narrower = consentOf({ supersedes: consent.consentId, decisions });
    await registry.registerConsent(leroy, await phone.sign(narrower));
    expect(await registry.factsOf(consent.consentId)).toMatchObject({
      consent: { consentId: consent.consentId, decisions },
    });
    await registry.withdraw(leroy, narrower.consentId, "collected-in-error", false);
    expect(await registry.factsOf(consent.consentId)).toMatchObject({
      consent: { decisions: consent.decisions },
    });
  });
});

describe("the status of one picture", () => {
  test("is that of its own permit, under its own consent", async () => {
    const { registry, consent, phone, db, signedReceipt } = await withPermit();
    const other = consentOf();
    await registry.registerConsent(leroy, await phone.sign(other));
    const receiptId = signedReceipt.payload.receiptId;
    const status = async (consentId: string, of: string) => (await registry.statusOf(consentId, of)).state;
    expect(await status(consent.consentId, receiptId)).toBe("live");
    expect(await status(consent.consentId, randomUUID())).toBe("unknown");
    expect(await status(other.consentId, receiptId)).toBe("unknown");
    await db.run("UPDATE permits SET state = 'withdrawn'");
    expect(await status(consent.consentId, receiptId)).toBe("withdrawn");
    expect((await registry.statusOf(consent.consentId, null)).state).toBe("live");
    await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
    expect(await status(consent.consentId, randomUUID())).toBe("withdrawn");
  });
});

describe("a lease", () => {
  test("says whose word it is, on which consent of which case and room, for a minute in whole seconds", async () => {
    const { registry, consent, now } = await withPermit();
    now.ms += 1_999;
    const [lease = ""] = await registry.leasesOf(consent.caseId);
    const iat = start / 1000 + 1;
    expect(decodeJwt(lease)).toEqual({
      iss: "registry:test",
      consentId: consent.consentId,
      caseId: consent.caseId,
      roomId,
      state: "live",
      withdrawnReceipts: [],
      glasses: [],
      iat,
      exp: iat + 60,
    });
  });

  test("names no room before there is one", async () => {
    const { registry, device } = await setUp();
    const consent = consentOf();
    await registry.registerConsent(leroy, await (await device(leroy)).sign(consent));
    const [lease = ""] = await registry.leasesOf(consent.caseId);
    expect(decodeJwt(lease)).not.toHaveProperty("roomId");
  });

  test("names the pictures that were taken back, and no others", async () => {
    const { registry, consent, db, signedReceipt } = await withPermit();
    await db.run("UPDATE permits SET state = 'withdrawn'");
    const [lease = ""] = await registry.leasesOf(consent.caseId);
    expect(decodeJwt(lease)).toMatchObject({
      state: "live",
      withdrawnReceipts: [signedReceipt.payload.receiptId],
    });
  });
});
