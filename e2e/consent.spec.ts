import { randomBytes, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { type Accesses, accessesSchema } from "#protocol/api.ts";
import type { Json } from "#protocol/canonical.ts";
import { homeserver } from "./support/homeserver.ts";
import {
  asker,
  bot,
  type Case,
  field,
  hex,
  openCase,
  type Person,
  receiptFor,
  signIn,
} from "./support/raw-client.ts";
import { running } from "./support/stack.ts";

/**
 * What the server holds by itself, whatever a client does: consents, broken glasses, who is let in, who reads, and what is left of it after a
 * withdrawal. Asked by hand, with none of the client's code; the same day with browsers is in consent-day.spec.ts.
 */
const stack = running();
const client = "/_matrix/client/v3";
const martin = "@martin:valombre.example";
const haddad = "@haddad:valombre.example";
const synapse = (token: string) => asker("http://synapse", token, stack.synapseSocket);
const room = (of: Case) => encodeURIComponent(of.roomId);

let leroy: Person;
test.beforeAll(async () => {
  leroy = await signIn(stack.publicUrl, "leroy");
});

/** A case of Leroy's with a registered consent that names Dr Martin, who is in it, and a picture. */
async function caseWithPicture() {
  const of = await openCase(leroy, martin);
  expect((await register(leroy, of.consent)).status).toBe(200);
  const expert = await signIn(stack.publicUrl, "martin");
  await letIn(of, expert);
  const { mxc, receiptId } = await picture(of);
  return { of, expert, mxc, receiptId };
}

const register = async (person: Person, consent: Record<string, Json>) =>
  person.ask("POST", "/colloque/v1/consents", { consent: await person.sign(consent) });

async function picture(of: Case) {
  const bytes = randomBytes(2000);
  const receipt = receiptFor(leroy, of, bytes);
  const signed = await leroy.sign(receipt);
  const permit = await leroy.ask("POST", "/colloque/v1/permits", { roomId: of.roomId, receipt: signed });
  const mxc = field((permit.body as { files: unknown[] }).files[0], "mxc");
  const put = await leroy.ask("PUT", `/_matrix/media/v3/upload/${mxc.slice("mxc://".length)}`, bytes, {
    "content-type": "application/octet-stream",
  });
  expect(put.status).toBe(200);
  return { mxc, receiptId: receipt.receiptId };
}

/** The archivist's own invitation, at Synapse's socket: the raw client has no device that it would wait for. */
async function letIn(of: Case, person: Person): Promise<number> {
  const puppet = await synapse(stack.adminToken)(
    "POST",
    `/_synapse/admin/v1/users/${encodeURIComponent(bot)}/login`,
    {},
  );
  const archivist = synapse(field(puppet.body, "access_token"));
  await expect
    .poll(async () => (await archivist("GET", `${client}/rooms/${room(of)}/joined_members`)).status)
    .toBe(200);
  const invited = await archivist("POST", `${client}/rooms/${room(of)}/invite`, { user_id: person.userId });
  if (invited.status !== 200) return invited.status;
  return (await person.ask("POST", `${client}/join/${room(of)}`, {})).status;
}

const read = (person: Person, mxc: string, headers: Record<string, string> = {}) =>
  person.ask(
    "GET",
    `/_matrix/client/v1/media/download/${mxc.slice("mxc://".length)}?timeout_ms=0`,
    undefined,
    headers,
  );

async function accesses(person: Person, of: Case): Promise<Accesses["accesses"]> {
  return accessesSchema.parse((await person.ask("GET", `/colloque/v1/cases/${room(of)}/accesses`)).body)
    .accesses;
}

const glassFor = (of: Case, reader: string, change: Record<string, string> = {}) => ({
  v: 1,
  glassId: randomUUID(),
  caseId: of.caseId,
  consentId: of.consent.consentId,
  reader,
  openedBy: leroy.userId,
  reasonSha256: hex(Buffer.from("Choc septique, avis immédiat")),
  openedAt: new Date().toISOString(),
  endsAt: new Date(Date.now() + 3_600_000).toISOString(),
  ...change,
});
const breakGlass = async (person: Person, glass: ReturnType<typeof glassFor>) =>
  person.ask("POST", "/colloque/v1/glasses", { glass: await person.sign(glass) });

test("@consent a colleague whom the consent does not cover is let in by a broken glass alone, for its time", async () => {
  const { of, mxc } = await caseWithPicture();
  const other = await signIn(stack.publicUrl, "haddad");
  const add = (userId: string) => leroy.ask("POST", `/colloque/v1/cases/${room(of)}/members`, { userId });
  expect(await add(haddad)).toMatchObject({
    status: 403,
    body: { code: "gate-refused", reason: "audience-not-covered" },
  });
  expect((await add(martin)).status).toBe(200);
  expect(await letIn(of, other)).toBe(403);

  const outsider = await other.sign(glassFor(of, haddad, { openedBy: haddad }));
  expect(await other.ask("POST", "/colloque/v1/glasses", { glass: outsider })).toMatchObject({
    status: 403,
    body: { code: "not-a-member" },
  });
  expect(await breakGlass(leroy, glassFor(of, "@nobody:valombre.example"))).toMatchObject({ status: 403 });
  const tooLong = glassFor(of, haddad, { endsAt: new Date(Date.now() + 5 * 3_600_000).toISOString() });
  expect(await breakGlass(leroy, tooLong)).toMatchObject({ status: 400, body: { why: "glass-too-long" } });

  const soonOver = glassFor(of, haddad, { endsAt: new Date(Date.now() + 6_000).toISOString() });
  expect(await breakGlass(leroy, soonOver)).toMatchObject({ status: 200, body: { open: true } });
  expect((await add(haddad)).status).toBe(200);
  expect(await letIn(of, other)).toBe(200);
  expect((await read(other, mxc)).status).toBe(200);
  // By the gate; and where the archivist itself had let them in, they are out of the case a moment later.
  await expect
    .poll(async () => (await read(other, mxc)).body, { timeout: 10_000 })
    .toMatchObject({ code: expect.stringMatching(/^(gate-refused|not-a-member)$/) });
});

test("@consent who read which picture, when, and whether a person did, is told to the members", async () => {
  const { of, expert, mxc, receiptId } = await caseWithPicture();
  const begun = Date.now();
  await read(expert, mxc);
  await read(expert, mxc, { "x-colloque-read": "machine" });
  const found = await accesses(leroy, of);
  expect(found.map(({ by, how }) => `${by} ${how}`)).toEqual([`${martin} machine`, `${martin} view`]);
  expect(found[0]).toMatchObject({ receiptId, rendition: "full" });
  expect(Math.abs(Date.parse(found[1]?.at ?? "") - begun)).toBeLessThan(5_000);
  const outsider = await signIn(stack.publicUrl, "faure");
  expect((await outsider.ask("GET", `/colloque/v1/cases/${room(of)}/accesses`)).status).toBe(403);
});

test("@consent a withdrawal by any colleague of the case reaches every way to the picture within two seconds", async () => {
  const { of, expert, mxc } = await caseWithPicture();
  expect((await read(expert, mxc)).status).toBe(200);
  const outsider = await signIn(stack.publicUrl, "faure");
  const path = `/colloque/v1/consents/${of.consent.consentId}/withdraw`;
  expect((await outsider.ask("POST", path, { reason: "patient-asked" })).status).toBe(403);

  const begun = Date.now();
  const [one, two] = await Promise.all([
    expert.ask("POST", path, { reason: "patient-asked" }),
    leroy.ask("POST", path, { reason: "patient-asked" }),
  ]);
  expect([one.status, two.status]).toEqual([200, 200]);
  for (const person of [expert, leroy]) expect((await read(person, mxc)).status).toBe(410);
  expect((await read(outsider, mxc)).status).toBe(403);
  const direct = `/_matrix/client/v1/media/download/${mxc.slice("mxc://".length)}?timeout_ms=0`;
  await expect.poll(async () => (await synapse(expert.token)("GET", direct)).status).toBe(404);
  expect(await register(leroy, of.consent)).toMatchObject({ status: 200, body: { state: "withdrawn" } });

  // The archivist's word, encrypted, once for the two.
  const said = async () =>
    (await homeserver(stack).timeline(of.roomId)).filter(
      (event) => event.sender === bot && event.type === "m.room.encrypted",
    );
  await expect.poll(async () => (await said()).length).toBe(1);
  expect(Number((await said())[0]?.origin_server_ts) - begun).toBeLessThan(2_000);
});

test("@consent a kick and a sign-out that nobody told the gateway of reach it within a second", async () => {
  const { of, expert, mxc } = await caseWithPicture();
  const again = await signIn(stack.publicUrl, "martin");
  expect((await read(expert, mxc)).status).toBe(200);
  expect((await read(again, mxc)).status).toBe(200);
  // Past the gateway, at Synapse's own socket.
  expect((await synapse(again.token)("POST", `${client}/logout`, {})).status).toBe(200);
  await expect.poll(async () => (await read(again, mxc)).status, { timeout: 1_000 }).toBe(401);
  expect((await read(expert, mxc)).status).toBe(200);
  const kick = await synapse(leroy.token)("POST", `${client}/rooms/${room(of)}/kick`, { user_id: martin });
  expect(kick.status).toBe(200);
  await expect.poll(async () => (await read(expert, mxc)).status, { timeout: 1_000 }).toBe(403);
});

test("@consent who may read is known from memory: Synapse is asked for the bytes and for nothing else", async () => {
  const { of, expert, mxc } = await caseWithPicture();
  const asked = async () => {
    const lines = (await readFile(join(stack.logsDir, "synapse.log"), "utf8")).split("\n");
    return lines.filter((line) => line.includes("/account/whoami") || line.includes(`${room(of)}/members`))
      .length;
  };
  await read(expert, mxc);
  const before = await asked();
  for (let n = 0; n < 40; n += 1) {
    expect((await read(expert, mxc)).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  // Every second would make twenty.
  expect((await asked()) - before).toBeLessThanOrEqual(4);
});

test("@consent a clock a day wrong, an end in thirty years and another patient are refused with the reason", async () => {
  const day = 86_400_000;
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  const refusals: [Record<string, Json>, string][] = [
    [{ collectedAt: at(day), expiresAt: at(2 * day) }, "collected-in-the-future"],
    [{ collectedAt: at(-2 * day), expiresAt: at(-day) }, "expired-already"],
    [{ expiresAt: at(30 * 366 * day) }, "runs-too-long"],
    [{ method: "emergency", givenBy: "nobody", expiresAt: at(4 * day) }, "emergency-too-long"],
    [{ method: "emergency" }, "nobody-only-in-emergency"],
  ];
  const of = await openCase(leroy, martin);
  for (const [change, why] of refusals)
    expect(await register(leroy, { ...of.consent, ...change })).toMatchObject({
      status: 400,
      body: { code: "bad-request", why },
    });
  expect((await register(leroy, of.consent)).status).toBe(200);
  const other = { ...of.consent, consentId: randomUUID(), pseudonym: "zyxwvutsrqponmlkjihgfe" };
  expect(await register(leroy, other)).toMatchObject({ status: 400, body: { why: "another-patient" } });
});

test("@consent ten thousand requests of one account are cut off, and the others do not feel it", async () => {
  test.setTimeout(240_000);
  const flood = await signIn(stack.publicUrl, "benali");
  const second = await signIn(stack.publicUrl, "benali");
  const statuses = new Map<number, number>();
  let slowest = 0;
  const begun = Date.now();
  // One account, not one token: a second sign-in is no way around.
  const worker = async (_: unknown, at: number) => {
    const person = at % 2 === 0 ? flood : second;
    for (let n = 0; n < 500; n += 1) {
      const { status } = await person.ask("GET", "/colloque/v1/directory");
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  const others = async () => {
    for (let n = 0; n < 20; n += 1) {
      const asked = Date.now();
      expect((await leroy.ask("GET", "/colloque/v1/directory")).status).toBe(200);
      slowest = Math.max(slowest, Date.now() - asked);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await Promise.all([...Array.from({ length: 20 }).map(worker), others()]);
  const seconds = (Date.now() - begun) / 1000;
  expect((statuses.get(200) ?? 0) + (statuses.get(429) ?? 0)).toBe(10_000);
  expect(statuses.get(200)).toBeLessThanOrEqual(600 + 60 * seconds + 60);
  expect(slowest).toBeLessThan(2_000);
});

test("@consent a device that could be dehydrated does not exist here, which is no refusal", async () => {
  const path = "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device";
  expect(await leroy.ask("GET", path)).toMatchObject({ status: 404, body: { errcode: "M_NOT_FOUND" } });
  expect((await leroy.ask("GET", "/_matrix/client/unstable/anything")).status).toBe(403);
});

test("@consent a picture on its way is not a picture that does not exist", async () => {
  const of = await openCase(leroy, martin);
  await register(leroy, of.consent);
  const receipt = await leroy.sign(receiptFor(leroy, of, randomBytes(100)));
  const permit = await leroy.ask("POST", "/colloque/v1/permits", { roomId: of.roomId, receipt });
  const mxc = field((permit.body as { files: unknown[] }).files[0], "mxc");
  const answer = await read(leroy, mxc);
  expect(answer).toMatchObject({ status: 504, body: { errcode: "M_NOT_YET_UPLOADED" } });
  expect(answer.body).not.toHaveProperty("code");
});
