import { randomBytes, randomUUID } from "node:crypto";
import { expect, test } from "@playwright/test";
import { audited, forceMedia } from "./support/forced.ts";
import {
  type Answer,
  type Ask,
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
import { type StockClient, stockClient } from "./support/stock-client.ts";

/**
 * Ways around the gate, one test for each row of docs/bypass.md: through the gateway, and at Synapse's own socket behind it. Each refusal
 * stands beside the same request as it is allowed, so that it is not refused for being wrong.
 */
const stack = running();
const martin = "@martin:valombre.example";
const haddad = "@haddad:valombre.example";
const client = "/_matrix/client/v3";
const unstable = "/_matrix/client/unstable";

/** What a picture is for everybody who looks: it begins as a JPEG does. */
const picture = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]), randomBytes(18_000)]);
/** And what it is once it was encrypted: where it may go, nothing recognisable is left in the homeserver's store. */
const ciphertext = randomBytes(18_000);
const asText = picture.toString("base64");

let leroy: Person;
let faure: Person;
let inCase: Case;
let room: string;
/** A modified Colloque, and a stock client: a clinician whose device runs what its owner likes. */
let benali: Person;
let stock: StockClient;
let theirs: Case;

type Method = Parameters<Ask>[0];
type Try = readonly [Method, string, unknown?];

const behind = (token: string) => asker("http://synapse", token, stack.synapseSocket);
const placeOf = (mxc: string) => mxc.slice("mxc://".length);
const uploadPath = (mxc: string) => `/_matrix/media/v3/upload/${placeOf(mxc)}`;
const downloadPath = (mxc: string) => `/_matrix/client/v1/media/download/${placeOf(mxc)}?timeout_ms=0`;
const sealed = (change: object = {}) => ({
  algorithm: "m.megolm.v1.aes-sha2",
  ciphertext: "AwgAEnACgAkLmt6qF84IK",
  session_id: "c2Vzc2lvbg",
  ...change,
});
const sendPath = (type = "m.room.encrypted") => `${client}/rooms/${room}/send/${type}/${randomUUID()}`;
const me = () => encodeURIComponent(leroy.userId);

/** The gateway's own no: in words, before Synapse is asked. */
async function gatewayRefuses(tries: readonly Try[], statuses = [403]): Promise<void> {
  for (const [method, path, body] of tries) {
    const answer = await leroy.ask(method, path, body);
    expect(statuses, `${method} ${path}: ${answer.status}`).toContain(answer.status);
    expect(field(answer.body, "errcode"), path).toMatch(/^M_(FORBIDDEN|TOO_LARGE|LIMIT_EXCEEDED)$/);
  }
}

async function synapseRefuses(tries: readonly Try[], statuses = [403]): Promise<void> {
  for (const [method, path, body] of tries) {
    const answer = await behind(leroy.token)(method, path, body);
    expect(statuses, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`).toContain(
      answer.status,
    );
  }
}

async function passes(ask: Ask, tries: readonly Try[]): Promise<void> {
  for (const [method, path, body] of tries) {
    const answer = await ask(method, path, body);
    expect(answer.status, `${method} ${path} ${JSON.stringify(answer.body)}`).toBe(200);
  }
}

async function permit(person: Person, of: Case, bytes: Buffer): Promise<string> {
  const answer = await askPermit(person, of, bytes);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return field((answer.body as { files: unknown[] }).files[0], "mxc");
}
const askPermit = async (person: Person, of: Case, bytes: Buffer, roomId = of.roomId): Promise<Answer> =>
  person.ask("POST", "/colloque/v1/permits", {
    roomId,
    receipt: await person.sign(receiptFor(person, of, bytes)),
  });

async function consented(person: Person): Promise<Case> {
  const opened = await openCase(person, martin);
  const answer = await person.ask("POST", "/colloque/v1/consents", {
    consent: await person.sign(opened.consent),
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return opened;
}

/** An event as the server keeps it. */
async function kept(person: Person, roomId: string, eventId: string) {
  const path = `${client}/rooms/${encodeURIComponent(roomId)}/event/${encodeURIComponent(eventId)}`;
  const answer = await person.ask("GET", path);
  expect(answer.status).toBe(200);
  return answer.body as {
    content: object;
    origin_server_ts: number;
    unsigned?: { redacted_because?: { sender: string; origin_server_ts: number } };
  };
}
const isRedacted = async (person: Person, roomId: string, eventId: string) => {
  const { content, unsigned } = await kept(person, roomId, eventId);
  return Object.keys(content).length === 0 && unsigned?.redacted_because?.sender === bot;
};

const refusals = (eventId: string) =>
  [...audited(stack, "bot-event-refused"), ...audited(stack, "bot-event-unreadable")]
    .filter((row) => row.details.eventId === eventId)
    .map((row) => row.details.reason);

test.beforeAll(async () => {
  leroy = await signIn(stack.publicUrl, "leroy");
  faure = await signIn(stack.publicUrl, "faure");
  inCase = await consented(leroy);
  room = encodeURIComponent(inCase.roomId);
  benali = await signIn(stack.publicUrl, "benali");
  stock = await stockClient(stack.publicUrl, "benali", { crossSigned: true });
  theirs = await consented(benali);
  await stock.waitFor(theirs.roomId, bot);
});
test.afterAll(async () => {
  await stock.end();
});

test.describe("files", () => {
  test("B1 an upload that nothing announced is refused at every endpoint, and kept by Synapse neither @bypass @smoke", async () => {
    const reserved = field(
      (await behind(leroy.token)("POST", "/_matrix/media/v1/create", {})).body,
      "content_uri",
    );
    await gatewayRefuses([
      ["POST", "/_matrix/media/v3/upload", ciphertext],
      ["POST", "/_matrix/media/v3/upload?filename=dos.jpg", ciphertext],
      ["POST", "/_matrix/media/r0/upload", ciphertext],
      ["POST", "/_matrix/media/v1/upload", ciphertext],
      ["POST", "/_matrix/client/v1/media/upload", ciphertext],
      ["POST", "/_matrix/media/v1/create", {}],
      ["PUT", uploadPath(reserved), ciphertext],
      ["PUT", uploadPath("mxc://valombre.example/guessed"), ciphertext],
    ]);
    const before = audited(stack, "store-refused").length;
    await synapseRefuses(
      [
        ["POST", "/_matrix/media/v3/upload", ciphertext],
        ["POST", "/_matrix/media/r0/upload", ciphertext],
        ["PUT", uploadPath(reserved), ciphertext],
      ],
      [400, 404],
    );
    expect(
      audited(stack, "store-refused")
        .slice(before)
        .map((row) => row.details.reason),
    ).toEqual(Array(3).fill("not-reserved"));
    expect((await behind(leroy.token)("GET", downloadPath(reserved))).status).toBe(504);
    // With a permit the same bytes come in by both ways.
    await passes(leroy.ask, [["PUT", uploadPath(await permit(leroy, inCase, ciphertext)), ciphertext]]);
    await passes(behind(leroy.token), [
      ["PUT", uploadPath(await permit(leroy, inCase, ciphertext)), ciphertext],
    ]);
  });

  test("B2 other bytes than the receipt's are refused by the gateway and by Synapse @bypass", async () => {
    const mxc = await permit(leroy, inCase, ciphertext);
    const other = Buffer.from(ciphertext);
    other[9000] = (other[9000] ?? 0) ^ 1;
    expect((await leroy.ask("PUT", uploadPath(mxc), other)).body).toMatchObject({ code: "hash-mismatch" });
    await synapseRefuses([["PUT", uploadPath(mxc), other]], [400, 404]);
    await passes(leroy.ask, [["PUT", uploadPath(mxc), ciphertext]]);
    // A permit that was used takes nothing any more.
    await passes(leroy.ask, [["PUT", uploadPath(mxc), ciphertext]]);
    expect((await behind(leroy.token)("PUT", uploadPath(mxc), other)).status).toBe(409);
    expect((await leroy.ask("GET", downloadPath(mxc))).bytes.equals(ciphertext)).toBe(true);
  });

  test("B3 a picture is read at one endpoint, by members, and nowhere as a thumbnail or a preview @bypass", async () => {
    const mxc = await permit(leroy, inCase, ciphertext);
    await passes(leroy.ask, [["PUT", uploadPath(mxc), ciphertext]]);
    const place = placeOf(mxc);
    await gatewayRefuses([
      ["GET", `/_matrix/media/v3/download/${place}`],
      ["GET", `/_matrix/media/r0/download/${place}`],
      ["GET", `/_matrix/client/v1/media/download/${place}/dos.jpg`],
      ["GET", `/_matrix/client/v1/media/thumbnail/${place}?width=32&height=32`],
      ["GET", `/_matrix/media/v3/thumbnail/${place}?width=32&height=32`],
      ["GET", "/_matrix/client/v1/media/preview_url?url=http://localhost/"],
      ["GET", "/_matrix/media/v3/preview_url?url=http://localhost/"],
      ["GET", `/_matrix/federation/v1/media/download/${place.split("/")[1]}`],
    ]);
    const outside = await faure.ask("GET", downloadPath(mxc));
    expect(outside.body).toMatchObject({ code: "not-a-member" });
    await synapseRefuses(
      [["GET", `/_matrix/client/v1/media/thumbnail/${place}?width=32&height=32`]],
      [400, 404],
    );
    // Synapse itself gives ciphertext to whoever has its address: why nobody but the gateway may open its socket.
    expect((await behind(faure.token)("GET", downloadPath(mxc))).status).toBe(200);
    expect((await leroy.ask("GET", downloadPath(mxc))).bytes.equals(ciphertext)).toBe(true);
  });
});

test.describe("a modified Colloque", () => {
  test("B4 gets no permit with a consent of another case, a forged receipt or somebody else's @bypass", async () => {
    const another = await consented(leroy);
    const crossed = await askPermit(leroy, inCase, picture, another.roomId);
    expect(crossed.body).toMatchObject({ code: "gate-refused", reason: "receipt-of-another-case" });
    const relabelled = { ...inCase, consent: { ...inCase.consent, consentId: another.consent.consentId } };
    expect((await askPermit(leroy, relabelled, picture)).body).toMatchObject({ code: "gate-refused" });
    const mine = await leroy.sign(receiptFor(leroy, inCase, picture));
    const forged = { ...mine, payload: receiptFor(leroy, inCase, randomBytes(10)) };
    const answer = await leroy.ask("POST", "/colloque/v1/permits", {
      roomId: inCase.roomId,
      receipt: forged,
    });
    expect(answer.body).toMatchObject({ code: "bad-signature" });
    const stolen = await faure.ask("POST", "/colloque/v1/permits", { roomId: inCase.roomId, receipt: mine });
    expect(stolen.body).toMatchObject({ code: "bad-signature" });
    const allowed = await leroy.ask("POST", "/colloque/v1/permits", { roomId: inCase.roomId, receipt: mine });
    expect(allowed.status).toBe(200);
  });

  test("B5 that shows a file of another case has it taken out by the archivist @bypass", async () => {
    const here = await permit(benali, theirs, ciphertext);
    await passes(benali.ask, [["PUT", uploadPath(here), ciphertext]]);
    const other = await consented(benali);
    const elsewhere = await permit(benali, other, ciphertext);
    await passes(benali.ask, [["PUT", uploadPath(elsewhere), ciphertext]]);
    const image = (url: string) => ({ msgtype: "m.image", body: "photo.jpg", file: { url } });
    const reused = await stock.send(theirs.roomId, image(elsewhere));
    const right = await stock.send(theirs.roomId, image(here));
    await expect.poll(() => isRedacted(benali, theirs.roomId, reused)).toBe(true);
    await expect.poll(() => refusals(reused)).toEqual(["media-of-another"]);
    expect(await isRedacted(benali, theirs.roomId, right)).toBe(false);
    expect(refusals(right)).toEqual([]);
  });
});

test.describe("text", () => {
  test("B6 a picture in a message in clear is refused by the gateway and by Synapse @bypass", async () => {
    const tries = (at: string): Try[] => [
      ["PUT", sendPath("m.room.message"), { msgtype: "m.text", body: asText }],
      ["PUT", sendPath("m.sticker"), { body: "", url: `data:image/jpeg;base64,${asText}`, info: {} }],
      ["PUT", sendPath("fr.example.picture"), { data: asText }],
      ["PUT", sendPath(), sealed({ picture: asText })],
      ["PUT", `${client}/rooms/${room}/redact/$${"a".repeat(43)}/${at}`, { reason: asText.slice(0, 3000) }],
    ];
    await gatewayRefuses(tries("1"));
    await gatewayRefuses([["PUT", sendPath(), sealed({ ciphertext: "é à la place de lettres" })]]);
    await synapseRefuses(tries("2"), [403, 404]);
    await passes(leroy.ask, [["PUT", sendPath(), sealed()]]);
    await passes(behind(leroy.token), [["PUT", sendPath(), sealed()]]);
  });

  test("B7 a picture in an encrypted message is taken out by the archivist, who says so @bypass @smoke", async () => {
    const smuggled = await stock.send(theirs.roomId, { msgtype: "m.text", body: asText });
    const cleverer = await stock.send(theirs.roomId, {
      msgtype: "m.text",
      body: "Pouvez-vous regarder ?",
      "fr.example.data": (asText.match(/.{1,12}/g) ?? []).join(" "),
    });
    const sentence = await stock.send(theirs.roomId, { msgtype: "m.text", body: "Pouvez-vous regarder ?" });
    for (const eventId of [smuggled, cleverer]) {
      await expect.poll(() => isRedacted(benali, theirs.roomId, eventId)).toBe(true);
      await expect.poll(() => refusals(eventId)).toEqual(["picture-in-text"]);
    }
    expect(await isRedacted(benali, theirs.roomId, sentence)).toBe(false);
    expect(refusals(sentence)).toEqual([]);
    // The archivist's word stands in the case, after what it is about.
    const messages = await benali.ask(
      "GET",
      `${client}/rooms/${encodeURIComponent(theirs.roomId)}/messages?dir=b&limit=20`,
    );
    const said = (messages.body as { chunk: { sender: string; type: string }[] }).chunk;
    expect(
      said.filter((each) => each.sender === bot && each.type === "m.room.encrypted").length,
    ).toBeGreaterThan(1);
  });

  test("B8 a picture cut into small texts passes the gateway and is found by what the pieces come to @bypass", async () => {
    const pieces: string[] = [];
    for (let at = 0; at < 5; at += 1) {
      const body = picture.subarray(at * 900, (at + 1) * 900).toString("base64url");
      pieces.push(await stock.send(theirs.roomId, { msgtype: "m.text", body }));
    }
    await expect
      .poll(async () => Promise.all(pieces.map((each) => isRedacted(benali, theirs.roomId, each))))
      .toEqual(Array(5).fill(true));
  });

  test("B9 many large ciphertexts are slowed down by the account, on whatever device @bypass", async () => {
    const person = await signIn(stack.publicUrl, "haddad");
    const { roomId } = await openCase(person, martin);
    const other = await signIn(stack.publicUrl, "haddad");
    const send = async (from: Person, letters: number) => {
      const large = sealed({ ciphertext: "A".repeat(letters) });
      const path = `${client}/rooms/${encodeURIComponent(roomId)}/send/m.room.encrypted/${randomUUID()}`;
      return (await from.ask("PUT", path, large)).status;
    };
    const statuses = [];
    while (statuses.at(-1) !== 429 && statuses.length < 60) statuses.push(await send(person, 50_000));
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(10);
    expect(statuses.at(-1)).toBe(429);
    // Longer by more than comes back meanwhile.
    expect(await send(other, 59_000)).toBe(429);
  });

  test("B10 a device that its owner does not vouch for is read by nobody @bypass", async () => {
    const unsigned = await stockClient(stack.publicUrl, "benali", { crossSigned: false });
    try {
      await unsigned.waitFor(theirs.roomId, bot);
      const eventId = await unsigned.send(theirs.roomId, { msgtype: "m.text", body: asText });
      await expect.poll(() => refusals(eventId), { timeout: 60_000 }).toHaveLength(1);
      expect(refusals(eventId)[0]).toMatch(/SENDER_DEVICE|not-trusted|UNKNOWN/);
    } finally {
      await unsigned.end();
    }
  });
});

test.describe("state and rooms", () => {
  const state = (type: string, content: object, key = ""): Try => [
    "PUT",
    `${client}/rooms/${room}/state/${type}/${encodeURIComponent(key)}`,
    content,
  ];

  test("B11 nothing is written into a room's state @bypass", async () => {
    const tries = [
      state("m.room.name", { name: "Mme Delattre" }),
      state("m.room.topic", { topic: asText }),
      state("m.room.avatar", { url: "mxc://valombre.example/x" }),
      state("m.room.canonical_alias", { alias: "#dos:valombre.example" }),
      state("m.room.pinned_events", { pinned: [asText.slice(0, 1000)] }),
      state("fr.example.picture", { data: asText }),
      state("m.room.encryption", { algorithm: "m.megolm.v1.aes-sha2", picture: asText.slice(0, 2000) }),
      state("m.room.member", { membership: "join", reason: asText.slice(0, 2000) }, leroy.userId),
      state("im.vector.modular.widgets", { url: `data:image/jpeg;base64,${asText}` }, "w"),
    ];
    await gatewayRefuses([
      ...tries,
      state("m.room.member", { membership: "join", avatar_url: "mxc://valombre.example/x" }, leroy.userId),
    ]);
    await synapseRefuses(tries);
    // What a call needs is the one thing that members say of themselves: short, and at Synapse alone as long as there are no calls.
    const place = `_${leroy.userId}_DEVICE_m.call`;
    await synapseRefuses([
      state("org.matrix.msc3401.call.member", { picture: asText.slice(0, 6000) }, place),
    ]);
    await passes(behind(leroy.token), [
      state("org.matrix.msc3401.call.member", { application: "m.call" }, place),
    ]);
  });

  test("B12 a room is created as a case with the archivist, and as nothing else @bypass", async () => {
    const create = (change: object): Try => [
      "POST",
      `${client}/createRoom`,
      { ...roomBody(randomUUID()), ...change },
    ];
    const [encryption, history] = roomBody("").initial_state;
    const extra = (type: string, content: object) => ({
      initial_state: [encryption, history, { type, state_key: "", content }],
    });
    const tries = [
      create({ name: "Mme Delattre" }),
      create({ topic: asText }),
      create({ room_alias_name: "dos" }),
      create({ invite: [bot, martin] }),
      create({ invite: [martin] }),
      create({ invite_3pid: [{ id_server: "x", medium: "email", address: "a@b.c" }] }),
      create({ preset: "public_chat" }),
      create({ visibility: "public" }),
      create({ is_direct: true }),
      create({ creation_content: { type: "m.space" } }),
      create({ creation_content: undefined }),
      create({ initial_state: [] }),
      create(extra("m.room.join_rules", { join_rule: "public" })),
      create(extra("m.room.history_visibility", { history_visibility: "world_readable" })),
      create(extra("m.room.topic", { topic: asText })),
      create(extra("m.room.avatar", { url: "mxc://valombre.example/x" })),
    ];
    await gatewayRefuses(tries, [403, 413]);
    // At Synapse not even a well-made one: a case is claimed at the gateway first.
    await synapseRefuses([...tries, create({})], [400, 403]);
    // What the gateway takes and does not pass on: members beside the two that it reads.
    const caseId = randomUUID();
    const creation = { ...roomBody(caseId).creation_content, picture: asText.slice(0, 2000) };
    const answer = await leroy.ask("POST", `${client}/createRoom`, {
      ...roomBody(caseId),
      creation_content: creation,
      power_level_content_override: { users: { [leroy.userId]: 31415926 } },
    });
    expect(answer.status).toBe(200);
    const made = encodeURIComponent(field(answer.body, "room_id"));
    const all = await leroy.ask("GET", `${client}/rooms/${made}/state`);
    expect(all.bytes.toString()).not.toContain(asText.slice(0, 100));
    expect(all.bytes.toString()).not.toContain("31415926");
    expect(all.bytes.toString()).toContain(caseId);
  });

  test("B13 nobody is let in by an invitation, a rule, an upgrade or an administrator @bypass", async () => {
    const tries: Try[] = [
      ["POST", `${client}/rooms/${room}/invite`, { user_id: haddad }],
      state("m.room.member", { membership: "invite" }, haddad),
      state("m.room.member", { membership: "join" }, haddad),
      state("m.room.join_rules", { join_rule: "public" }),
      state("m.room.join_rules", { join_rule: "knock" }),
      state("m.room.history_visibility", { history_visibility: "world_readable" }),
      state("m.room.guest_access", { guest_access: "can_join" }),
      state("m.room.power_levels", { users: { [leroy.userId]: 100 } }),
      state("m.room.tombstone", { replacement_room: "!x" }),
      ["POST", `${client}/rooms/${room}/upgrade`, { new_version: "12" }],
      ["POST", `${client}/rooms/${room}/kick`, { user_id: bot }],
      ["POST", `${client}/rooms/${room}/ban`, { user_id: bot }],
    ];
    await gatewayRefuses(tries);
    await synapseRefuses(tries);
    await gatewayRefuses([["POST", `${client}/knock/${room}`, {}]]);
    for (const ask of [faure.ask, behind(faure.token)])
      expect((await ask("POST", `${client}/join/${room}`, {})).status).toBe(403);
    const join = `/_synapse/admin/v1/join/${room}`;
    const makeAdmin = `/_synapse/admin/v1/rooms/${room}/make_room_admin`;
    for (const path of [join, makeAdmin]) {
      expect([403, 404]).toContain((await leroy.ask("POST", path, { user_id: haddad })).status);
      const asAdmin = await behind(stack.adminToken)("POST", path, { user_id: haddad });
      expect(asAdmin.status, `${path} ${JSON.stringify(asAdmin.body)}`).not.toBe(200);
    }
    const members = await behind(stack.adminToken)("GET", `/_synapse/admin/v1/rooms/${room}/members`);
    expect((members.body as { members: string[] }).members.sort()).toEqual([bot, leroy.userId].sort());
    await passes(leroy.ask, [["POST", `${client}/join/${room}`, {}]]);
  });

  test("B14 a room has no address and stands in no list @bypass", async () => {
    const alias = encodeURIComponent("#dos-de-mme-delattre:valombre.example");
    await gatewayRefuses([
      ["PUT", `${client}/directory/room/${alias}`, { room_id: inCase.roomId }],
      ["PUT", `${client}/directory/list/room/${room}`, { visibility: "public" }],
      ["GET", `${client}/publicRooms`],
      ["POST", `${client}/search`, {}],
      ["POST", `${client}/user_directory/search`, { search_term: "m" }],
    ]);
    await synapseRefuses([
      ["PUT", `${client}/directory/room/${alias}`, { room_id: inCase.roomId }],
      ["PUT", `${client}/directory/list/room/${room}`, { visibility: "public" }],
    ]);
    await passes(leroy.ask, [["GET", `${client}/joined_rooms`]]);
  });

  test("B15 an event is sent now or not: neither delayed nor sticky @bypass", async () => {
    const delayed = "org.matrix.msc4140.delay=1000";
    const sticky = "org.matrix.msc4354.sticky_duration_ms=60000";
    await gatewayRefuses([
      ["PUT", `${sendPath()}?${delayed}`, sealed()],
      ["PUT", `${sendPath()}?${sticky}`, sealed()],
      ["PUT", `${sendPath("m.room.message")}?${delayed}`, { msgtype: "m.text", body: asText }],
      ["POST", `${unstable}/org.matrix.msc4140/delayed_events/x/erase`, {}],
      ["GET", `${unstable}/org.matrix.msc4140/delayed_events`],
    ]);
    // Behind the gateway Synapse takes the delay, and the policy is asked when it is over.
    const direct = behind(leroy.token);
    const text = { msgtype: "m.text", body: `plus tard ${randomUUID()}` };
    const taken = await direct("PUT", `${sendPath("m.room.message")}?${delayed}`, text);
    const stuck = await direct("PUT", `${sendPath("m.room.message")}?${sticky}`, text);
    expect(stuck.status).toBe(403);
    expect([200, 403]).toContain(taken.status);
    await new Promise((done) => setTimeout(done, 2500));
    const messages = await direct("GET", `${client}/rooms/${room}/messages?dir=b&limit=50`);
    expect(messages.bytes.toString()).not.toContain(text.body);
    await passes(leroy.ask, [["PUT", sendPath(), sealed()]]);
  });
});

test.describe("beside the rooms", () => {
  const olm = (body: string, change: object = {}) => ({
    messages: {
      [leroy.userId]: {
        "*": {
          algorithm: "m.olm.v1.curve25519-aes-sha2",
          sender_key: "a2V5",
          ciphertext: { a2V5: { type: 0, body } },
          ...change,
        },
      },
    },
  });
  const toDevice = (type: string) => `${client}/sendToDevice/${type}/${randomUUID()}`;

  test("B16 to-device messages carry keys, small and encrypted, and only so many @bypass", async () => {
    await gatewayRefuses(
      [
        ["PUT", toDevice("fr.example.picture"), olm("x")],
        ["PUT", toDevice("m.room.encrypted"), olm("A".repeat(20_000))],
        ["PUT", toDevice("m.room.encrypted"), olm("x", { picture: asText.slice(0, 2000) })],
        [
          "PUT",
          toDevice("m.room.encrypted"),
          { messages: { [martin]: { "*": { picture: asText.slice(0, 2000) } } } },
        ],
        [
          "PUT",
          toDevice("m.key.verification.start"),
          { messages: { [martin]: { "*": { picture: asText } } } },
        ],
        ["PUT", toDevice("m.room_key_request"), { messages: { [martin]: { "*": { picture: asText } } } }],
      ],
      [403, 413],
    );
    await passes(leroy.ask, [["PUT", toDevice("m.room.encrypted"), olm("A".repeat(2000))]]);
    // Synapse has no door there: what is sent past the gateway arrives, and no client of ours reads it.
    await passes(behind(leroy.token), [["PUT", toDevice("fr.example.picture"), olm("x")]]);
  });

  test("B17 profiles, avatars and device names take nothing @bypass", async () => {
    const profile = `${client}/profile/${me()}`;
    const whoami = await leroy.ask("GET", `${client}/account/whoami`);
    const device = field(whoami.body, "device_id");
    await gatewayRefuses([
      ["PUT", `${profile}/avatar_url`, { avatar_url: "mxc://valombre.example/x" }],
      ["PUT", `${profile}/displayname`, { displayname: asText.slice(0, 200) }],
      ["PUT", `${profile}/fr.example.picture`, { "fr.example.picture": asText }],
      [
        "PUT",
        `${unstable}/uk.tcpip.msc4133/profile/${me()}/fr.example.picture`,
        { "fr.example.picture": asText },
      ],
      ["PUT", `${client}/devices/${device}`, { display_name: asText.slice(0, 90) }],
    ]);
    await synapseRefuses([["PUT", `${profile}/displayname`, { displayname: "x" }]]);
    // Synapse has no door there: taken past the gateway, and shown by no client of ours.
    await passes(behind(leroy.token), [
      ["PUT", `${profile}/fr.example.picture`, { "fr.example.picture": asText }],
    ]);
    await passes(leroy.ask, [
      ["GET", profile],
      ["GET", `${client}/devices/${device}`],
    ]);
  });

  test("B18 account data are for keys @bypass", async () => {
    const data = (type: string, content: object): Try => [
      "PUT",
      `${client}/user/${me()}/account_data/${type}`,
      content,
    ];
    await gatewayRefuses(
      [
        data("fr.example.picture", { data: "x" }),
        data("m.direct", { [martin]: ["!x"] }),
        data("m.secret_storage.key.abc", { picture: asText }),
        ["PUT", `${client}/user/${me()}/rooms/${room}/account_data/fr.example.picture`, { data: asText }],
        ["PUT", `${client}/user/${me()}/rooms/${room}/tags/u.picture`, { order: 0.1 }],
      ],
      [403, 413],
    );
    await passes(leroy.ask, [data("m.org.matrix.custom.backup_disabled", { disabled: false })]);
  });

  test("B19 the key backup holds keys of the size of keys @bypass", async () => {
    const person = await signIn(stack.publicUrl, "haddad");
    const made = await person.ask("POST", `${client}/room_keys/version`, {
      algorithm: "m.megolm_backup.v1.curve25519-aes-sha2",
      auth_data: { public_key: "a2V5", signatures: {} },
    });
    const version = field(made.body, "version");
    const session = (ciphertext: string, change: object = {}) => ({
      first_message_index: 0,
      forwarded_count: 0,
      is_verified: true,
      session_data: { ephemeral: "a2V5", ciphertext, mac: "bWFj", ...change },
    });
    const backup = (one: object) => ({ rooms: { [inCase.roomId]: { sessions: { c2Vzc2lvbg: one } } } });
    const put = (body: object) => person.ask("PUT", `${client}/room_keys/keys?version=${version}`, body);
    try {
      for (const bad of [
        session(asText),
        session("x", { picture: asText }),
        { ...session("x"), picture: asText },
      ])
        expect((await put(backup(bad))).status).toBe(403);
      expect((await put(backup(session("A".repeat(1200))))).status).toBe(200);
    } finally {
      await person.ask("DELETE", `${client}/room_keys/version/${version}`);
    }
  });

  test("B20 the keys that everybody can ask for are keys @bypass", async () => {
    const oneTime = (change: object = {}) => ({
      one_time_keys: {
        [`signed_curve25519:${randomBytes(6).toString("base64url")}`]: {
          key: "a2V5",
          signatures: { [leroy.userId]: { "ed25519:D": "c2ln" } },
          ...change,
        },
      },
    });
    const signing = { user_id: leroy.userId, usage: ["master"], keys: { "ed25519:a": "a2V5" } };
    await gatewayRefuses([
      ["POST", `${client}/keys/upload`, { ...oneTime(), picture: asText }],
      ["POST", `${client}/keys/upload`, oneTime({ picture: asText })],
      ["POST", `${client}/keys/upload`, oneTime({ key: asText })],
      [
        "POST",
        `${client}/keys/device_signing/upload`,
        { master_key: { ...signing, picture: asText.slice(0, 2000) } },
      ],
      [
        "POST",
        `${client}/keys/signatures/upload`,
        { [leroy.userId]: { D: { picture: asText.slice(0, 2000) } } },
      ],
    ]);
    await passes(leroy.ask, [["POST", `${client}/keys/upload`, oneTime()]]);
  });

  test("B21 receipts and read markers name an event and say nothing @bypass", async () => {
    const sent = await leroy.ask("PUT", sendPath(), sealed());
    const eventId = field(sent.body, "event_id");
    const receipt = (event: string, body: object = {}): Try => [
      "POST",
      `${client}/rooms/${room}/receipt/m.read/${encodeURIComponent(event)}`,
      body,
    ];
    const markers = `${client}/rooms/${room}/read_markers`;
    await gatewayRefuses([
      receipt(`$${asText.slice(20, 200).replace(/[+/]/g, "x")}`),
      receipt(eventId, { note: asText.slice(0, 500) }),
      receipt(eventId, { thread_id: asText.slice(0, 500) }),
      ["POST", markers, { "m.fully_read": asText.slice(0, 200) }],
      ["POST", markers, { "m.fully_read": eventId, note: "x" }],
      ["PUT", `${client}/rooms/${room}/typing/${me()}`, { typing: true }],
      ["PUT", `${client}/presence/${me()}/status`, { presence: "online", status_msg: asText.slice(0, 200) }],
    ]);
    await passes(leroy.ask, [receipt(eventId), ["POST", markers, { "m.fully_read": eventId }]]);
  });

  test("B22 filters are small, push rules and pushers are not changed @bypass", async () => {
    const filter = `${client}/user/${me()}/filter`;
    await gatewayRefuses(
      [
        ["POST", filter, { room: { rooms: [asText] } }],
        ["POST", `${client}/user/${encodeURIComponent(martin)}/filter`, {}],
        [
          "PUT",
          `${client}/pushrules/global/content/picture`,
          { pattern: asText.slice(0, 2000), actions: [] },
        ],
        ["POST", `${client}/pushers/set`, { kind: "http", data: { url: "http://localhost/" } }],
        ["POST", `${client}/rooms/${room}/report`, { reason: asText.slice(0, 2000) }],
        ["POST", `${client}/user/${me()}/openid/request_token`, {}],
      ],
      [403, 413],
    );
    await passes(leroy.ask, [
      ["POST", filter, { room: { timeline: { limit: 5 } } }],
      ["GET", `${client}/pushrules/`],
    ]);
  });
});

test.describe("forced in behind every door", () => {
  const within = 5_000;

  test("B23 a stock client's image: the bytes are gone and its event is redacted within five seconds @bypass @smoke", async () => {
    expect(await stock.upload(picture)).toMatch(/^403 M_FORBIDDEN/);
    const known = await permit(benali, theirs, ciphertext);
    await passes(benali.ask, [["PUT", uploadPath(known), ciphertext]]);

    const { mxc, atMs } = forceMedia(stack, benali.userId, picture);
    // It is truly there, for whoever asks Synapse itself.
    expect((await behind(benali.token)("GET", downloadPath(mxc))).bytes.equals(picture)).toBe(true);
    const eventId = await stock.send(theirs.roomId, { msgtype: "m.image", body: "photo.jpg", url: mxc });
    await gone(mxc, atMs);
    await expect.poll(() => isRedacted(benali, theirs.roomId, eventId)).toBe(true);
    const event = await kept(benali, theirs.roomId, eventId);
    const redactedMs = event.unsigned?.redacted_because?.origin_server_ts ?? Number.POSITIVE_INFINITY;
    expect(redactedMs - event.origin_server_ts).toBeLessThan(within);
    await expect.poll(() => refusals(eventId)).toEqual(["media-unknown"]);
    // What a receipt announced is still there.
    expect((await benali.ask("GET", downloadPath(known))).bytes.equals(ciphertext)).toBe(true);
  });

  test("B24 a modified Colloque's photo under another photo's receipt: gone and redacted within five seconds @bypass", async () => {
    const bytes = randomBytes(30_000);
    const receipt = await benali.sign(receiptFor(benali, theirs, bytes));
    const { mxc, atMs } = forceMedia(stack, benali.userId, bytes);
    const eventId = await stock.send(theirs.roomId, photoContent(receipt, mxc, bytes));
    await gone(mxc, atMs);
    await expect.poll(() => isRedacted(benali, theirs.roomId, eventId)).toBe(true);
    const event = await kept(benali, theirs.roomId, eventId);
    const redactedMs = event.unsigned?.redacted_because?.origin_server_ts ?? Number.POSITIVE_INFINITY;
    expect(redactedMs - event.origin_server_ts).toBeLessThan(within);
    await expect.poll(() => refusals(eventId)).toEqual(["media-unknown"]);
  });

  /** Not readable any more even at Synapse, and in the audit trail within the time. */
  async function gone(mxc: string, atMs: number): Promise<void> {
    await expect
      .poll(async () => (await behind(benali.token)("GET", downloadPath(mxc))).status, {
        intervals: [200],
        timeout: 10_000,
      })
      .toBe(404);
    await expect
      .poll(() => audited(stack, "media-removed").some((row) => row.details.mxc === mxc))
      .toBe(true);
    const removed = audited(stack, "media-removed").find((row) => row.details.mxc === mxc);
    expect((removed?.at ?? Number.POSITIVE_INFINITY) - atMs).toBeLessThan(within);
    await expect
      .poll(() => audited(stack, "media-swept").find((row) => row.details.mxc === mxc))
      .toMatchObject({ actor: benali.userId, details: { why: "unknown" } });
  }
});

/** A photo as Colloque sends it, around any receipt and any file. */
function photoContent(receipt: { payload: unknown }, url: string, bytes: Buffer) {
  const file = {
    url,
    v: "v2",
    key: { kty: "oct", alg: "A256CTR", ext: true, k: "A".repeat(43), key_ops: ["encrypt", "decrypt"] },
    iv: "A".repeat(22),
    hashes: { sha256: "A".repeat(43) },
  };
  return {
    msgtype: "m.image",
    body: "Photo",
    file,
    info: { mimetype: "image/jpeg", w: 10, h: 10, size: bytes.length },
    "fr.colloque.photo": {
      photoId: field(receipt.payload, "receiptId"),
      receipt,
      site: { region: "back", laterality: "U" },
      view: "overview",
      widthPx: 10,
      heightPx: 10,
      bytes: bytes.length,
      file,
    },
  };
}
