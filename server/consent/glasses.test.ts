import { randomUUID } from "node:crypto";
import { decodeJwt } from "jose";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Json } from "#protocol/canonical.ts";
import { consentOf, faure, hash, leroy, withPermit } from "./testing/a-registry.ts";

const haddad = "@haddad:valombre.example";

const glassOf = (consent: ReturnType<typeof consentOf>, change: Record<string, Json> = {}) => ({
  v: 1,
  glassId: randomUUID(),
  caseId: consent.caseId,
  consentId: consent.consentId,
  reader: haddad,
  openedBy: leroy,
  reasonSha256: hash,
  openedAt: "2026-03-01T10:00:00Z",
  endsAt: "2026-03-01T11:00:00Z",
  ...change,
});

describe("a broken glass", () => {
  test("lets its reader in until it ends, in every answer of the registry", async () => {
    const { registry, consent, mxc, phone, now } = await withPermit();
    const signed = await phone.sign(glassOf(consent));
    expect(await registry.breakGlass(leroy, signed)).toEqual({ open: true });
    const open = [{ reader: haddad, untilMs: Date.parse("2026-03-01T11:00:00Z") }];
    expect(await registry.factsOf(consent.consentId)).toMatchObject({ glasses: open });
    expect(await registry.consentsOfCase(consent.caseId)).toMatchObject([{ glasses: open }]);
    expect(await registry.mediaFacts(mxc)).toMatchObject({ glasses: open });
    const [lease = ""] = await registry.leasesOf(consent.caseId);
    expect(decodeJwt(lease)).toMatchObject({
      glasses: [{ reader: haddad, exp: Date.parse("2026-03-01T11:00:00Z") / 1000 }],
    });
    now.ms = Date.parse("2026-03-01T11:00:00Z");
    expect(await registry.factsOf(consent.consentId)).toMatchObject({ glasses: [] });
  });

  test("is written into the audit as BTG, once for the same glass", async () => {
    const { registry, consent, phone, db } = await withPermit();
    const glass = glassOf(consent);
    await registry.breakGlass(leroy, await phone.sign(glass));
    await registry.breakGlass(leroy, await phone.sign(glass));
    const rows = await db.all(
      z.object({ details: z.string() }),
      "SELECT details FROM audit WHERE event = 'glass-broken'",
    );
    expect(rows.map((row) => JSON.parse(row.details))).toMatchObject([{ type: "BTG", reader: haddad }]);
    await expect(
      registry.breakGlass(leroy, await phone.sign({ ...glass, reader: faure })),
    ).rejects.toMatchObject({ details: { why: "another-glass-of-this-id" } });
  });

  test.each<[string, Record<string, Json>, object]>([
    ["somebody else opened it", { openedBy: faure }, { code: "bad-signature" }],
    ["it runs longer than the rules have it", { endsAt: "2026-03-01T14:00:01Z" }, { why: "glass-too-long" }],
    ["it ends before it begins", { endsAt: "2026-03-01T09:59:00Z" }, { why: "glass-too-long" }],
    [
      "the clock of its device is a day ahead",
      { openedAt: "2026-03-02T10:00:00Z", endsAt: "2026-03-02T11:00:00Z" },
      { why: "opened-in-the-future" },
    ],
    [
      "the clock of its device is a day behind",
      { openedAt: "2026-02-28T10:00:00Z", endsAt: "2026-02-28T11:00:00Z" },
      { why: "opened-too-long-ago" },
    ],
    ["it is of another case", { caseId: randomUUID() }, { why: "glass-of-another-case" }],
    ["nobody asked the patient", { consentId: randomUUID() }, { code: "gate-refused", reason: "no-consent" }],
  ])("is refused when %s", async (_why, change, fault) => {
    const { registry, consent, phone } = await withPermit();
    const error = await registry
      .breakGlass(leroy, await phone.sign(glassOf(consent, change)))
      .catch((each: { code: string; details: object }) => ({ code: each.code, ...each.details }));
    expect(error).toMatchObject(fault);
  });

  test("is refused to who brings another's glass, and of who signed it in another's name", async () => {
    const { registry, consent, phone, device } = await withPermit();
    const notTheirs = { code: "bad-signature", details: { why: "not-the-opener" } };
    const signed = await phone.sign(glassOf(consent));
    await expect(registry.breakGlass(faure, signed)).rejects.toMatchObject(notTheirs);
    const forged = await (await device(faure)).sign(glassOf(consent));
    await expect(registry.breakGlass(leroy, forged)).rejects.toMatchObject(notTheirs);
    await expect(registry.breakGlass(faure, forged)).rejects.toMatchObject(notTheirs);
  });

  test.each<[string, Record<string, Json>, string | boolean]>([
    ["opened as far ahead as clocks differ", { openedAt: "2026-03-01T10:05:00Z" }, true],
    ["opened a second further ahead", { openedAt: "2026-03-01T10:05:01Z" }, "opened-in-the-future"],
    ["opened as far back as clocks differ, for hours", { openedAt: "2026-03-01T09:55:00Z" }, true],
    ["opened a second further back, for hours", { openedAt: "2026-03-01T09:54:59Z" }, "opened-too-long-ago"],
    [
      "opened a second further back, for a quarter of an hour",
      { openedAt: "2026-03-01T09:54:59Z", endsAt: "2026-03-01T10:09:59Z" },
      false,
    ],
    ["as long as the rules have it", { endsAt: "2026-03-01T14:00:00Z" }, true],
    ["that ends as it begins", { endsAt: "2026-03-01T10:00:00Z" }, "glass-too-long"],
  ])("is taken or refused to the second: %s", async (_what, change, answer) => {
    const { registry, consent, phone } = await withPermit();
    const breaking = registry.breakGlass(leroy, await phone.sign(glassOf(consent, change)));
    if (typeof answer === "boolean") expect(await breaking).toEqual({ open: answer });
    else await expect(breaking).rejects.toMatchObject({ code: "bad-request", details: { why: answer } });
  });

  test("never overrides a no: neither a withdrawal nor an opinion that was refused", async () => {
    const { registry, consent, phone } = await withPermit();
    const saysNo = consentOf({ decisions: [{ purpose: "opinion", granted: false }] });
    await registry.registerConsent(leroy, await phone.sign(saysNo));
    await expect(registry.breakGlass(leroy, await phone.sign(glassOf(saysNo)))).rejects.toMatchObject({
      code: "gate-refused",
      details: { reason: "opinion-not-granted" },
    });
    await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
    await expect(registry.breakGlass(leroy, await phone.sign(glassOf(consent)))).rejects.toMatchObject({
      code: "withdrawn",
      details: { reason: "withdrawn" },
    });
  });

  test("is never open longer than the rules have it by the registry's clock", async () => {
    const { registry, consent, phone } = await withPermit();
    const ahead = { openedAt: "2026-03-01T10:04:00Z", endsAt: "2026-03-01T14:04:00Z" };
    await registry.breakGlass(leroy, await phone.sign(glassOf(consent, ahead)));
    expect(await registry.factsOf(consent.consentId)).toMatchObject({
      glasses: [{ untilMs: Date.parse("2026-03-01T14:00:00Z") }],
    });
  });

  test("that was broken while the registry was away is kept, even after a withdrawal, and opens nothing", async () => {
    const { registry, consent, phone, now, db } = await withPermit();
    await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
    now.ms = Date.parse("2026-03-01T12:00:00Z");
    const local = { endsAt: "2026-03-01T10:15:00Z" };
    expect(await registry.breakGlass(leroy, await phone.sign(glassOf(consent, local)))).toEqual({
      open: false,
    });
    expect(await registry.factsOf(consent.consentId)).toMatchObject({ glasses: [] });
    const [row] = await db.all(
      z.object({ details: z.string() }),
      "SELECT details FROM audit WHERE event = 'glass-broken'",
    );
    expect(JSON.parse(row?.details ?? "")).toMatchObject({ late: true });
  });
});
