import { describe, expect, test } from "vitest";
import { ColloqueError } from "#protocol/errors.ts";
import { caseIdSchema } from "#protocol/ids.ts";
import * as rules from "./matrix-rules.ts";

const bot = "@archiviste:valombre.example";
const caseId = "7f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f";

/** What a refusal says, or `passes`. */
function say(check: () => unknown): unknown {
  try {
    check();
    return "passes";
  } catch (error) {
    if (!(error instanceof ColloqueError)) throw error;
    return error.details.words ?? error.code;
  }
}

/** As long as it may be passes, one letter more does not. */
function expectLongest(most: number, check: (value: string) => unknown, letter = "x"): void {
  expect(say(() => check(letter.repeat(most)))).toBe("passes");
  expect(say(() => check(letter.repeat(most + 1)))).not.toBe("passes");
}

describe("signing in", () => {
  const login = (change: object = {}) => ({
    type: "m.login.password",
    identifier: { type: "m.id.user", user: "martin" },
    password: "p",
    ...change,
  });
  const words = "Sign-in here is by user name and password.";

  test("gives the name, whatever else a client may add", () => {
    const more = {
      user: "martin",
      device_id: "D",
      initial_device_display_name: "Poste 4",
      refresh_token: false,
    };
    expect(rules.checkLogin(login(more))).toBe("martin");
  });

  test.each<[string, object]>([
    ["another type", { type: "m.login.token" }],
    ["another identifier", { identifier: { type: "m.id.thirdparty", user: "martin" } }],
    ["no password", { password: undefined }],
    ["a refresh token", { refresh_token: true }],
    ["something beside it", { picture: "x" }],
  ])("is refused with %s", (_what, change) => {
    expect(say(() => rules.checkLogin(login(change)))).toBe(words);
  });

  test("takes nothing longer than names and passwords are", () => {
    const identifier = (user: string) => login({ identifier: { type: "m.id.user", user } });
    expectLongest(255, (value) => rules.checkLogin(identifier(value)));
    expectLongest(255, (value) => rules.checkLogin(login({ user: value })));
    expectLongest(512, (value) => rules.checkLogin(login({ password: value })));
    expectLongest(64, (value) => rules.checkLogin(login({ device_id: value })));
    expectLongest(100, (value) => rules.checkLogin(login({ initial_device_display_name: value })));
  });
});

describe("the room of a case", () => {
  const encryption = { type: "m.room.encryption", content: { algorithm: "m.megolm.v1.aes-sha2" } };
  const history = { type: "m.room.history_visibility", content: { history_visibility: "shared" } };
  const guests = { type: "m.room.guest_access", content: { guest_access: "forbidden" } };
  const room = (change: object = {}) => ({
    creation_content: { type: "fr.colloque.case", "fr.colloque.case_id": caseId },
    initial_state: [encryption, history],
    invite: [bot],
    ...change,
  });
  const check = (change: object) => say(() => rules.checkCreateRoom(room(change), bot));
  const words =
    "Only case rooms can be created: private, encrypted, history shared, the archivist invited, without name or topic.";

  test("may be asked for in all the words that mean the same", () => {
    const more = {
      preset: "private_chat",
      visibility: "private",
      room_version: "9",
      is_direct: false,
      power_level_content_override: { users: {} },
      initial_state: [encryption, history, guests],
    };
    expect(rules.checkCreateRoom(room(more), bot)).toBe(caseId);
    expect(rules.checkCreateRoom(room(), bot)).toBe(caseId);
  });

  test.each<[string, object]>([
    ["for everybody to see", { visibility: "public" }],
    ["between two", { is_direct: true }],
    [
      "with another encryption",
      { initial_state: [{ ...encryption, content: { algorithm: "none" } }, history] },
    ],
    [
      "open to guests",
      { initial_state: [encryption, history, { ...guests, content: { guest_access: "can_join" } }] },
    ],
    [
      "readable by the world",
      { initial_state: [encryption, { ...history, content: { history_visibility: "world_readable" } }] },
    ],
    [
      "with words in its history's rule",
      { initial_state: [encryption, { ...history, content: { ...history.content, note: "x" } }] },
    ],
    [
      "with words in its guests' rule",
      { initial_state: [encryption, history, { ...guests, content: { ...guests.content, note: "x" } }] },
    ],
    [
      "of a case that is no id",
      { creation_content: { type: "fr.colloque.case", "fr.colloque.case_id": "x" } },
    ],
  ])("is refused %s", (_what, change) => {
    expect(check(change)).toBe(words);
  });

  test("begins with the archivist, and with no one else", () => {
    expect(check({ invite: ["@martin:valombre.example"] })).toBe("A case begins with the archivist alone.");
    expect(check({ invite: [] })).toBe(words);
    expect(check({ invite: [bot, bot] })).toBe(words);
  });

  test("is asked of Synapse so that nobody but the archivist decides who is in it", () => {
    expect(rules.caseRoomBody(caseIdSchema.parse(caseId), bot)).toEqual({
      preset: "private_chat",
      visibility: "private",
      room_version: "12",
      creation_content: {
        type: "fr.colloque.case",
        "fr.colloque.case_id": caseId,
        additional_creators: [bot],
      },
      initial_state: [
        { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } },
        { type: "m.room.history_visibility", state_key: "", content: { history_visibility: "shared" } },
        { type: "m.room.guest_access", state_key: "", content: { guest_access: "forbidden" } },
      ],
      invite: [bot],
      power_level_content_override: {
        users_default: 0,
        events_default: 0,
        state_default: 100,
        invite: 100,
        kick: 100,
        ban: 100,
        redact: 100,
        events: { "org.matrix.msc3401.call.member": 0 },
      },
    });
  });
});

describe("an encrypted message", () => {
  const sealed = (change: object = {}) => ({
    algorithm: "m.megolm.v1.aes-sha2",
    ciphertext: "AwgAEnACgAkLmt6qF84IK",
    session_id: "c2Vzc2lvbg",
    ...change,
  });
  const send = (change: object) => say(() => rules.checkSend("m.room.encrypted", sealed(change)));
  const related = (change: object) => send({ "m.relates_to": change });
  const words = "This is not an encrypted message as Matrix has them.";

  test("may say whose it is and what it answers", () => {
    expect(send({ sender_key: "a2V5", device_id: "D" })).toBe("passes");
    for (const rel_type of ["m.reference", "m.replace", "m.thread"])
      expect(related({ rel_type, event_id: "$e", is_falling_back: true })).toBe("passes");
    expect(related({ "m.in_reply_to": { event_id: "$e" } })).toBe("passes");
    expect(related({})).toBe("passes");
  });

  test("says nothing in clear beside that", () => {
    expect(send({ body: "x" })).toBe(words);
    expect(send({ algorithm: "m.olm.v1.curve25519-aes-sha2" })).toBe(words);
    expect(related({ rel_type: "m.annotation", event_id: "$e" })).toBe(words);
    expect(related({ key: "👍" })).toBe(words);
    expect(related({ "m.in_reply_to": { event_id: "$e", body: "x" } })).toBe(words);
    expect(related({ event_id: "Mme Delattre" })).toBe(words);
    expect(related({ is_falling_back: "x" })).toBe(words);
    for (const part of ["ciphertext", "session_id", "sender_key"])
      for (const value of ["Mme Delattre", "dos!", " AwgA", "AwgA."])
        expect(send({ [part]: value })).toBe(words);
  });

  test("is as long as one may be", () => {
    expectLongest(60_000, (value) => rules.checkSend("m.room.encrypted", sealed({ ciphertext: value })));
    expectLongest(100, (value) => rules.checkSend("m.room.encrypted", sealed({ session_id: value })));
    expectLongest(100, (value) => rules.checkSend("m.room.encrypted", sealed({ sender_key: value })));
    expectLongest(64, (value) => rules.checkSend("m.room.encrypted", sealed({ device_id: value })));
  });

  test("is the only event, and a refusal repeats no words of the others", () => {
    expect(say(() => rules.checkSend("m.room.message", sealed()))).toBe(
      "Events of type m.room.message are not sent through here.",
    );
    expect(say(() => rules.checkSend(`Mme Delattre <b>${"x".repeat(100)}`, sealed()))).toBe(
      `Events of type Mme?Delattre??b?${"x".repeat(44)} are not sent through here.`,
    );
  });
});

describe("to-device messages", () => {
  const to = (content: object) => ({ messages: { "@a:x": { D: content } } });
  const olm = (body: string) => ({
    algorithm: "m.olm.v1.curve25519-aes-sha2",
    sender_key: "a2V5",
    ciphertext: { a2V5: { type: 0, body } },
  });
  const shape = "This is not a to-device message as Matrix has them.";

  test.each([
    "m.room_key_request",
    "m.secret.request",
    "m.room_key.withheld",
    "m.key.verification.start",
    "m.key.verification.mac",
  ])("in clear are of two kilobytes at most: %s", (type) => {
    const bytes = (length: number) => to({ a: "x".repeat(length - '{"a":""}'.length) });
    expect(say(() => rules.checkToDevice(type, bytes(2048)))).toBe("passes");
    expect(say(() => rules.checkToDevice(type, bytes(2049)))).toBe(
      "To-device messages carry keys, not files.",
    );
  });

  test("encrypted are of a key's size, as Matrix has them, each of them", () => {
    const overhead = JSON.stringify(olm("")).length;
    const check = (content: object) => say(() => rules.checkToDevice("m.room.encrypted", to(content)));
    expect(check(olm("x".repeat(16_000)))).toBe("passes");
    expect(overhead + 16_000).toBeLessThan(16 * 1024);
    const padded = (length: number) => ({ "org.matrix.msgid": "x".repeat(length) });
    expect(check(padded(16 * 1024 - 23))).toBe(
      "This is not an encrypted to-device message as Matrix has them.",
    );
    expect(check(padded(16 * 1024 - 22))).toBe("To-device messages carry keys, not files.");
    const mixed = { messages: { "@a:x": { D: olm("a2V5") }, "@b:x": { E: olm("a2V5"), F: { words: "x" } } } };
    expect(say(() => rules.checkToDevice("m.room.encrypted", mixed))).not.toBe("passes");
  });

  test("of other types, or of no shape, are refused in words that repeat none", () => {
    expect(say(() => rules.checkToDevice("m.key.verification", to({})))).toBe(
      "To-device messages of type m.key.verification are not sent through here.",
    );
    expect(say(() => rules.checkToDevice("x.m.key.verification.start", to({})))).not.toBe("passes");
    for (const body of [
      {},
      { messages: [] },
      { messages: { "@a:x": "x" } },
      { messages: { "@a:x": { D: "x" } } },
    ])
      expect(say(() => rules.checkToDevice("m.room.encrypted", body))).toBe(shape);
  });
});

describe("account data", () => {
  test.each([
    "m.secret_storage.default_key",
    `m.secret_storage.key.${"a".repeat(64)}`,
    "m.cross_signing.master",
    "m.cross_signing.self_signing",
    "m.cross_signing.user_signing",
    "m.megolm_backup.v1",
    "m.key_backup",
    "m.org.matrix.custom.backup_disabled",
    `m.org.matrix.${"a".repeat(80)}`,
  ])("may be %s, and nothing that only looks like it", (type) => {
    expect(say(() => rules.checkAccountData(type))).toBe("passes");
    for (const other of [`x${type}`, `${type}!`, type.toUpperCase(), type.replace(".", "_")])
      expect(
        say(() => rules.checkAccountData(other)),
        other,
      ).toMatch(/^Account data of type .+ are not kept here\.$/);
  });

  test.each([
    "m.secret_storage.key.",
    `m.secret_storage.key.${"a".repeat(65)}`,
    "m.secret_storage.key.a-b",
    "m.cross_signing.other",
    "m.org.matrix.",
    `m.org.matrix.${"a".repeat(81)}`,
    "m.direct",
  ])("may not be %s", (type) => {
    expect(say(() => rules.checkAccountData(type))).not.toBe("passes");
  });
});

describe("what is said of an event", () => {
  const event = `$${"a".repeat(43)}`;

  test("is that it was read, where and by whom to see", () => {
    for (const type of ["m.read", "m.read.private", "m.fully_read"])
      expect(say(() => rules.checkReceipt(type, event, {}))).toBe("passes");
    for (const thread_id of ["main", event])
      expect(say(() => rules.checkReceipt("m.read", event, { thread_id }))).toBe("passes");
    for (const name of ["m.read", "m.read.private", "m.fully_read"])
      expect(say(() => rules.checkReadMarkers({ [name]: event }))).toBe("passes");
    expect(say(() => rules.checkReadMarkers({}))).toBe("passes");
  });

  test("has no words", () => {
    expect(say(() => rules.checkReceipt("m.other", event, {}))).toBe("Read receipts alone are sent here.");
    expect(say(() => rules.checkReceipt("m.read", "$x", {}))).toBe("This is not the id of an event.");
    const words = "A read receipt says which event was read and nothing else.";
    expect(say(() => rules.checkReceipt("m.read", event, { note: "x" }))).toBe(words);
    expect(say(() => rules.checkReceipt("m.read", event, { thread_id: "other" }))).toBe(words);
    for (const name of ["m.read", "m.read.private", "m.fully_read", "note"])
      expect(say(() => rules.checkReadMarkers({ [name]: "x" }))).toBe(
        "Read markers say which event was read and nothing else.",
      );
    expect(say(() => rules.checkNoWords({ reason: "x" }))).toBe(
      "No reason can be given here: it would not be encrypted.",
    );
  });

  test("names it by a hash", () => {
    for (const id of [
      `$${"a".repeat(42)}`,
      `$${"a".repeat(44)}`,
      `x${event}`,
      `${event}\n`,
      "a".repeat(43),
      `$${"a".repeat(42)}.`,
      `$delattre$${"a".repeat(43)}`,
    ])
      expect(
        say(() => rules.checkEventId(id)),
        id,
      ).toBe("This is not the id of an event.");
    expect(say(() => rules.checkEventId(`$${"Az09-_a".repeat(6)}a`))).toBe("passes");
  });
});
