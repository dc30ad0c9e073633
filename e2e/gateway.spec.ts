import { randomBytes, randomUUID } from "node:crypto";
import { expect, test } from "@playwright/test";
import {
  asker,
  bot,
  type Case,
  field,
  openCase,
  type Person,
  receiptFor,
  roomBody,
  signIn,
} from "./support/raw-client.ts";
import { running } from "./support/stack.ts";

/** The gateway on the real homeserver and the real record, spoken to by hand. Each refusal stands beside what is allowed. */
test.describe.configure({ mode: "serial" });

const stack = running();
const martin = "@martin:valombre.example";
const client = "/_matrix/client/v3";
let leroy: Person;
let faure: Person;
let inCase: Case;

const synapse = (token: string) => asker("http://synapse", token, stack.synapseSocket);
const mediaPath = (mxc: string) => mxc.slice("mxc://".length);
const upload = (person: Person, mxc: string, bytes: Buffer) =>
  person.ask("PUT", `/_matrix/media/v3/upload/${mediaPath(mxc)}`, bytes);
const download = (person: Person, mxc: string, wait = 0) =>
  person.ask("GET", `/_matrix/client/v1/media/download/${mediaPath(mxc)}?timeout_ms=${wait}`);

async function permit(person: Person, of: Case, bytes: Buffer): Promise<string> {
  const receipt = await person.sign(receiptFor(person, of, bytes));
  const answer = await person.ask("POST", "/colloque/v1/permits", { roomId: of.roomId, receipt });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return field((answer.body as { files: unknown[] }).files[0], "mxc");
}

test.beforeAll(async () => {
  leroy = await signIn(stack.publicUrl, "leroy");
  faure = await signIn(stack.publicUrl, "faure");
  inCase = await openCase(leroy, martin);
});

test("a case is opened once, however often it is asked for @gateway", async () => {
  const again = await leroy.ask("POST", `${client}/createRoom`, roomBody(inCase.caseId));
  expect(field(again.body, "room_id")).toBe(inCase.roomId);
  const other = await faure.ask("POST", `${client}/createRoom`, roomBody(inCase.caseId));
  expect(other.status).toBe(403);
});

test("a case is joined by invitation, and again by who is in it already @gateway", async () => {
  const join = (person: Person) =>
    person.ask("POST", `${client}/join/${encodeURIComponent(inCase.roomId)}`, {});
  expect((await join(leroy)).status).toBe(200);
  expect((await join(faure)).status).toBe(403);
});

test("a permit needs a registered consent, and then is given once for the same receipt @gateway @smoke", async () => {
  const bytes = randomBytes(5000);
  const receipt = await leroy.sign(receiptFor(leroy, inCase, bytes));
  const ask = () => leroy.ask("POST", "/colloque/v1/permits", { roomId: inCase.roomId, receipt });
  expect(await ask()).toMatchObject({ status: 403, body: { code: "gate-refused", reason: "no-consent" } });
  const consent = await leroy.sign(inCase.consent);
  expect((await leroy.ask("POST", "/colloque/v1/consents", { consent })).status).toBe(200);
  expect((await leroy.ask("POST", "/colloque/v1/consents", { consent })).status).toBe(200);
  const first = await ask();
  expect(first.status).toBe(200);
  expect((await ask()).body).toEqual(first.body);
});

test("a permit is refused to who is not in the room, and for a receipt that somebody else signed @gateway", async () => {
  const bytes = randomBytes(100);
  const mine = await leroy.sign(receiptFor(leroy, inCase, bytes));
  const stolen = await faure.ask("POST", "/colloque/v1/permits", { roomId: inCase.roomId, receipt: mine });
  expect(stolen.body).toMatchObject({ code: "bad-signature" });
  const outside = await faure.sign(receiptFor(faure, inCase, bytes));
  const refused = await faure.ask("POST", "/colloque/v1/permits", {
    roomId: inCase.roomId,
    receipt: outside,
  });
  expect(refused.body).toMatchObject({ code: "not-a-member" });
  const forged = { ...mine, payload: { ...(mine.payload as object), pictureSha256: "0".repeat(64) } };
  const changed = await leroy.ask("POST", "/colloque/v1/permits", { roomId: inCase.roomId, receipt: forged });
  expect(changed.body).toMatchObject({ code: "bad-signature" });
});

test("only the announced bytes reach the homeserver @gateway", async () => {
  const bytes = randomBytes(300_000);
  const mxc = await permit(leroy, inCase, bytes);
  const wrong = Buffer.from(bytes);
  wrong[299_999] = (wrong[299_999] ?? 0) ^ 1;
  expect((await upload(leroy, mxc, wrong)).body).toMatchObject({ code: "hash-mismatch" });
  expect((await upload(leroy, mxc, bytes.subarray(0, 1000))).body).toMatchObject({ code: "hash-mismatch" });
  expect((await upload(faure, mxc, bytes)).status).toBe(403);
  // Synapse itself has nothing yet, asked past the product by the one whose upload it is.
  const before = await synapse(leroy.token)(
    "GET",
    `/_matrix/client/v1/media/download/${mediaPath(mxc)}?timeout_ms=0`,
  );
  expect(before.status).toBe(504);
  expect((await upload(leroy, mxc, bytes)).status).toBe(200);
  expect((await upload(leroy, mxc, bytes)).status).toBe(200);
  const read = await download(leroy, mxc);
  expect(read.bytes.equals(bytes)).toBe(true);
  expect(read.headers["cache-control"]).toBe("no-store");
  expect(read.headers.etag).toBeUndefined();
});

test("a reader waits for bytes that are on their way, and gets them when they are there @gateway", async () => {
  const bytes = randomBytes(20_000);
  const mxc = await permit(leroy, inCase, bytes);
  expect((await download(leroy, mxc, 50)).status).toBe(504);
  const begun = Date.now();
  const waiting = download(leroy, mxc, 10_000);
  await new Promise((done) => setTimeout(done, 300));
  await upload(leroy, mxc, bytes);
  expect((await waiting).bytes.equals(bytes)).toBe(true);
  expect(Date.now() - begun).toBeLessThan(3000);
});

test("who is not in the room gets no picture, whatever he knows @gateway", async () => {
  const bytes = randomBytes(1000);
  const mxc = await permit(leroy, inCase, bytes);
  await upload(leroy, mxc, bytes);
  expect((await download(faure, mxc)).body).toMatchObject({ code: "not-a-member" });
  expect((await download(leroy, mxc)).status).toBe(200);
  expect((await download(leroy, "mxc://valombre.example/doesNotExist")).status).toBe(404);
  const anonymous = asker(stack.publicUrl, undefined);
  const path = `/_matrix/client/v1/media/download/${mediaPath(mxc)}`;
  expect((await anonymous("GET", path)).status).toBe(401);
  for (const other of [
    path.replace("/download/", "/thumbnail/"),
    `/_matrix/media/v3/download/${mediaPath(mxc)}`,
    `/_matrix/media/v3/thumbnail/${mediaPath(mxc)}`,
    `/_matrix/client/v1/media/download/${mediaPath(mxc)}/name.jpg`,
    `/_matrix//client/v1/media/download/${mediaPath(mxc)}`,
    `/_matrix/client/v1/x/../media/thumbnail/${mediaPath(mxc)}`,
  ])
    expect((await leroy.ask("GET", other)).status, other).toBe(403);
});

test("the archivist may invite whom the consent names, and nobody else may invite anybody @gateway", async () => {
  const invite = (person: Person, who: string) =>
    synapse(person.token)("POST", `${client}/rooms/${encodeURIComponent(inCase.roomId)}/invite`, {
      user_id: who,
    });
  // Past the gateway, at Synapse's own socket: the policy module holds the door.
  expect((await invite(leroy, "@haddad:valombre.example")).status).toBe(403);
  expect((await invite(leroy, martin)).status).toBe(403);
  const registry = asker("http://registry", undefined, stack.synapseSocket.replace(/synapse$/, "policy"));
  const may = async (inviter: string, invitee: string) =>
    (await registry("POST", "/may-invite", { inviter, invitee, roomId: inCase.roomId })).body;
  expect(await may(bot, martin)).toMatchObject({ allow: true });
  expect(await may(bot, "@haddad:valombre.example")).toMatchObject({
    allow: false,
    reason: "audience-not-covered",
  });
  expect(await may(bot, "@nobody:valombre.example")).toMatchObject({ allow: false });
  expect(await may(leroy.userId, martin)).toMatchObject({ allow: false });
});

test("past the gateway, Synapse still takes no open room, no clear text, no state of one's own @gateway", async () => {
  const direct = synapse(leroy.token);
  const room = encodeURIComponent(inCase.roomId);
  const refused = async (answer: Promise<{ status: number }>) => expect((await answer).status).toBe(403);
  await refused(direct("POST", `${client}/createRoom`, { preset: "public_chat" }));
  await refused(direct("POST", `${client}/createRoom`, { preset: "private_chat", invite: [martin] }));
  await refused(direct("POST", `${client}/createRoom`, roomBody(randomUUID())));
  await refused(
    direct("PUT", `${client}/rooms/${room}/send/m.room.message/a1`, { msgtype: "m.text", body: "en clair" }),
  );
  const state = (type: string, content: object, key = "") =>
    direct("PUT", `${client}/rooms/${room}/state/${type}/${encodeURIComponent(key)}`, content);
  await refused(state("m.room.join_rules", { join_rule: "public" }));
  await refused(state("m.room.history_visibility", { history_visibility: "world_readable" }));
  await refused(state("m.room.name", { name: "Mme Delattre" }));
  await refused(state("m.room.topic", { topic: "dos" }));
  await refused(state("m.room.avatar", { url: "mxc://valombre.example/x" }));
  await refused(state("fr.example.anything", { a: 1 }));
  await refused(state("m.room.member", { membership: "invite" }, martin));
  await refused(state("m.room.power_levels", { users: {} }));
  await refused(direct("POST", `${client}/rooms/${room}/kick`, { user_id: bot }));
  await refused(direct("POST", `${client}/rooms/${room}/upgrade`, { new_version: "12" }));
  // The twin: what looks like ciphertext goes through, here and through the gateway.
  const sealed = {
    algorithm: "m.megolm.v1.aes-sha2",
    ciphertext: "AwgAEnACgAkLmt6qF84IK",
    session_id: "c2Vzc2lvbg",
    device_id: "D",
    sender_key: "a2V5",
  };
  expect((await direct("PUT", `${client}/rooms/${room}/send/m.room.encrypted/b1`, sealed)).status).toBe(200);
  expect((await leroy.ask("PUT", `${client}/rooms/${room}/send/m.room.encrypted/b2`, sealed)).status).toBe(
    200,
  );
});

test("the gateway lets through what is listed and says no to the rest in words @gateway", async () => {
  const room = encodeURIComponent(inCase.roomId);
  const me = encodeURIComponent(leroy.userId);
  const refused: [Parameters<Person["ask"]>[0], string, unknown?][] = [
    ["POST", `${client}/register`, {}],
    ["POST", `${client}/rooms/${room}/invite`, { user_id: martin }],
    ["PUT", `${client}/rooms/${room}/state/m.room.name/`, { name: "x" }],
    ["PUT", `${client}/rooms/${room}/send/m.room.message/1`, { msgtype: "m.text", body: "x" }],
    ["PUT", `${client}/rooms/${room}/send/m.reaction/1`, {}],
    ["PUT", `${client}/rooms/${room}/redact/$e/1`, { reason: "Mme Delattre" }],
    ["PUT", `${client}/profile/${me}/avatar_url`, { avatar_url: "mxc://a/b" }],
    ["PUT", `${client}/profile/${me}/displayname`, { displayname: "x" }],
    ["PUT", `${client}/user/${me}/account_data/m.direct`, {}],
    ["PUT", `${client}/user/${me}/account_data/fr.example.picture`, { data: "aaaa" }],
    ["PUT", `${client}/sendToDevice/fr.example.picture/1`, { messages: {} }],
    ["POST", "/_matrix/media/v3/upload", Buffer.from("x")],
    ["POST", "/_matrix/media/v1/create", {}],
    ["GET", "/_synapse/admin/v1/users"],
    ["POST", `${client}/publicRooms`, {}],
    ["POST", `${client}/createRoom`, { ...roomBody(randomUUID()), name: "Mme Delattre" }],
    ["POST", `${client}/createRoom`, { ...roomBody(randomUUID()), invite: [bot, martin] }],
    ["POST", `${client}/createRoom`, { ...roomBody(randomUUID()), initial_state: [] }],
    ["GET", `${client}/sync?access_token=${leroy.token}`],
  ];
  for (const [method, path, body] of refused) {
    const answer = await leroy.ask(method, path, body);
    expect([403, 404], `${method} ${path}: ${answer.status}`).toContain(answer.status);
    if (path.startsWith("/_matrix")) expect(answer.body).toMatchObject({ errcode: "M_FORBIDDEN" });
  }
  const allowed: [Parameters<Person["ask"]>[0], string, unknown?][] = [
    ["GET", `${client}/account/whoami`],
    ["GET", `${client}/sync?timeout=0`],
    ["GET", `${client}/pushrules/`],
    ["GET", `${client}/capabilities`],
    ["GET", `${client}/rooms/${room}/members`],
    ["GET", `${client}/rooms/${room}/state/m.room.create/`],
    ["GET", `${client}/rooms/${room}/messages?dir=b`],
    ["GET", `${client}/profile/${me}`],
    ["POST", `${client}/keys/query`, { device_keys: { [leroy.userId]: [] } }],
    ["POST", `${client}/user/${me}/filter`, {}],
    ["PUT", `${client}/user/${me}/account_data/m.secret_storage.key.ofTheTests`, { key: "k" }],
    ["PUT", `${client}/sendToDevice/m.room.encrypted/${randomUUID()}`, { messages: {} }],
  ];
  for (const [method, path, body] of allowed)
    expect((await leroy.ask(method, path, body)).status, `${method} ${path}`).toBe(200);
});

test("a sync waits for news, and its being given up is felt by nobody else @gateway", async () => {
  const first = await leroy.ask("GET", `${client}/sync?timeout=0`);
  const since = field(first.body, "next_batch");
  const begun = Date.now();
  const waiting = leroy.ask("GET", `${client}/sync?timeout=20000&since=${encodeURIComponent(since)}`);
  await new Promise((done) => setTimeout(done, 500));
  const room = encodeURIComponent(inCase.roomId);
  const sealed = { algorithm: "m.megolm.v1.aes-sha2", ciphertext: "AwgA", session_id: "c2Vz" };
  await leroy.ask("PUT", `${client}/rooms/${room}/send/m.room.encrypted/${randomUUID()}`, sealed);
  expect((await waiting).status).toBe(200);
  expect(Date.now() - begun).toBeLessThan(10_000);
});

test("the directory and the patients come from the record, every hit checked @gateway", async () => {
  const directory = await leroy.ask("GET", "/colloque/v1/directory");
  expect(JSON.stringify(directory.body)).toContain("Kermarrec");
  const search = async (query: object) =>
    (
      (await leroy.ask("POST", "/colloque/v1/patients/search", query)).body as {
        matches: { family: string }[];
      }
    ).matches;
  expect((await search({ family: "moreau" })).map((each) => each.family)).toEqual(["MOREAU", "MOREAU"]);
  expect(await search({ family: "moreau", birthDate: "1957-02-14" })).toHaveLength(1);
  expect(await search({ family: "N'Guessan" })).toHaveLength(1);
  expect(await search({ family: "n’guessan", given: "aicha-elodie" })).toHaveLength(1);
  expect(await search({ family: "nguessan", given: "Aïcha" })).toHaveLength(0);
  expect(await search({ family: "marchand" })).toHaveLength(1);
  expect(await search({ family: "nobody,MOREAU" })).toHaveLength(0);
  expect(await search({ identifier: "8000412" })).toHaveLength(1);
  expect((await asker(stack.publicUrl, undefined)("GET", "/colloque/v1/directory")).status).toBe(401);
});

test("a withdrawn picture is gone: for its taker, at the gateway and at the homeserver itself @gateway", async () => {
  const bytes = randomBytes(4000);
  const mxc = await permit(leroy, inCase, bytes);
  await upload(leroy, mxc, bytes);
  expect((await download(leroy, mxc)).status).toBe(200);
  const withdraw = (person: Person) =>
    person.ask("POST", `/colloque/v1/consents/${inCase.consent.consentId}/withdraw`, {
      reason: "patient-asked",
    });
  expect((await withdraw(faure)).status).toBe(403);
  expect((await withdraw(leroy)).status).toBe(200);
  expect((await download(leroy, mxc)).status).toBe(410);
  const direct = await synapse(leroy.token)("GET", `/_matrix/client/v1/media/download/${mediaPath(mxc)}`);
  expect(direct.status).toBe(404);
  const again = await leroy.sign(receiptFor(leroy, inCase, bytes));
  const permitAgain = await leroy.ask("POST", "/colloque/v1/permits", {
    roomId: inCase.roomId,
    receipt: again,
  });
  expect(permitAgain.body).toMatchObject({ code: "withdrawn" });
});

test("signing out ends the token at the gateway at once @gateway", async () => {
  const person = await signIn(stack.publicUrl, "haddad");
  expect((await person.ask("GET", "/colloque/v1/directory")).status).toBe(200);
  expect((await person.ask("POST", `${client}/logout`, {})).status).toBe(200);
  expect((await person.ask("GET", "/colloque/v1/directory")).status).toBe(401);
});
