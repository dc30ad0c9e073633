import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { signedReceiptSchema } from "#protocol/receipt.ts";
import { consentOf, faure, leroy, receiptOf, roomId, setUp, withPermit } from "./testing/a-registry.ts";

const stateOf = async ({ registry }: Pick<Awaited<ReturnType<typeof setUp>>, "registry">, id: string) =>
  (await registry.statusOf(id, null)).state;

describe("a withdrawal", () => {
  test("of a consent that nobody registered is answered so", async () => {
    const { registry } = await setUp();
    const unknown = randomUUID();
    await expect(registry.withdraw(leroy, unknown, "patient-asked", true)).rejects.toMatchObject({
      code: "not-found",
    });
    await expect(registry.withdrawByPatient(unknown, "patient-asked")).rejects.toMatchObject({
      code: "not-found",
    });
  });

  test("is the collector's and the requester's to write down, and no stranger's", async () => {
    const parts = await withPermit();
    const { registry, device } = parts;
    const byFaure = consentOf({ collectedBy: faure });
    await registry.registerConsent(faure, await (await device(faure)).sign(byFaure));
    await expect(
      registry.withdraw("@haddad:x", byFaure.consentId, "patient-asked", false),
    ).rejects.toMatchObject({ code: "not-allowed" });
    expect(await stateOf(parts, byFaure.consentId)).toBe("live");
    await registry.withdraw(leroy, byFaure.consentId, "patient-asked", false);
    expect(await stateOf(parts, byFaure.consentId)).toBe("withdrawn");
    const another = consentOf({ collectedBy: faure });
    await registry.registerConsent(faure, await (await device(faure)).sign(another));
    await registry.withdraw(faure, another.consentId, "patient-asked", false);
    expect(await stateOf(parts, another.consentId)).toBe("withdrawn");
  });

  test("tells which receipts of which case and room, and the audit how many", async () => {
    const { registry, consent, told, audited, phone, signedReceipt } = await withPermit();
    const preview = signedReceiptSchema.parse(await phone.sign(receiptOf(consent)));
    const file = { rendition: "full" as const, sha256: "b".repeat(64), bytes: 1 };
    await registry.givePermit(leroy, roomId, preview, [
      { ...file, mxc: "mxc://x/1" },
      { ...file, mxc: "mxc://x/2" },
    ]);
    await registry.withdraw(leroy, consent.consentId, "collected-in-error", false);
    const { caseId, consentId } = consent;
    const receiptIds = [signedReceipt, preview].map(({ payload }) => payload.receiptId);
    expect(told).toMatchObject([{ consentId, caseId, roomId }]);
    expect(told[0]?.receiptIds.toSorted()).toEqual(receiptIds.toSorted());
    expect(await audited("consent-withdrawn")).toEqual([
      { actor: leroy, caseId, consentId, reason: "collected-in-error", receipts: 2 },
    ]);
  });

  test("leaves alone what the patient said apart from it", async () => {
    const parts = await withPermit();
    const { registry, phone, consent } = parts;
    const [first, second] = [consentOf(), consentOf()];
    const changed = consentOf({ supersedes: second.consentId });
    for (const each of [first, second, changed])
      await registry.registerConsent(leroy, await phone.sign(each));
    await registry.withdraw(leroy, changed.consentId, "patient-asked", false);
    expect(await stateOf(parts, second.consentId)).toBe("withdrawn");
    expect(await stateOf(parts, first.consentId)).toBe("live");
    expect(await stateOf(parts, consent.consentId)).toBe("live");
  });

  test("comes to an end where two consents each say to take the other's place", async () => {
    const parts = await withPermit();
    const { registry, phone } = parts;
    const [one, other] = [randomUUID(), randomUUID()];
    for (const [consentId, supersedes] of [
      [one, other],
      [other, one],
    ] as const)
      await registry.registerConsent(leroy, await phone.sign(consentOf({ consentId, supersedes })));
    await registry.withdraw(leroy, one, "patient-asked", false);
    expect([await stateOf(parts, one), await stateOf(parts, other)]).toEqual(["withdrawn", "withdrawn"]);
  });

  test("is answered after two seconds at most, though the homeserver does not answer", async () => {
    const { registry, consent, homeserver, mxc } = await withPermit();
    homeserver.hangs = true;
    const begun = performance.now();
    await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(await registry.mediaFacts(mxc)).toMatchObject({ status: { state: "withdrawn" } });
  });

  test("that is asked for again takes the media out that could not be taken out before", async () => {
    const { registry, consent, homeserver, removed, mxc } = await withPermit();
    homeserver.down = true;
    await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
    homeserver.down = false;
    await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
    expect(removed).toEqual([`quarantine ${mxc}`, `remove ${mxc}`]);
  });
});
