import { randomBytes, randomUUID } from "node:crypto";
import { CompactSign, exportJWK, generateKeyPair } from "jose";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { canonicalJson, type Json } from "#protocol/canonical.ts";
import { type Consent, consentSchema } from "#protocol/consent.ts";
import { ColloqueError } from "#protocol/errors.ts";
import { linkMs } from "#protocol/patient-phone.ts";
import { publicJwkSchema } from "#protocol/signed.ts";
import { openDatabase } from "../store/index.ts";
import { createCopies } from "./copies.ts";
import { createLinks } from "./links.ts";
import { migrations } from "./migrations.ts";
import { hashOf } from "./phone-request.ts";
import type { Access } from "./port.ts";

const leroy = "@leroy:valombre.example";
const faure = "@faure:valombre.example";
const martin = "@martin:valombre.example";
const id = () => randomBytes(16).toString("base64url");
const sealed = () => randomBytes(60).toString("base64url");
const forever = new AbortController().signal;

async function setUp() {
  const now = { ms: Date.parse("2026-11-24T10:00:00Z") };
  const db = openDatabase(":memory:");
  await db.migrate("patient", migrations);
  const registered = new Map<string, { consent: Consent; withdrawn: boolean }>();
  const accesses: Access[] = [];
  const parts = {
    db,
    clock: () => now.ms,
    audit: { note: async () => {} },
    factsOf: async (consentId: string) => {
      const found = registered.get(consentId);
      if (found === undefined) return { consent: null, status: { state: "unknown" as const }, glasses: [] };
      const state = found.withdrawn ? ("withdrawn" as const) : ("live" as const);
      return { consent: found.consent, status: { state, untilMs: now.ms + 60_000 }, glasses: [] };
    },
    withdrawByPatient: async (consentId: string) => {
      const found = registered.get(consentId);
      if (found === undefined) throw new ColloqueError("not-found");
      found.withdrawn = true;
    },
    accessesOfCase: async () => accesses,
    nameOf: (userId: string) => (userId === martin ? "Dr Hélène Martin" : userId),
  };
  const register = (consentId: string) =>
    registered.set(consentId, { consent: consentOf(consentId), withdrawn: false });
  return { now, links: createLinks(parts), copies: createCopies(parts), registered, register, accesses, db };
}

const consentOf = (consentId: string): Consent =>
  consentSchema.parse({
    v: 1,
    consentId,
    caseId: randomUUID(),
    pseudonym: "A".repeat(22),
    decisions: [{ purpose: "opinion", granted: true }],
    recipients: [{ kind: "person", userId: martin }],
    method: "patient-phone",
    givenBy: "patient",
    notice: { version: "1", sha256: "a".repeat(64), language: "fr" },
    evidenceSha256: "a".repeat(64),
    collectedBy: leroy,
    collectedAt: "2026-11-24T10:00:00Z",
    expiresAt: "2027-05-24T10:00:00Z",
  });

/** A phone with a key of its own. */
async function phone() {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const jwk = publicJwkSchema.parse(await exportJWK(publicKey));
  const sign = (claims: Json) =>
    new CompactSign(Buffer.from(canonicalJson(claims)))
      .setProtectedHeader({ alg: "ES256", jwk })
      .sign(privateKey);
  return {
    open: (linkId: string) => sign({ act: "open", linkId }),
    async answer(linkId: string, copyId = id(), proof = randomBytes(32).toString("base64url")) {
      const body = { sealed: sealed(), copy: { copyId, cover: sealed(), sealed: sealed(), proof } };
      const sha256 = hashOf(canonicalJson(body));
      return { jws: await sign({ act: "answer", linkId, sha256 }), body };
    },
  };
}

async function openLink(links: Awaited<ReturnType<typeof setUp>>["links"], owner = leroy) {
  const link = {
    linkId: id(),
    consentId: consentOf(randomUUID()).consentId,
    caseId: consentOf(randomUUID()).caseId,
  };
  const offer = sealed();
  await links.open(owner, { ...link, sealed: offer });
  return { ...link, offer };
}

const why = (reason: string) => expect.objectContaining({ code: "not-allowed", details: { reason } });

describe("a link for one phone", () => {
  test("goes from waiting to opened to answered, and its clinician hears of each", async () => {
    const { links } = await setUp();
    const { linkId, offer } = await openLink(links);
    expect((await links.stateOf(leroy, linkId, undefined, forever)).state).toBe("waiting");
    const opened = links.stateOf(leroy, linkId, "waiting", forever);
    const mine = await phone();
    expect((await links.openOnPhone(await mine.open(linkId))).sealed).toBe(offer);
    expect((await opened).state).toBe("opened");
    const answered = links.stateOf(leroy, linkId, "opened", forever);
    const answer = await mine.answer(linkId);
    await links.answer(answer);
    expect(await answered).toMatchObject({ state: "answered", sealed: answer.body.sealed });
  });

  test("belongs to the device that opened it first; that one may open it again", async () => {
    const { links } = await setUp();
    const { linkId } = await openLink(links);
    const [mine, other] = [await phone(), await phone()];
    await links.openOnPhone(await mine.open(linkId));
    await expect(links.openOnPhone(await other.open(linkId))).rejects.toEqual(why("other-device"));
    await expect(links.answer(await other.answer(linkId))).rejects.toEqual(why("other-device"));
    await expect(links.openOnPhone(await mine.open(linkId))).resolves.toBeDefined();
    await expect(links.answer(await mine.answer(linkId))).resolves.toBeUndefined();
  });

  test("that was answered says so to whoever opens it: its own phone has forgotten its key", async () => {
    const { links } = await setUp();
    const { linkId } = await openLink(links);
    const [mine, later] = [await phone(), await phone()];
    await links.openOnPhone(await mine.open(linkId));
    await expect(links.openOnPhone(await later.open(linkId))).rejects.toEqual(why("other-device"));
    await links.answer(await mine.answer(linkId));
    for (const each of [mine, later])
      await expect(links.openOnPhone(await each.open(linkId))).rejects.toEqual(why("answered"));
  });

  test("two phones at the same moment: one opens it", async () => {
    const { links } = await setUp();
    const { linkId } = await openLink(links);
    const all = await Promise.all([phone(), phone(), phone()]);
    const tries = await Promise.allSettled(
      all.map(async (each) => links.openOnPhone(await each.open(linkId))),
    );
    expect(tries.filter((each) => each.status === "fulfilled")).toHaveLength(1);
  });

  test("is good for ten minutes, by the server's clock", async () => {
    const { links, now } = await setUp();
    const [early, late] = [await openLink(links), await openLink(links)];
    const mine = await phone();
    now.ms += linkMs - 1;
    await expect(links.openOnPhone(await mine.open(early.linkId))).resolves.toMatchObject({ expiresInMs: 1 });
    now.ms += 1;
    await expect(links.openOnPhone(await mine.open(late.linkId))).rejects.toEqual(why("expired"));
    await expect(links.answer(await mine.answer(early.linkId))).rejects.toEqual(why("expired"));
    expect((await links.stateOf(leroy, late.linkId, "waiting", forever)).state).toBe("expired");
  });

  test("is answered once; the same answer sent twice is one", async () => {
    const { links } = await setUp();
    const { linkId } = await openLink(links);
    const mine = await phone();
    await links.openOnPhone(await mine.open(linkId));
    const answer = await mine.answer(linkId);
    await links.answer(answer);
    await expect(links.answer(answer)).resolves.toBeUndefined();
    await expect(links.answer(await mine.answer(linkId))).rejects.toEqual(why("answered"));
    await expect(links.openOnPhone(await mine.open(linkId))).rejects.toEqual(why("answered"));
  });

  test("an answer changed on its way is refused", async () => {
    const { links } = await setUp();
    const { linkId } = await openLink(links);
    const mine = await phone();
    await links.openOnPhone(await mine.open(linkId));
    const { jws, body } = await mine.answer(linkId);
    const changed = { jws, body: { ...body, sealed: sealed() } };
    await expect(links.answer(changed)).rejects.toMatchObject({ code: "bad-signature" });
    await expect(links.answer({ jws, body })).resolves.toBeUndefined();
  });

  test("one that is guessed, malformed or somebody else's is answered alike", async () => {
    const { links } = await setUp();
    const { linkId } = await openLink(links);
    const guess = links.openOnPhone(await (await phone()).open(id()));
    await expect(guess).rejects.toMatchObject({ code: "not-found", details: {} });
    const ofAnother = links.stateOf(faure, linkId, undefined, forever);
    await expect(ofAnother).rejects.toMatchObject({ code: "not-found", details: {} });
    await expect(links.cancel(faure, linkId)).rejects.toMatchObject({ code: "not-found" });
    expect((await links.stateOf(leroy, linkId, undefined, forever)).state).toBe("waiting");
  });

  test("a cancelled one opens nowhere, and the phone is told", async () => {
    const { links } = await setUp();
    const { linkId } = await openLink(links);
    await links.cancel(leroy, linkId);
    await expect(links.openOnPhone(await (await phone()).open(linkId))).rejects.toEqual(why("cancelled"));
  });

  test("no id stands in the database", async () => {
    const { links, db } = await setUp();
    const { linkId } = await openLink(links);
    const rows = await db.all(z.looseObject({ link: z.string() }), "SELECT * FROM phone_links");
    expect(JSON.stringify(rows)).not.toContain(linkId);
  });
});

describe("the patient's copy", () => {
  async function answered() {
    const world = await setUp();
    const { linkId, consentId } = await openLink(world.links);
    const mine = await phone();
    await world.links.openOnPhone(await mine.open(linkId));
    const answer = await mine.answer(linkId);
    await world.links.answer(answer);
    return { ...world, linkId, consentId, ...answer.body.copy };
  }
  const wrong = () => randomBytes(32).toString("base64url");

  test("gives its cover to the link alone, and the rest with the second factor", async () => {
    const { copies, register, consentId, copyId, cover, proof, sealed: kept, accesses } = await answered();
    register(consentId);
    accesses.push(
      { by: martin, at: "2026-11-24T10:12:00.000Z", how: "view" },
      { by: martin, at: "2026-11-24T10:20:00.000Z", how: "view" },
      { by: "@archiviste:valombre.example", at: "2026-11-24T10:11:00.000Z", how: "machine" },
    );
    expect(await copies.cover(copyId)).toBe(cover);
    expect(await copies.read(copyId, wrong())).toEqual({ open: false, triesLeft: 4 });
    expect(await copies.read(copyId, proof)).toEqual({
      open: true,
      sealed: kept,
      state: "live",
      expiresAt: "2027-05-24T10:00:00Z",
      accesses: [
        { by: "Dr Hélène Martin", at: "2026-11-24T10:20:00.000Z", how: "view", times: 2 },
        { by: "@archiviste:valombre.example", at: "2026-11-24T10:11:00.000Z", how: "machine", times: 1 },
      ],
    });
  });

  test("closes for reading after five wrong tries, also when they come at once; withdrawing stays open", async () => {
    const { copies, register, registered, consentId, copyId, proof } = await answered();
    register(consentId);
    const tries = await Promise.all(Array.from({ length: 8 }, () => copies.read(copyId, wrong())));
    expect(tries.map((each) => !each.open && each.triesLeft)).toEqual([4, 3, 2, 1, 0, 0, 0, 0]);
    expect(await copies.read(copyId, proof)).toEqual({ open: false, triesLeft: 0 });
    await copies.withdraw(copyId);
    expect(registered.get(consentId)?.withdrawn).toBe(true);
  });

  test("four wrong tries and a right one begin the count anew", async () => {
    const { copies, copyId, proof } = await answered();
    for (let tried = 0; tried < 4; tried += 1) await copies.read(copyId, wrong());
    expect(await copies.read(copyId, proof)).toMatchObject({ open: true, state: "waiting" });
    expect(await copies.read(copyId, wrong())).toEqual({ open: false, triesLeft: 4 });
  });

  test("says that an answer was refused", async () => {
    const { links, linkId, copies, copyId, proof, consentId } = await answered();
    expect(await copies.answered(consentId, leroy)).toBe(true);
    await links.cancel(leroy, linkId);
    expect(await copies.read(copyId, proof)).toMatchObject({ state: "refused" });
    expect(await copies.answered(consentId, leroy)).toBe(false);
  });

  test("withdrawn before it was registered, it is taken back as soon as it is; withdrawn twice is once", async () => {
    const { copies, register, registered, consentId, copyId, proof } = await answered();
    await copies.withdraw(copyId);
    register(consentId);
    expect(await copies.settle(consentId, leroy)).toBe(true);
    expect(registered.get(consentId)?.withdrawn).toBe(true);
    await copies.withdraw(copyId);
    expect(await copies.read(copyId, proof)).toMatchObject({
      state: "withdrawn",
      withdrawnAt: "2026-11-24T10:00:00.000Z",
    });
    const other = await answered();
    other.register(other.consentId);
    expect(await other.copies.settle(other.consentId, leroy)).toBe(false);
  });

  test("only who was answered may register it as given by phone", async () => {
    const { copies, consentId } = await answered();
    expect(await copies.answered(consentId, leroy)).toBe(true);
    expect(await copies.answered(consentId, faure)).toBe(false);
    expect(await copies.answered(randomUUID(), leroy)).toBe(false);
  });

  test("a guessed one is not there, to read or to withdraw", async () => {
    const { copies } = await setUp();
    for (const guess of [copies.cover(id()), copies.read(id(), wrong()), copies.withdraw(id())])
      await expect(guess).rejects.toMatchObject({ code: "not-found", details: {} });
  });
});
