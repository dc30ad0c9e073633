import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { caseIdSchema } from "#protocol/ids.ts";
import { caseRoomBody } from "./matrix-rules.ts";
import { rates } from "./rate-limit.ts";
import { bot, type Gateway, leroy, martin, openGateway, roomBody } from "./testing/a-gateway.ts";

const v3 = "/_matrix/client/v3";
const sealed = { algorithm: "m.megolm.v1.aes-sha2", ciphertext: "AwgAEnACgAkLmt6qF84IK", session_id: "c2Vz" };

let gateway: Gateway;
beforeEach(async () => {
  gateway = await openGateway();
});
afterEach(async () => gateway[Symbol.asyncDispose]());

const refused = (status: number, code: string, more: object = {}) => ({
  status,
  json: expect.objectContaining({ code, ...more }),
});
const lastAsked = () => gateway.hospital.homeserver.asked.at(-1);

describe("a request of the allow-list", () => {
  test("goes on as it was matched, with the headers that Synapse needs and no others", async () => {
    const { ask, hospital } = gateway;
    hospital.homeserver.say(`GET ${v3}/sync`, [200, { next_batch: "s1" }]);
    const answer = await ask("GET", `${v3}/sync?since=s0&timeout=0`, {
      as: leroy,
      headers: { "accept-language": "fr", cookie: "a=b", "x-forwarded-for": "8.8.8.8", "user-agent": "test" },
    });
    expect(answer).toMatchObject({ status: 200, json: { next_batch: "s1" } });
    expect(lastAsked()).toMatchObject({ method: "GET", url: `${v3}/sync?since=s0&timeout=0`, body: "" });
    expect(lastAsked()?.headers).toMatchObject({
      authorization: `Bearer token-of-${leroy}`,
      "accept-language": "fr",
      "user-agent": "test",
      "x-forwarded-for": "127.0.0.1",
    });
    expect(lastAsked()?.headers).not.toHaveProperty("cookie");
  });

  test("comes back without what would let it be kept", async () => {
    const { ask, hospital } = gateway;
    hospital.homeserver.say(`GET ${v3}/joined_rooms`, [200, { joined_rooms: [] }]);
    const { headers } = await ask("GET", `${v3}/joined_rooms`, { as: leroy });
    expect(headers["cache-control"]).toBe("no-store");
    expect(headers["content-type"]).toContain("application/json");
    expect(headers).not.toHaveProperty("access-control-allow-origin");
  });

  test("is answered as Synapse answers, refusals too", async () => {
    const { ask, hospital } = gateway;
    hospital.homeserver.say(`GET ${v3}/devices`, [403, { errcode: "M_FORBIDDEN", error: "in its words" }]);
    expect(await ask("GET", `${v3}/devices`, { as: leroy })).toMatchObject({
      status: 403,
      json: { error: "in its words" },
    });
  });

  test("needs no session where Synapse asks for none", async () => {
    const { ask, hospital } = gateway;
    hospital.homeserver.say("GET /_matrix/client/versions", [200, { versions: [] }]);
    expect(await ask("GET", "/_matrix/client/versions")).toMatchObject({ status: 200 });
    expect(lastAsked()?.headers).not.toHaveProperty("authorization");
  });

  test("is told that the homeserver is away when it is", async () => {
    await gateway.hospital.homeserver[Symbol.asyncDispose]();
    expect(await gateway.ask("GET", "/_matrix/client/versions")).toMatchObject(
      refused(502, "homeserver-unreachable"),
    );
  });
});

describe("a request that is refused before Synapse hears of it", () => {
  test.each([
    ["GET", `${v3}/publicRooms`],
    ["POST", `${v3}/rooms/!a/invite`],
    ["GET", `${v3}/sync?access_token=token-of-${leroy}`],
    ["GET", `${v3}/sync?a=b&access_token=x`],
    ["PATCH", `${v3}/sync`],
  ])("is %s %s", async (method, path) => {
    const answer = await gateway.ask(method, path, { as: leroy });
    expect(answer).toMatchObject(refused(403, "not-allowed", { errcode: "M_FORBIDDEN" }));
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(gateway.hospital.homeserver.asked).toEqual([]);
  });

  test("is for what no client has here, and that is not there rather than forbidden", async () => {
    const path = "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device";
    for (const method of ["GET", "DELETE"])
      expect(await gateway.ask(method, path, { as: leroy })).toMatchObject(refused(404, "not-found"));
    expect(gateway.hospital.homeserver.asked).toEqual([]);
  });

  test("is an event with a delay or a life beside it; a query elsewhere is nobody's harm", async () => {
    const { ask, hospital } = gateway;
    const path = `${v3}/rooms/!a/send/m.room.encrypted/t1`;
    hospital.homeserver.say(`PUT ${v3}/rooms/!a/send/m.room.encrypted/t1`, [200, { event_id: "$e" }]);
    const send = (query: string) => ask("PUT", path + query, { as: leroy, body: sealed });
    expect(await send("?org.matrix.msc4140.delay=1000")).toMatchObject(refused(403, "not-allowed"));
    expect(hospital.homeserver.asked).toEqual([]);
    expect(await send("")).toMatchObject({ status: 200, json: { event_id: "$e" } });
    expect(JSON.parse(lastAsked()?.body ?? "")).toEqual(sealed);
  });

  test("has more in it than its rule lets through", async () => {
    const { ask, hospital } = gateway;
    const path = `${v3}/rooms/!a/receipt/m.read/${encodeURIComponent(`$${"a".repeat(43)}`)}`;
    const body = (bytes: number) => Buffer.from("{}".padEnd(bytes));
    expect(await ask("POST", path, { as: leroy, body: body(1025) })).toMatchObject(refused(413, "too-large"));
    expect(hospital.homeserver.asked).toEqual([]);
    await ask("POST", path, { as: leroy, body: body(1024) });
    expect(hospital.homeserver.asked).toHaveLength(1);
  });

  test("breaks a rule about what may be in it", async () => {
    const path = `${v3}/rooms/!a/send/m.room.message/t1`;
    const answer = await gateway.ask("PUT", path, { as: leroy, body: { body: "Mme Delattre" } });
    expect(answer).toMatchObject(refused(403, "not-allowed"));
    expect(answer.json.error).toBe("Events of type m.room.message are not sent through here.");
    expect(gateway.hospital.homeserver.asked).toEqual([]);
  });
});

describe("limits", () => {
  const many = (times: number, ask: () => Promise<{ status: number }>) =>
    Promise.all(Array.from({ length: times }, ask));

  test("are tighter for what others get to see than for the rest", async () => {
    const event = encodeURIComponent(`$${"a".repeat(43)}`);
    const path = `${v3}/rooms/!a/receipt/m.read/${event}`;
    const read = () => gateway.ask("POST", path, { as: leroy, body: {} });
    const answers = await many(rates.send.burst, read);
    expect(answers.some(({ status }) => status === 429)).toBe(false);
    expect(await read()).toMatchObject(refused(429, "too-many", { retry_after_ms: 100 }));
    expect((await read()).headers["retry-after"]).toBe("1");
    expect((await gateway.ask("GET", `${v3}/devices`, { as: leroy })).status).not.toBe(429);
  }, 30_000);

  test("are tightest for signing in, by address", async () => {
    const login = () => gateway.ask("POST", `${v3}/login`, { body: { type: "m.login.token" } });
    const answers = await many(rates.login.burst, login);
    expect(answers.some(({ status }) => status === 429)).toBe(false);
    expect((await login()).status).toBe(429);
    expect((await gateway.ask("GET", `${v3}/login`)).status).not.toBe(429);
  }, 30_000);
});

describe("signing in", () => {
  const login = (user: string) =>
    gateway.ask("POST", `${v3}/login`, {
      body: { type: "m.login.password", identifier: { type: "m.id.user", user }, password: "p" },
    });

  test("is passed on, and written down under a name that the directory knows", async () => {
    gateway.hospital.homeserver.say(`POST ${v3}/login`, [200, { access_token: "t" }]);
    expect(await login("leroy")).toMatchObject({ status: 200, json: { access_token: "t" } });
    await login(martin);
    await login("my-password");
    gateway.hospital.homeserver.say(`POST ${v3}/login`, [403, { errcode: "M_FORBIDDEN" }]);
    expect((await login("leroy")).status).toBe(403);
    expect(await gateway.audited("signed-in")).toEqual([
      { actor: leroy, outcome: "ok" },
      { actor: martin, outcome: "ok" },
      { actor: "unknown", outcome: "ok" },
      { actor: leroy, outcome: "refused" },
    ]);
  });
});

describe("signing out", () => {
  const whoami = `GET ${v3}/account/whoami`;

  test.each([
    ["logout", { as: leroy }],
    ["logout", { as: leroy, body: {} }],
    ["logout/all", { as: leroy, body: {} }],
  ])("by %s ends the token here at once, and is written down", async (path, request) => {
    const { ask, hospital } = gateway;
    await ask("GET", "/colloque/v1/directory", { as: leroy });
    hospital.homeserver.say(`POST ${v3}/${path}`, [200, {}]);
    expect(await ask("POST", `${v3}/${path}`, request)).toMatchObject({ status: 200, json: {} });
    expect(lastAsked()).toMatchObject({ method: "POST", url: `${v3}/${path}`, body: "{}" });
    expect(await gateway.audited("signed-out")).toEqual([{ actor: leroy }]);
    hospital.homeserver.say(whoami, [401, { errcode: "M_UNKNOWN_TOKEN" }]);
    expect(await ask("GET", "/colloque/v1/directory", { as: leroy })).toMatchObject(
      refused(401, "not-signed-in"),
    );
  });

  test("holds here though the homeserver has not heard of it", async () => {
    const { ask, hospital } = gateway;
    await ask("GET", "/colloque/v1/directory", { as: leroy });
    hospital.homeserver.say(`POST ${v3}/logout`, [500, { errcode: "M_UNKNOWN" }]);
    expect((await ask("POST", `${v3}/logout`, { as: leroy })).status).toBe(500);
    hospital.homeserver.say(whoami, [503, { errcode: "M_UNKNOWN" }]);
    expect(await ask("GET", "/colloque/v1/directory", { as: leroy })).toMatchObject(
      refused(502, "homeserver-unreachable"),
    );
  });

  test("everywhere ends every token of that person and of nobody else", async () => {
    const { ask, hospital } = gateway;
    for (const as of [leroy, martin]) await ask("GET", "/colloque/v1/directory", { as });
    hospital.homeserver.say(`POST ${v3}/logout/all`, [200, {}]);
    await ask("POST", `${v3}/logout/all`, { as: leroy });
    hospital.homeserver.say(whoami, [503, { errcode: "M_UNKNOWN" }]);
    expect((await ask("GET", "/colloque/v1/directory", { as: martin })).status).toBe(200);
    expect((await ask("GET", "/colloque/v1/directory", { as: leroy })).status).toBe(502);
  });

  test("needs a token, and takes no words", async () => {
    expect(await gateway.ask("POST", `${v3}/logout`)).toMatchObject(refused(401, "not-signed-in"));
    const answer = await gateway.ask("POST", `${v3}/logout`, { as: leroy, body: Buffer.alloc(20 * 1024) });
    expect(answer).toMatchObject(refused(413, "too-large"));
  });
});

describe("a case's room", () => {
  const create = (caseId: string, as = leroy) =>
    gateway.ask("POST", `${v3}/createRoom`, { as, body: roomBody(caseId) });
  const createdTimes = () =>
    gateway.hospital.homeserver.asked.filter(({ url }) => url.endsWith("/createRoom")).length;

  test("is asked of Synapse in our words, once, however often the client asks", async () => {
    const caseId = randomUUID();
    const answers = await Promise.all([create(caseId), create(caseId), create(caseId)]);
    answers.push(await create(caseId));
    const [{ json: { room_id: roomId } = {} } = {}] = answers;
    for (const each of answers) expect(each).toMatchObject({ status: 200, json: { room_id: roomId } });
    expect(answers[0]?.headers["cache-control"]).toBe("no-store");
    expect(createdTimes()).toBe(1);
    const asked = gateway.hospital.homeserver.asked[0];
    expect(JSON.parse(asked?.body ?? "")).toEqual(caseRoomBody(caseIdSchema.parse(caseId), bot));
    expect(asked?.headers.authorization).toBe(`Bearer token-of-${leroy}`);
    expect(await gateway.audited("case-opened")).toEqual([{ actor: leroy, roomId }]);
  });

  test("is its owner's: another who asks for the same case is refused", async () => {
    const caseId = randomUUID();
    await create(caseId);
    expect(await create(caseId, martin)).toMatchObject(
      refused(403, "not-allowed", { why: "case-of-another" }),
    );
    expect(await create(randomUUID(), martin)).toMatchObject({ status: 200 });
  });

  test("may be asked for again when the first try failed", async () => {
    const caseId = randomUUID();
    const { homeserver } = gateway.hospital;
    homeserver.say(`POST ${v3}/createRoom`, [500, { errcode: "M_UNKNOWN" }]);
    expect(await create(caseId)).toMatchObject(refused(502, "homeserver-unreachable"));
    homeserver.say(`POST ${v3}/createRoom`, [200, { room_id: "!opened:x" }]);
    expect(await create(caseId)).toMatchObject({ status: 200, json: { room_id: "!opened:x" } });
  });

  test.each<[number, number, string, object]>([
    [401, 401, "not-signed-in", {}],
    [429, 429, "too-many", { retry_after_ms: 2000 }],
    [400, 403, "not-allowed", {}],
    [499, 403, "not-allowed", {}],
    [500, 502, "homeserver-unreachable", {}],
  ])("that Synapse refuses with %i is refused with %i", async (status, ours, code, more) => {
    gateway.hospital.homeserver.say(`POST ${v3}/createRoom`, [status, { errcode: "M_UNKNOWN" }]);
    expect(await create(randomUUID())).toMatchObject(refused(ours, code, more));
  });

  test("is one that Synapse names", async () => {
    gateway.hospital.homeserver.say(`POST ${v3}/createRoom`, [200, { room: "none" }]);
    expect(await create(randomUUID())).toMatchObject(refused(502, "homeserver-unreachable"));
  });

  test("is refused with a name, without a token, or when it is no JSON at all", async () => {
    const { ask } = gateway;
    const named = { ...roomBody(randomUUID()), name: "Mme Delattre" };
    expect(await ask("POST", `${v3}/createRoom`, { as: leroy, body: named })).toMatchObject(
      refused(403, "not-allowed"),
    );
    expect(await ask("POST", `${v3}/createRoom`, { body: roomBody(randomUUID()) })).toMatchObject(
      refused(401, "not-signed-in"),
    );
    for (const body of [Buffer.from("{"), undefined])
      expect(
        await ask("POST", `${v3}/createRoom`, { as: leroy, ...(body === undefined ? {} : { body }) }),
      ).toMatchObject(refused(400, "bad-request"));
    const large = Buffer.from(JSON.stringify(roomBody(randomUUID())).padEnd(16 * 1024 + 1));
    expect(await ask("POST", `${v3}/createRoom`, { as: leroy, body: large })).toMatchObject(
      refused(413, "too-large"),
    );
    expect(createdTimes()).toBe(0);
  });
});

test("a fault of the gateway itself is told in no words of its own", async () => {
  const { ask, hospital } = gateway;
  await ask("GET", "/colloque/v1/directory", { as: leroy });
  await hospital.now().db[Symbol.asyncDispose]();
  hospital.homeserver.say(`POST ${v3}/logout`, [200, {}]);
  const answer = await ask("POST", `${v3}/logout`, { as: leroy });
  expect(answer).toMatchObject({ status: 500, json: { code: "internal" } });
  expect(answer.text).not.toContain("database");
});
