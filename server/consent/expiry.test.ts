import { describe, expect, test } from "vitest";
import { signedReceiptSchema } from "#protocol/receipt.ts";
import { createHistoryPurger } from "./expiry.ts";
import { consentOf, leroy, receiptOf, roomId, setUp } from "./testing/a-registry.ts";

/** A case with one picture in its room. */
async function withPicture() {
  const made = await setUp();
  const phone = await made.device(leroy);
  const consent = consentOf();
  await made.registry.registerConsent(leroy, await phone.sign(consent));
  await made.registry.claimCase(leroy, consent.caseId);
  await made.registry.bindRoom(leroy, consent.caseId, roomId);
  const permit = async (mxc: string) =>
    made.registry.givePermit(leroy, roomId, signedReceiptSchema.parse(await phone.sign(receiptOf(consent))), [
      { rendition: "full", sha256: "a".repeat(64), bytes: 10, mxc },
    ]);
  await permit("mxc://x/one");
  return { ...made, permit, consent };
}

describe("a case whose content leaves the messenger", () => {
  test("takes no picture any more, until it is opened again", async () => {
    const { registry, permit } = await withPicture();
    expect(await registry.isClosed(roomId)).toBe(false);
    await registry.closeRoom(roomId);
    expect(await registry.isClosed(roomId)).toBe(true);
    await expect(permit("mxc://x/two")).rejects.toMatchObject({ code: "case-over" });
    await registry.reopenRoom(roomId);
    await permit("mxc://x/two");
    expect(await registry.isClosed(roomId)).toBe(false);
  });

  test("loses its media and no other's, is audited, and twice is once", async () => {
    const { registry, removed, audited } = await withPicture();
    await registry.eraseRoom("!another", "$stays");
    expect(removed).toEqual([]);
    await registry.eraseRoom(roomId, "$stays");
    await expect.poll(() => removed).toEqual(["quarantine mxc://x/one", "remove mxc://x/one"]);
    await registry.eraseRoom(roomId, "$stays");
    expect(removed).toHaveLength(2);
    expect(await audited("case-expired")).toContainEqual(expect.objectContaining({ roomId, media: 1 }));
  });

  test("stays closed from the first time on, and opens again", async () => {
    const { registry, now } = await withPicture();
    expect(await registry.closeRoom(roomId)).toBe(0);
    now.ms += 60_000;
    expect(await registry.closeRoom(roomId)).toBe(60_000);
    expect(await registry.closedRooms()).toEqual([roomId]);
    await registry.reopenRoom(roomId);
    expect(await registry.closedRooms()).toEqual([]);
    expect(await registry.closeRoom(roomId)).toBe(0);
  });

  test("stays while what was taken back was not told to the room, or is still with the homeserver", async () => {
    const { registry, consent, homeserver } = await withPicture();
    expect(await registry.hasOpenWithdrawal(roomId)).toBe(false);
    homeserver.down = true;
    await registry.withdraw(leroy, consent.consentId, "patient-asked", true);
    expect(await registry.hasOpenWithdrawal(roomId)).toBe(true);
    await registry.withdrawalTold(consent.consentId);
    expect(await registry.hasOpenWithdrawal(roomId)).toBe(true);
    homeserver.down = false;
    await expect.poll(() => registry.hasOpenWithdrawal(roomId)).toBe(false);
  });

  test("has a picture removed whose last bytes came after its removal", async () => {
    const { registry, removed } = await withPicture();
    await registry.eraseRoom(roomId, "$stays");
    await expect.poll(() => removed).toHaveLength(2);
    await registry.uploadFinished("mxc://x/one");
    await expect.poll(() => removed).toHaveLength(4);
  });

  test("has what was said before its summary taken out of the homeserver, with the administrator's token, and waits for it", async () => {
    const asked: string[] = [];
    const says = ["active", "active", "complete"];
    const purge = createHistoryPurger(
      {
        call: async ({ answer, method, path, token, body }) => {
          asked.push([method, path, token, ...(body === undefined ? [] : [JSON.stringify(body)])].join(" "));
          return answer.parse(method === "POST" ? { purge_id: "p" } : { status: says.shift() });
        },
      },
      "admin-token",
      1,
    );
    await purge("!room:a", "$stays/1");
    expect(asked).toEqual([
      'POST /_synapse/admin/v1/purge_history/!room%3Aa/%24stays%2F1 admin-token {"delete_local_events":true}',
      ...Array.from({ length: 3 }, () => "GET /_synapse/admin/v1/purge_history_status/p admin-token"),
    ]);
    says.push("failed");
    await expect(purge("!room:a", "$stays/1")).rejects.toThrow(/failed/);
  });
});
