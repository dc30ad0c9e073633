import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { leasesSchema } from "#protocol/api.ts";
import type { Json } from "#protocol/canonical.ts";
import { ColloqueError } from "#protocol/errors.ts";
import { type Gateway, haddad, leroy, martin, openCase, openGateway } from "./testing/a-gateway.ts";

const invitations: object[] = [];
const copies: object[] = [];
let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway({
    needs: {
      askIn: async (invitation) => void invitations.push(invitation),
      record: {
        recordOf: async (roomId) => ({ patientRecordUrl: `https://record.test/${roomId}`, entries: [] }),
        readEntry: async (roomId, id) => {
          if (id !== "letter") throw new ColloqueError("not-found");
          return { contentType: "application/pdf", bytes: Buffer.from(`letter of ${roomId}`) };
        },
        copies: {
          of: async () => ({ canSend: true, usualDoctor: null, copies: [] }),
          ask: async (roomId, by, asked) => {
            if (asked.to.kind === "usual-doctor")
              throw new ColloqueError("bad-request", { details: { why: "no-usual-doctor" } });
            copies.push({ roomId, by, ...asked });
          },
        },
      },
    },
  });
});
afterAll(async () => gateway[Symbol.asyncDispose]());

const refused = (status: number, code: string, more: object = {}) => ({
  status,
  json: expect.objectContaining({ code, ...more }),
});
const enc = encodeURIComponent;

describe.each(["leases", "accesses", "record", "record/letter", "copies"])(
  "what is asked of a case: %s",
  (what) => {
    test("is told to its members and to nobody else", async () => {
      const { ask, roomId } = await openCase(gateway);
      const path = `/colloque/v1/cases/${enc(roomId)}/${what}`;
      const answer = await ask("GET", path, { as: martin });
      expect(answer.status).toBe(200);
      expect(answer.headers["cache-control"]).toBe("no-store");
      expect(await ask("GET", path, { as: haddad })).toMatchObject(refused(403, "not-a-member"));
      expect(await ask("GET", path)).toMatchObject(refused(401, "not-signed-in"));
      await gateway.hospital.homeserver.leave(martin, roomId);
      expect(await ask("GET", path, { as: martin })).toMatchObject(refused(403, "not-a-member"));
    });

    test("is not there of a room that is no case", async () => {
      const { ask } = await openCase(gateway);
      const path = (roomId: string) => `/colloque/v1/cases/${enc(roomId)}/${what}`;
      gateway.hospital.homeserver.say(`GET /_synapse/admin/v1/rooms/${enc("!talk:x")}/members`, [
        200,
        { members: [leroy] },
      ]);
      expect(await ask("GET", path("!talk:x"), { as: leroy })).toMatchObject(refused(404, "not-found"));
      expect(await ask("GET", path("no room"), { as: leroy })).toMatchObject(refused(400, "bad-request"));
    });
  },
);

test("leases are the registry's word on each consent of the case", async () => {
  const { ask, roomId, consent, caseId } = await openCase(gateway);
  const answer = await ask("GET", `/colloque/v1/cases/${enc(roomId)}/leases`, { as: martin });
  const { leases } = leasesSchema.parse(answer.json);
  expect(leases.map((each) => decodeJwt(each))).toMatchObject([
    { consentId: consent.consentId, caseId, roomId, state: "live" },
  ]);
});

test("accesses are who opened which picture of the case, and of no other", async () => {
  const { ask, roomId, permit, upload, download } = await openCase(gateway);
  const other = await openCase(gateway);
  const { path, receiptId } = await permit();
  await upload(path);
  await download(path, martin);
  const accesses = async (room: string) =>
    (await ask("GET", `/colloque/v1/cases/${enc(room)}/accesses`, { as: leroy })).json;
  const at = new Date(gateway.now.ms).toISOString();
  expect(await accesses(roomId)).toEqual({
    accesses: [{ receiptId, rendition: "full", by: martin, at, how: "view" }],
  });
  expect(await accesses(other.roomId)).toEqual({ accesses: [] });
});

describe("the record of a case", () => {
  test("is what filing says of that room", async () => {
    const { ask, roomId } = await openCase(gateway);
    const answer = await ask("GET", `/colloque/v1/cases/${enc(roomId)}/record`, { as: martin });
    expect(answer.json).toEqual({ patientRecordUrl: `https://record.test/${roomId}`, entries: [] });
  });

  test("is opened, entry by entry, by whom the consent covers, and written down", async () => {
    const { ask, roomId } = await openCase(gateway);
    const path = (id: string) => `/colloque/v1/cases/${enc(roomId)}/record/${id}`;
    const answer = await ask("GET", path("letter"), { as: martin });
    expect(answer).toMatchObject({ status: 200, text: `letter of ${roomId}` });
    expect(answer.headers["content-type"]).toContain("application/pdf");
    expect(await gateway.audited("record-entry-read")).toContainEqual({
      actor: martin,
      roomId,
      entry: "letter",
    });
    expect(await ask("GET", path("other"), { as: martin })).toMatchObject(refused(404, "not-found"));
    expect(await ask("GET", path("x".repeat(65)), { as: martin })).toMatchObject(refused(400, "bad-request"));
    await gateway.hospital.homeserver.force(haddad, roomId);
    const reason = "audience-not-covered";
    expect(await ask("GET", path("letter"), { as: haddad })).toMatchObject(
      refused(403, "gate-refused", { reason }),
    );
    expect(await gateway.audited("record-entry-read")).not.toContainEqual(
      expect.objectContaining({ actor: haddad }),
    );
  });
});

describe("a colleague is asked in", () => {
  const addTo = async (roomId: string, userId: string, as = leroy) =>
    gateway.ask("POST", `/colloque/v1/cases/${enc(roomId)}/members`, { as, body: { userId } });

  test("by a member, when a consent covers them", async () => {
    const { roomId, caseId } = await openCase(gateway);
    expect(await addTo(roomId, martin)).toMatchObject({ status: 200, json: { userId: martin } });
    expect(invitations.at(-1)).toEqual({ roomId, caseId, userId: martin, askedBy: leroy });
  });

  test("in vain when none does, and that is written down", async () => {
    const { roomId } = await openCase(gateway);
    const times = invitations.length;
    const reason = "audience-not-covered";
    expect(await addTo(roomId, haddad)).toMatchObject(refused(403, "gate-refused", { reason }));
    expect(await gateway.audited("invite-decided")).toContainEqual({
      actor: leroy,
      roomId,
      invitee: haddad,
      allowed: false,
      reason,
    });
    expect(await addTo(roomId, "nobody in particular")).toMatchObject(refused(400, "bad-request"));
    expect(invitations).toHaveLength(times);
  });

  test("by nobody outside", async () => {
    const { roomId } = await openCase(gateway);
    expect(await addTo(roomId, martin, haddad)).toMatchObject(refused(403, "not-a-member"));
  });
});

test("where neither filing nor the archivist runs, that is said", async () => {
  await using own = await openGateway();
  const { ask, roomId } = await openCase(own);
  const path = `/colloque/v1/cases/${enc(roomId)}`;
  for (const what of ["record", "record/letter"])
    expect(await ask("GET", `${path}/${what}`, { as: leroy })).toMatchObject(
      refused(503, "record-unreachable"),
    );
  const asked = await ask("POST", `${path}/members`, { as: leroy, body: { userId: martin } });
  expect(asked).toMatchObject(refused(502, "homeserver-unreachable"));
});

describe("a copy of a letter", () => {
  const asked = {
    copyId: "0b7a2c86-3a4e-4c9a-8f7d-5a1f0c7e2d11",
    entryId: "letter",
    to: { kind: "patient" },
    patientTold: true,
  };
  const ask = async (body: { [member: string]: Json }, as: string) => {
    const opened = await openCase(gateway);
    const path = `/colloque/v1/cases/${enc(opened.roomId)}/copies`;
    return { ...opened, answer: await opened.ask("POST", path, { as, body }) };
  };

  test("is asked for by a clinician of the case, and that is written down without saying who the patient is", async () => {
    const { answer, roomId } = await ask(asked, martin);
    expect(answer).toMatchObject({ status: 200, json: { copyId: asked.copyId } });
    expect(copies).toEqual([{ roomId, by: martin, ...asked }]);
    expect(await gateway.audited("copy-asked")).toContainEqual({
      actor: martin,
      copy: asked.copyId,
      to: "patient",
    });
    expect((await ask(asked, haddad)).answer).toMatchObject(refused(403, "not-a-member"));
  });

  test("never leaves before somebody said that the patient was told", async () => {
    const { patientTold: _told, ...silent } = asked;
    expect((await ask(silent, martin)).answer).toMatchObject(refused(400, "bad-request"));
    expect((await ask({ ...asked, patientTold: false }, martin)).answer).toMatchObject(
      refused(400, "bad-request"),
    );
  });

  test("that cannot leave is refused with what stands in its way", async () => {
    const { answer } = await ask({ ...asked, to: { kind: "usual-doctor" } }, martin);
    expect(answer).toMatchObject(refused(400, "bad-request", { why: "no-usual-doctor" }));
  });
});
