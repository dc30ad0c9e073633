import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { HeldMedia } from "./media-list.ts";
import { consentOf, faure, folder, hash, leroy, roomId, setUp, withPermit } from "./testing/a-registry.ts";

/** A homeserver's list that is given when the test is ready. */
function heldLater() {
  const ready = Promise.withResolvers<void>();
  const media: HeldMedia[] = [];
  const list = {
    uploaders: async () => {
      await ready.promise;
      return [{ userId: leroy, mark: String(media.length) }];
    },
    mediaOf: async () => media,
  };
  const hold = (mxc: string, sha256: string | null = hash) => {
    media.push({ mxc, userId: leroy, sha256 });
    return mxc;
  };
  return { list, hold, look: ready.resolve };
}

describe("what the homeserver holds", () => {
  test("stays when the ledger knows it, and is taken out and written down when it does not", async () => {
    const { list, hold, look } = heldLater();
    const { registry, mxc, removed, audited } = await withPermit(undefined, list);
    await registry.bindTicket(await registry.openTicket(roomId, faure), "mxc://x/keys");
    hold(mxc);
    hold("mxc://x/keys", "b".repeat(64));
    const stray = hold("mxc://x/stray");
    look();
    await expect.poll(() => removed).toEqual([`quarantine ${stray}`, `remove ${stray}`]);
    await expect
      .poll(() => audited("media-swept"))
      .toEqual([{ actor: leroy, caseId: null, mxc: stray, why: "unknown" }]);
    await registry[Symbol.asyncDispose]();
  });

  test("is taken out when its bytes are others than were announced", async () => {
    const { list, hold, look } = heldLater();
    const { registry, mxc, removed, audited } = await withPermit(undefined, list);
    hold(mxc, "b".repeat(64));
    look();
    await expect.poll(() => removed).toContain(`remove ${mxc}`);
    await expect.poll(() => audited("media-swept")).toMatchObject([{ why: "other-bytes" }]);
    await registry[Symbol.asyncDispose]();
  });

  test("is taken out when it was withdrawn and came back, and once while it is on its way out", async () => {
    const { list, hold, look } = heldLater();
    const { registry, mxc, consent, removed, audited } = await withPermit(undefined, list);
    await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
    removed.length = 0;
    hold(mxc);
    look();
    await expect.poll(() => removed).toEqual([`quarantine ${mxc}`, `remove ${mxc}`]);
    await expect.poll(() => audited("media-swept")).toMatchObject([{ why: "withdrawn" }]);
    await registry[Symbol.asyncDispose]();
  });

  test("is left to the removal that is under way", async () => {
    const { list, hold, look } = heldLater();
    const { registry, mxc, consent, audited, homeserver } = await withPermit(undefined, list);
    homeserver.down = true;
    await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
    hold(mxc);
    const stray = hold("mxc://x/stray");
    look();
    await expect.poll(() => audited("media-swept")).toMatchObject([{ mxc: stray }]);
    await registry[Symbol.asyncDispose]();
  });

  test("is looked through no more once the registry is closed", async () => {
    const { list, hold, look } = heldLater();
    const { registry, removed } = await setUp(folder(), ":memory:", list);
    const closing = registry[Symbol.asyncDispose]();
    hold("mxc://x/stray");
    look();
    await closing;
    const before = removed.length;
    hold("mxc://x/another");
    await new Promise((passed) => setTimeout(passed, 2_100));
    expect(removed.length).toBe(before);
  });
});

describe("a registry that is opened again", () => {
  test("does again of the log's withdrawals what the database does not know, and nothing twice", async () => {
    const files = folder();
    const database = `${files}/registry.db`;
    const first = await withPermit(files, undefined, database);
    await first.registry.withdraw(leroy, first.consent.consentId, "patient-asked", false);
    await first.registry[Symbol.asyncDispose]();
    await first.db[Symbol.asyncDispose]();
    const again = await setUp(files, database);
    const roles = await again.db.all(z.object({ role: z.string() }), "SELECT role FROM schema_versions");
    expect(roles).toContainEqual({ role: "consent" });
    await new Promise((passed) => setTimeout(passed, 100));
    expect(again.removed).toEqual([]);
    expect(await again.registry.statusOf(first.consent.consentId, null)).toMatchObject({
      state: "withdrawn",
    });
    await again.registry[Symbol.asyncDispose]();
  });

  test("writes down what it has removed", async () => {
    const { registry, mxc, consent, audited } = await withPermit();
    await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
    await expect.poll(() => audited("media-removed")).toEqual([{ actor: null, caseId: null, mxc }]);
  });

  test("does not believe what was changed in its store", async () => {
    const { registry, consent, db } = await withPermit();
    await db.run("UPDATE consents SET signed = '{}'");
    await expect(registry.factsOf(consent.consentId)).rejects.toMatchObject({
      code: "registry-unreachable",
      cause: expect.objectContaining({
        message: expect.stringContaining("a stored value that breaks its schema"),
      }),
    });
    expect(await registry.statusOf(consentOf().consentId, null)).toEqual({ state: "unknown" });
  });
});
