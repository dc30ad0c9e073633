import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { leaseMs } from "#protocol/api.ts";
import { clockSkewMs } from "#protocol/disclose.ts";
import { signedReceiptSchema } from "#protocol/receipt.ts";
import { consentOf, faure, hash, leroy, receiptOf, roomId, setUp, withPermit } from "./testing/a-registry.ts";

const start = Date.parse("2026-03-01T10:00:00Z");

describe("a receipt is believed", () => {
  test("when its taker signed it and brings it, and not when only one of these is so", async () => {
    const { registry, device } = await setUp();
    const [mine, theirs] = [await device(leroy), await device(faure)];
    const receipt = receiptOf(consentOf());
    expect(await registry.verifyReceipt(leroy, await mine.sign(receipt))).toEqual(receipt);
    const notTheirs = { code: "bad-signature", details: { why: "not-the-taker" } };
    for (const [caller, signed] of [
      [leroy, await theirs.sign(receipt)],
      [faure, await theirs.sign(receipt)],
      [faure, await mine.sign(receipt)],
      [leroy, await mine.sign({ ...receipt, takenBy: faure })],
    ] as const)
      await expect(registry.verifyReceipt(caller, signed)).rejects.toMatchObject(notTheirs);
  });

  test("when it was taken by now, give or take what clocks differ", async () => {
    const { registry, device } = await setUp();
    const phone = await device(leroy);
    const at = async (ms: number) =>
      registry.verifyReceipt(
        leroy,
        await phone.sign(receiptOf(consentOf(), { takenAt: new Date(ms).toISOString() })),
      );
    expect(await at(start + clockSkewMs)).toBeDefined();
    await expect(at(start + clockSkewMs + 1000)).rejects.toMatchObject({
      code: "bad-request",
      details: { why: "taken-in-the-future" },
    });
  });
});

describe("a permit", () => {
  const files = [{ rendition: "full" as const, sha256: hash, bytes: 10, mxc: "mxc://x/another" }];

  test("that was given is found again by its receipt, and by no other of that id", async () => {
    const { registry, consent, phone, signedReceipt, mxc } = await withPermit();
    expect(await registry.permitFor(signedReceipt)).toMatchObject([
      { mxc, rendition: "full", sha256: hash, bytes: 10, uploaded: false },
    ]);
    const unknown = signedReceiptSchema.parse(await phone.sign(receiptOf(consent)));
    expect(await registry.permitFor(unknown)).toBeUndefined();
    const changed = {
      ...signedReceipt,
      payload: { ...signedReceipt.payload, pictureSha256: "b".repeat(64) },
    };
    await expect(registry.permitFor(changed)).rejects.toMatchObject({
      code: "bad-request",
      details: { why: "another-receipt-of-this-id" },
    });
  });

  test("is given once, with an entry in the audit", async () => {
    const { registry, consent, signedReceipt, audited } = await withPermit();
    await expect(registry.givePermit(leroy, roomId, signedReceipt, files)).rejects.toMatchObject({
      code: "bad-request",
      details: { why: "permit-exists" },
    });
    const { receiptId } = signedReceipt.payload;
    expect(await audited("permit-given")).toEqual([
      { actor: leroy, caseId: consent.caseId, receiptId, consentId: consent.consentId, files: 1 },
    ]);
    expect(await registry.mediaFacts("mxc://x/another")).toEqual({ kind: "unknown" });
  });

  test("is not given under a consent that is not there, or was withdrawn a moment ago", async () => {
    const { registry, consent, phone } = await withPermit();
    const give = async (of: ReturnType<typeof consentOf>) =>
      registry.givePermit(leroy, roomId, signedReceiptSchema.parse(await phone.sign(receiptOf(of))), files);
    const refused = { code: "gate-refused", details: { reason: "withdrawn" } };
    await expect(give(consentOf())).rejects.toMatchObject(refused);
    await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
    await expect(give(consent)).rejects.toMatchObject(refused);
  });
});

describe("what is known of an address", () => {
  test("is the picture with its permit, its consent and their status for a minute", async () => {
    const { registry, consent, mxc, signedReceipt } = await withPermit();
    expect(await registry.mediaFacts(mxc)).toEqual({
      kind: "picture",
      mxc,
      caseId: consent.caseId,
      roomId,
      uploader: leroy,
      rendition: "full",
      sha256: hash,
      bytes: 10,
      uploaded: false,
      receipt: signedReceipt.payload,
      consent,
      glasses: [],
      status: { state: "live", untilMs: start + leaseMs },
    });
    expect(await registry.mediaFacts("mxc://x/y")).toEqual({ kind: "unknown" });
  });

  test("is that it was withdrawn as soon as either its permit or its consent was", async () => {
    for (const table of ["permits", "consents"]) {
      const { registry, mxc, db } = await withPermit();
      await db.run(`UPDATE ${table} SET state = 'withdrawn'`);
      expect(await registry.mediaFacts(mxc), table).toMatchObject({ status: { state: "withdrawn" } });
    }
  });

  test("is nothing when its permit or its consent is lost", async () => {
    for (const table of ["permits", "consents"]) {
      const { registry, mxc, db } = await withPermit();
      await db.run("PRAGMA foreign_keys = OFF");
      await db.run(`DELETE FROM ${table}`);
      expect(await registry.mediaFacts(mxc), table).toEqual({ kind: "unknown" });
    }
  });

  test("is what the patient's newest word makes of it", async () => {
    const { registry, consent, mxc, phone } = await withPermit();
    const narrower = consentOf({
      supersedes: consent.consentId,
      decisions: [{ purpose: "opinion", granted: true }],
    });
    await registry.registerConsent(leroy, await phone.sign(narrower));
    expect(await registry.mediaFacts(mxc)).toMatchObject({ consent: { decisions: narrower.decisions } });
  });
});

describe("an upload that is over", () => {
  test("is told to those who wait for it, and known from then on", async () => {
    const { registry, mxc, arrived, removed } = await withPermit();
    await registry.uploadFinished(mxc);
    expect(arrived).toEqual([mxc]);
    expect(removed).toEqual([]);
    expect(await registry.mediaFacts(mxc)).toMatchObject({ uploaded: true });
  });

  test("is told to nobody when the consent was withdrawn meanwhile", async () => {
    const { registry, mxc, consent, arrived } = await withPermit();
    await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
    await registry.uploadFinished(mxc);
    expect(arrived).toEqual([]);
  });

  test("at an address without a permit makes nothing known", async () => {
    const { registry } = await setUp();
    const mxc = `mxc://x/${randomUUID()}`;
    await registry.uploadFinished(mxc);
    expect(await registry.mediaFacts(mxc)).toEqual({ kind: "unknown" });
  });
});
