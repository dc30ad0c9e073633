import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "#protocol/canonical.ts";
import {
  type Gateway,
  haddad,
  leroy,
  mallory,
  martin,
  openCase,
  openGateway,
  openPhone,
  picture,
  sha256,
} from "./testing/a-gateway.ts";

/** Whose phones answered for which consent, and which of these the patient took back on it. */
const phones = { answered: new Set<string>(), over: new Set<string>() };
let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway({
    patient: {
      answered: async (consentId, owner) => phones.answered.has(`${consentId} ${owner}`),
      settle: async (consentId, owner) => phones.over.has(`${consentId} ${owner}`),
    },
  });
});
afterAll(async () => gateway[Symbol.asyncDispose]());

const refused = (status: number, code: string, more: object = {}) => ({
  status,
  json: expect.objectContaining({ code, ...more }),
});

describe("a consent is brought", () => {
  test("by its collector, and said to be live; brought again after the withdrawal, to be withdrawn", async () => {
    const { consent, registered, ask, sign, withdraw } = await openCase(gateway);
    expect(registered).toMatchObject({
      status: 200,
      json: { consentId: consent.consentId, state: "live" },
    });
    expect(registered.headers["cache-control"]).toBe("no-store");
    await withdraw();
    const again = await ask("POST", "/colloque/v1/consents", {
      as: leroy,
      body: { consent: await sign(consent) },
    });
    expect(again.json).toEqual({ consentId: consent.consentId, state: "withdrawn" });
  });

  test("by a member of the case, and by nobody outside it", async () => {
    const { consent, ask } = await openCase(gateway);
    const bring = async (userId: string) => {
      const sign = await openPhone(gateway, userId);
      const theirs = { ...consent, consentId: randomUUID(), collectedBy: userId };
      return ask("POST", "/colloque/v1/consents", { as: userId, body: { consent: await sign(theirs) } });
    };
    expect(await bring(martin)).toMatchObject({ status: 200 });
    expect(await bring(haddad)).toMatchObject(refused(403, "not-a-member"));
  });

  test("with every member that was signed, known here or not", async () => {
    const { registered } = await openCase(gateway, { somethingNewer: true });
    expect(registered.status).toBe(200);
  });

  test("in a shape that is one", async () => {
    const { ask } = await openCase(gateway);
    const answer = await ask("POST", "/colloque/v1/consents", { as: leroy, body: { consent: {} } });
    expect(answer).toMatchObject(refused(400, "bad-request"));
    expect(answer.json.error).toBe('The request is not well formed at "consent.payload".');
  });

  test("as given on the patient's phone only when a phone answered this clinician for it", async () => {
    const { ask, sign, consent } = await openCase(gateway);
    const byPhone = { ...consent, consentId: randomUUID(), method: "patient-phone" };
    const bring = async () =>
      ask("POST", "/colloque/v1/consents", { as: leroy, body: { consent: await sign(byPhone) } });
    phones.answered.add(`${byPhone.consentId} ${martin}`);
    expect(await bring()).toMatchObject(refused(400, "bad-request", { why: "no-phone-answered" }));
    phones.answered.add(`${byPhone.consentId} ${leroy}`);
    expect((await bring()).json).toEqual({ consentId: byPhone.consentId, state: "live" });
    phones.over.add(`${byPhone.consentId} ${leroy}`);
    expect((await bring()).json).toEqual({ consentId: byPhone.consentId, state: "withdrawn" });
    // What phones did counts for what was given by phone alone.
    phones.over.add(`${consent.consentId} ${leroy}`);
    const other = await ask("POST", "/colloque/v1/consents", {
      as: leroy,
      body: { consent: await sign(consent) },
    });
    expect(other.json).toMatchObject({ state: "live" });
  });
});

describe("a withdrawal is written down", () => {
  const withdrawBy = async (userId: string) => (await openCase(gateway)).withdraw(userId);

  test("by its collector, and by any clinician of the case", async () => {
    for (const userId of [leroy, martin]) {
      const answer = await withdrawBy(userId);
      expect(answer, userId).toMatchObject({ status: 200, json: { state: "withdrawn" } });
    }
  });

  test("by nobody outside the case, and by nobody in it whom the directory does not know", async () => {
    expect(await withdrawBy(haddad)).toMatchObject(refused(403, "not-allowed"));
    const { withdraw, roomId } = await openCase(gateway);
    await gateway.hospital.homeserver.force(mallory, roomId);
    expect(await withdraw(mallory)).toMatchObject(refused(403, "not-allowed"));
    await gateway.hospital.homeserver.force(haddad, roomId);
    expect(await withdraw(haddad)).toMatchObject({ status: 200 });
  });

  test("by who opened the case, whoever collected, and by who collected, wherever they are now, though the homeserver is in trouble", async () => {
    const { consent, ask, roomId } = await openCase(gateway);
    const sign = await openPhone(gateway, martin);
    const bring = async () => {
      const theirs = { ...consent, consentId: randomUUID(), collectedBy: martin };
      await ask("POST", "/colloque/v1/consents", { as: martin, body: { consent: await sign(theirs) } });
      return theirs.consentId;
    };
    const withdraw = (as: string, consentId: string) =>
      ask("POST", `/colloque/v1/consents/${consentId}/withdraw`, { as, body: { reason: "patient-asked" } });
    const [first, second] = [await bring(), await bring()];
    for (const each of [leroy, martin]) await gateway.hospital.homeserver.leave(each, roomId);
    const members = `GET /_synapse/admin/v1/rooms/${roomId}/members`;
    gateway.hospital.homeserver.say(members, [500, { errcode: "M_UNKNOWN" }]);
    expect(await withdraw(haddad, first)).toMatchObject(refused(500, "internal"));
    expect(await withdraw(leroy, first)).toMatchObject({ status: 200, json: { consentId: first } });
    expect(await withdraw(martin, second)).toMatchObject({ status: 200, json: { consentId: second } });
  });

  test("for a reason that there is, of a consent that there is", async () => {
    const { ask, consent } = await openCase(gateway);
    const withdraw = (consentId: string, reason: string) =>
      ask("POST", `/colloque/v1/consents/${consentId}/withdraw`, { as: leroy, body: { reason } });
    expect(await withdraw(consent.consentId, "because")).toMatchObject(refused(400, "bad-request"));
    expect(await withdraw("not-an-id", "patient-asked")).toMatchObject(refused(400, "bad-request"));
    expect(await withdraw(randomUUID(), "patient-asked")).toMatchObject(refused(404, "not-found"));
  });

  test("in a case that has no room yet by its collector, and by nobody else", async () => {
    const { ask, consent } = await openCase(gateway);
    const sign = await openPhone(gateway, leroy);
    const begun = { ...consent, consentId: randomUUID(), caseId: randomUUID() };
    await ask("POST", "/colloque/v1/consents", { as: leroy, body: { consent: await sign(begun) } });
    const withdraw = (as: string) =>
      ask("POST", `/colloque/v1/consents/${begun.consentId}/withdraw`, {
        as,
        body: { reason: "patient-asked" },
      });
    expect(await withdraw(martin)).toMatchObject(refused(403, "not-allowed"));
    expect(await withdraw(leroy)).toMatchObject({ status: 200 });
  });
});

describe("a glass is broken", () => {
  const glassOf = (consent: { caseId: string; consentId: string }, change: Record<string, Json> = {}) => ({
    v: 1,
    glassId: randomUUID(),
    caseId: consent.caseId,
    consentId: consent.consentId,
    reader: haddad,
    openedBy: leroy,
    reasonSha256: sha256(picture),
    openedAt: "2026-03-01T10:00:00Z",
    endsAt: "2026-03-01T11:00:00Z",
    ...change,
  });
  const breakAs = async (userId: string, glass: Json) => {
    const sign = await openPhone(gateway, leroy);
    return gateway.ask("POST", "/colloque/v1/glasses", { as: userId, body: { glass: await sign(glass) } });
  };

  test("by a clinician of the case, for a colleague of the directory", async () => {
    const { consent } = await openCase(gateway);
    const glass = glassOf(consent, { somethingNewer: true });
    const answer = await breakAs(leroy, glass);
    expect(answer).toMatchObject({ status: 200, json: { glassId: glass.glassId, open: true } });
  });

  test("by nobody outside the case, of no case without a room, and for nobody unknown", async () => {
    const { consent, roomId } = await openCase(gateway);
    expect(await breakAs(haddad, glassOf(consent))).toMatchObject(refused(403, "not-a-member"));
    const elsewhere = glassOf(consent, { caseId: randomUUID() });
    expect(await breakAs(leroy, elsewhere)).toMatchObject(refused(403, "not-a-member"));
    const reason = "audience-not-covered";
    const forMallory = glassOf(consent, { reader: mallory });
    expect(await breakAs(leroy, forMallory)).toMatchObject(refused(403, "gate-refused", { reason }));
    expect(await gateway.audited("disclosure-refused")).toContainEqual({
      actor: leroy,
      what: forMallory.glassId,
      reason,
    });
    await gateway.hospital.homeserver.force(mallory, roomId);
    expect(await breakAs(mallory, glassOf(consent))).toMatchObject(refused(403, "not-allowed"));
    expect(await breakAs(leroy, {})).toMatchObject(refused(400, "bad-request"));
  });
});

describe("a permit is given", () => {
  test("to the taker, with an address for each ciphertext, the same when asked again", async () => {
    const { askPermit, receiptOf } = await openCase(gateway);
    const receipt = receiptOf({
      somethingNewer: true,
      ciphertexts: ["full", "preview"].map((rendition) => ({
        rendition,
        sha256: sha256(Buffer.from(rendition)),
        bytes: 7,
      })),
    });
    const answer = await askPermit(receipt);
    expect(answer).toMatchObject({ status: 200, json: { receiptId: receipt.receiptId } });
    const mxc = expect.stringMatching(/^mxc:\/\/valombre\.example\/\w+$/);
    expect(answer.json.files).toEqual([
      { rendition: "full", sha256: sha256(Buffer.from("full")), mxc },
      { rendition: "preview", sha256: sha256(Buffer.from("preview")), mxc },
    ]);
    expect((await askPermit(receipt)).json).toEqual(answer.json);
    const created = gateway.hospital.homeserver.asked.filter(({ url }) => url.endsWith("/create")).slice(-2);
    expect(created).toMatchObject([
      { method: "POST", body: "{}", headers: { authorization: `Bearer token-of-${leroy}` } },
      { method: "POST", body: "{}" },
    ]);
  });

  test("in the room of the case, to who is in it", async () => {
    const { askPermit, receiptOf } = await openCase(gateway);
    const other = await openCase(gateway);
    const reason = "receipt-of-another-case";
    const receipt = receiptOf();
    expect(await askPermit(receipt, leroy, other.roomId)).toMatchObject(
      refused(403, "gate-refused", { reason }),
    );
    expect(await gateway.audited("disclosure-refused")).toContainEqual({
      actor: leroy,
      what: receipt.receiptId,
      reason,
    });
    await gateway.hospital.homeserver.leave(leroy, other.roomId);
    expect(await askPermit(receipt, leroy, other.roomId)).toMatchObject(refused(403, "not-a-member"));
    expect(await askPermit(receipt, leroy, "!unknown:valombre.example")).toMatchObject(
      refused(403, "not-a-member"),
    );
  });

  test("to nobody in another's name", async () => {
    const { askPermit, receiptOf } = await openCase(gateway);
    expect(await askPermit(receiptOf(), martin)).toMatchObject(refused(403, "bad-signature"));
  });

  test("for nothing larger than may come in", async () => {
    const { askPermit, receiptOf } = await openCase(gateway);
    const of = (bytes: number) =>
      receiptOf({
        ciphertexts: [
          { rendition: "full", sha256: sha256(picture), bytes },
          { rendition: "preview", sha256: sha256(Buffer.from("preview")), bytes: 7 },
        ],
      });
    const most = 40 * 1024 * 1024;
    expect(await askPermit(of(most))).toMatchObject({ status: 200 });
    expect(await askPermit(of(most + 1))).toMatchObject(refused(413, "too-large"));
  });

  test("under a consent that grants it, and is not given once that is withdrawn", async () => {
    const { askPermit, receiptOf, withdraw } = await openCase(gateway, {
      decisions: [{ purpose: "opinion", granted: true }],
    });
    const reason = "purpose-not-granted";
    const receipt = receiptOf();
    expect(await askPermit(receipt)).toMatchObject(refused(403, "gate-refused", { reason }));
    await withdraw();
    expect(await askPermit(receipt)).toMatchObject(refused(410, "withdrawn", { reason: "withdrawn" }));
    expect(await gateway.audited("disclosure-refused")).toEqual(
      expect.arrayContaining([
        { actor: leroy, what: receipt.receiptId, reason },
        { actor: leroy, what: receipt.receiptId, reason: "withdrawn" },
      ]),
    );
    expect(await askPermit({})).toMatchObject(refused(400, "bad-request"));
  });

  test.each<[number, number, string, object]>([
    [429, 429, "too-many", { retry_after_ms: 5000 }],
    [401, 401, "not-signed-in", {}],
    [403, 502, "homeserver-unreachable", {}],
    [500, 502, "homeserver-unreachable", {}],
  ])("when the homeserver reserves addresses; its %i is %i here", async (status, ours, code, more) => {
    await using own = await openGateway();
    const { askPermit, receiptOf } = await openCase(own);
    own.hospital.homeserver.say("POST /_matrix/media/v1/create", [status, { errcode: "M_UNKNOWN" }]);
    expect(await askPermit(receiptOf())).toMatchObject(refused(ours, code, more));
  });

  test("when the homeserver reserves addresses that are some", async () => {
    await using own = await openGateway();
    const { askPermit, receiptOf } = await openCase(own);
    own.hospital.homeserver.say("POST /_matrix/media/v1/create", [200, { content_uri: "http://x" }]);
    expect(await askPermit(receiptOf())).toMatchObject(refused(502, "homeserver-unreachable"));
  });
});
