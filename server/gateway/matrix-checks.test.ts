import { describe, expect, test } from "vitest";
import { ColloqueError } from "#protocol/errors.ts";
import { type Call, SynapseError } from "../kit/synapse-client.ts";
import { matchRule } from "./allow-list.ts";
import { budgetRates, largeEvent, maxBackedUp } from "./budgets.ts";
import { createBodyCheck } from "./matrix-checks.ts";

const v3 = "/_matrix/client/v3";
const martin = "@martin:valombre.example";
const enc = encodeURIComponent;
const event = enc(`$${"a".repeat(43)}`);

/** What the check says of a request: the name of who signs in, `passes`, or the code of the refusal. */
function setUp() {
  const backup = { count: 0 as number | Error };
  const asked: object[] = [];
  const call = async <T>({ path, token, answer }: Call<T>): Promise<T> => {
    asked.push({ path, token });
    if (backup.count instanceof Error) throw backup.count;
    return answer.parse({ count: backup.count });
  };
  const sessions = {
    of: async (authorization: string | undefined) => {
      if (authorization === undefined) throw new ColloqueError("not-signed-in");
      return { userId: authorization.slice("Bearer ".length), device: "D", token: "the token" };
    },
  };
  const registry = { isClosed: async (roomId: string) => roomId === "!over:a" };
  const check = createBodyCheck({ sessions, synapse: { call }, clock: () => 0, registry });
  const say = async (method: string, path: string, body?: unknown, user: string | undefined = martin) => {
    const matched = matchRule(method, path);
    if (matched === undefined) throw new Error(`${method} ${path} is in no rule`);
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const authorization = user === "" ? undefined : `Bearer ${user}`;
    return check({ authorization, matched }, bytes).then(
      (name) => name ?? "passes",
      (error: unknown) => (error instanceof ColloqueError ? error.code : error),
    );
  };
  return { say, backup, asked };
}

const sealed = (bytes = 20) => ({
  algorithm: "m.megolm.v1.aes-sha2",
  ciphertext: "A".repeat(bytes),
  session_id: "c2Vz",
});
const signatures = { [martin]: { "ed25519:D": "c2ln" } };
const master = { user_id: martin, usage: ["master"], keys: { "ed25519:k": "a2V5" }, signatures };
const session = {
  first_message_index: 0,
  forwarded_count: 0,
  is_verified: true,
  session_data: { ephemeral: "a2V5", ciphertext: "AAAA", mac: "bWFj" },
};
const login = {
  type: "m.login.password",
  identifier: { type: "m.id.user", user: "martin" },
  password: "p",
};

describe("each kind of request", () => {
  test.each<[string, string, string, unknown, unknown]>([
    ["GET", `${v3}/sync`, "passes", undefined, undefined],
    ["POST", `${v3}/login`, "martin", login, { ...login, type: "m.login.token" }],
    ["POST", `${v3}/join/!a`, "passes", undefined, { reason: "x" }],
    ["POST", `${v3}/rooms/!a/leave`, "passes", {}, { reason: "x" }],
    ["PUT", `${v3}/rooms/!a/redact/${event}/t`, "passes", {}, { reason: "x" }],
    ["PUT", `${v3}/rooms/!a/redact/${event}/t`, "passes", undefined, { reason: "x" }],
    ["PUT", `${v3}/rooms/!a/send/m.room.encrypted/t`, "passes", sealed(), { ...sealed(), body: "x" }],
    ["PUT", `${v3}/sendToDevice/m.key.verification.done/t`, "passes", { messages: {} }, {}],
    ["POST", `${v3}/rooms/!a/receipt/m.read/${event}`, "passes", undefined, { note: "x" }],
    ["POST", `${v3}/rooms/!a/read_markers`, "passes", {}, { note: "x" }],
    ["POST", `${v3}/keys/upload`, "passes", undefined, { picture: "x" }],
    ["POST", `${v3}/keys/upload`, "passes", {}, { picture: "x" }],
    ["POST", `${v3}/keys/device_signing/upload`, "passes", { master_key: master }, { picture: "x" }],
    ["POST", `${v3}/keys/signatures/upload`, "passes", { [martin]: { k: master } }, { [martin]: { k: {} } }],
    ["PUT", `${v3}/room_keys/keys`, "passes", { rooms: {} }, { rooms: { "!r": "x" } }],
    ["PUT", `${v3}/room_keys/keys/!r/s`, "passes", session, { ...session, picture: "x" }],
  ])("%s %s", async (method, path, answer, good, bad) => {
    const { say } = setUp();
    expect(await say(method, path, good)).toBe(answer);
    if (bad !== undefined) expect(await say(method, path, bad)).toBe("not-allowed");
  });

  test("names what there can be in its address", async () => {
    const { say } = setUp();
    expect(await say("PUT", `${v3}/rooms/!a/redact/${enc("$MmeDelattre")}/t`, {})).toBe("not-allowed");
    expect(await say("POST", `${v3}/rooms/!a/receipt/m.other/${event}`, {})).toBe("not-allowed");
    expect(await say("POST", `${v3}/rooms/!a/receipt/m.read/${enc("$MmeDelattre")}`, {})).toBe("not-allowed");
    expect(await say("PUT", `${v3}/sendToDevice/fr.example.picture/t`, { messages: {} })).toBe("not-allowed");
    expect(await say("PUT", `${v3}/rooms/!a/send/m.room.message/t`, sealed())).toBe("not-allowed");
    for (const method of ["GET", "PUT"]) {
      expect(await say(method, `${v3}/user/${enc(martin)}/account_data/m.key_backup`, {})).toBe("passes");
      expect(await say(method, `${v3}/user/${enc(martin)}/account_data/m.direct`, {})).toBe("not-allowed");
    }
  });

  test("is JSON where it must be something", async () => {
    const { say } = setUp();
    for (const [method, path] of [
      ["POST", `${v3}/login`],
      ["PUT", `${v3}/rooms/!a/send/m.room.encrypted/t`],
      ["PUT", `${v3}/sendToDevice/m.room.encrypted/t`],
      ["POST", `${v3}/rooms/!a/read_markers`],
      ["POST", `${v3}/keys/device_signing/upload`],
      ["PUT", `${v3}/room_keys/keys`],
    ] as const)
      expect(await say(method, path), path).toBe("bad-request");
  });
});

describe("an account's budget", () => {
  const times = async (ask: () => Promise<unknown>, most: number) => {
    for (let n = 0; n < most; n += 1) {
      const answer = await ask();
      if (answer !== "passes") return [n, answer];
    }
    return [most, "passes"];
  };

  test("is one of large events, by the account that sends them", async () => {
    const { say } = setUp();
    const send = (bytes: number, user?: string) =>
      say("PUT", `${v3}/rooms/!a/send/m.room.encrypted/t`, sealed(bytes), user);
    const { burst } = budgetRates.largeEvents;
    expect(await times(() => send(largeEvent), burst + 1)).toEqual([burst, "too-many"]);
    expect(await send(20)).toBe("passes");
    expect(await send(largeEvent, "@faure:x")).toBe("passes");
    expect(await send(20, "")).toBe("not-signed-in");
  });

  test("is one of bytes to devices", async () => {
    const { say } = setUp();
    const messages = (count: number) => ({
      messages: {
        "@a:x": Object.fromEntries(
          Array.from({ length: count }, (_, at) => [`D${at}`, { padding: "x".repeat(2000) }]),
        ),
      },
    });
    const send = (user?: string) =>
      say("PUT", `${v3}/sendToDevice/m.room_key_request/t`, messages(250), user);
    const [sent, answer] = await times(send, 40);
    expect(answer).toBe("too-many");
    expect(sent).toBe(16);
    expect(await send("@faure:x")).toBe("passes");
    expect(await send("")).toBe("not-signed-in");
  });

  test("is one of what is kept for good: account data and filters, not their reading", async () => {
    const { say } = setUp();
    const data = `${v3}/user/${enc(martin)}/account_data/m.key_backup`;
    const { burst } = budgetRates.kept;
    expect(await times(() => say("GET", data), burst + 1)).toEqual([burst + 1, "passes"]);
    expect(await times(() => say("PUT", data, {}), burst - 1)).toEqual([burst - 1, "passes"]);
    expect(await say("POST", `${v3}/user/${enc(martin)}/filter`, {})).toBe("passes");
    expect(await say("POST", `${v3}/user/${enc(martin)}/filter`, {})).toBe("too-many");
    expect(await say("PUT", data, {})).toBe("too-many");
    expect(await say("PUT", data, {}, "")).toBe("not-signed-in");
  });

  test("is spent under one's own name", async () => {
    const { say } = setUp();
    expect(await say("POST", `${v3}/user/${enc("@faure:x")}/filter`, {})).toBe("not-allowed");
    expect(await say("POST", `${v3}/user/${enc(martin)}/filter`, {}, "")).toBe("not-signed-in");
  });
});

describe("a key backup", () => {
  const put = (say: ReturnType<typeof setUp>["say"], user?: string) =>
    say("PUT", `${v3}/room_keys/keys/!r/s`, session, user);

  test("takes a key while it holds fewer than it may, as Synapse says", async () => {
    const { say, backup, asked } = setUp();
    backup.count = maxBackedUp - 1;
    expect(await put(say)).toBe("passes");
    expect(asked).toEqual([{ path: `${v3}/room_keys/version`, token: "the token" }]);
    backup.count = maxBackedUp;
    expect(await put(say)).toBe("too-large");
  });

  test("that is not there yet is left to Synapse to refuse; any other trouble is told", async () => {
    const { say, backup } = setUp();
    backup.count = new SynapseError(404, "M_NOT_FOUND");
    expect(await put(say)).toBe("passes");
    backup.count = new SynapseError(500, "M_UNKNOWN");
    expect(await put(say)).toBe(backup.count);
    backup.count = new ColloqueError("homeserver-unreachable");
    expect(await put(say)).toBe("homeserver-unreachable");
    expect(await put(say, "")).toBe("not-signed-in");
  });

  test("is not a store: its bytes are counted", async () => {
    const { say } = setUp();
    const sessions = Object.fromEntries(
      Array.from({ length: 240 }, (_, at) => [
        `s${at}`,
        { ...session, session_data: { ...session.session_data, ciphertext: "A".repeat(4096) } },
      ]),
    );
    let passed = 0;
    while ((await say("PUT", `${v3}/room_keys/keys`, { rooms: { "!r": { sessions } } })) === "passes")
      passed += 1;
    expect(passed).toBeGreaterThan(20);
    expect(passed).toBeLessThan(34);
  });
});

describe("a case whose content has left the messenger", () => {
  test("takes no more messages, and every other case does", async () => {
    const { say } = setUp();
    const path = (room: string) => `${v3}/rooms/${enc(room)}/send/m.room.encrypted/t1`;
    expect(await say("PUT", path("!over:a"), sealed())).toBe("case-over");
    expect(await say("PUT", path("!other:a"), sealed())).toBe("passes");
  });
});
