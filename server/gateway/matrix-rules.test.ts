import { describe, expect, test } from "vitest";
import * as rules from "./matrix-rules.ts";

const bot = "@archiviste:valombre.example";
const caseId = "7f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f";
const room = (change: object = {}) => ({
  preset: "private_chat",
  creation_content: { type: "fr.colloque.case", "fr.colloque.case_id": caseId },
  initial_state: [
    { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } },
    { type: "m.room.history_visibility", state_key: "", content: { history_visibility: "shared" } },
  ],
  invite: [bot],
  ...change,
});

describe("a room that a user may create", () => {
  test("is a case with the archivist", () => {
    expect(rules.checkCreateRoom(room(), bot)).toBe(caseId);
  });

  test.each([
    ["a name", { name: "Mme Delattre" }],
    ["a topic", { topic: "dos" }],
    ["an alias", { room_alias_name: "x" }],
    ["another type", { creation_content: { type: "m.space", "fr.colloque.case_id": caseId } }],
    ["no case id", { creation_content: { type: "fr.colloque.case" } }],
    ["no encryption", { initial_state: [room().initial_state[1]] }],
    ["other history", { initial_state: [room().initial_state[0]] }],
    [
      "state of its own",
      { initial_state: [...room().initial_state, { type: "m.room.name", content: { name: "x" } }] },
    ],
    ["no archivist", { invite: [] }],
    ["another in the archivist's place", { invite: ["@martin:valombre.example"] }],
    ["a colleague from the start", { invite: [bot, "@martin:valombre.example"] }],
    ["a public preset", { preset: "public_chat" }],
    ["an invitation by mail", { invite_3pid: [{}] }],
  ])("is refused with %s", (_what, change) => {
    expect(() => rules.checkCreateRoom(room(change), bot)).toThrow();
  });
});

const sealed = {
  algorithm: "m.megolm.v1.aes-sha2",
  ciphertext: "AwgAEnACgAkLmt6qF84IK",
  session_id: "c2Vzc2lvbg",
};

describe("what is sent", () => {
  test("is ciphertext, with its relation beside it", () => {
    rules.checkSend("m.room.encrypted", sealed);
    rules.checkSend("m.room.encrypted", {
      ...sealed,
      "m.relates_to": { rel_type: "m.thread", event_id: "$e" },
    });
  });

  test.each([
    ["clear text", "m.room.message", { msgtype: "m.text", body: "x" }],
    ["a reaction", "m.reaction", {}],
    ["ciphertext with a word beside it", "m.room.encrypted", { ...sealed, body: "Mme Delattre" }],
    ["words where ciphertext belongs", "m.room.encrypted", { ...sealed, ciphertext: "Mme Delattre a mal" }],
    ["another algorithm", "m.room.encrypted", { ...sealed, algorithm: "none" }],
    ["a picture's worth of it", "m.room.encrypted", { ...sealed, ciphertext: "A".repeat(70_000) }],
  ])("is not %s", (_what, type, body) => {
    expect(() => rules.checkSend(type, body)).toThrow();
  });
});

describe("to-device messages", () => {
  const to = (content: object) => ({ messages: { "@a:x": { D: content } } });

  const olm = (body: string, change: object = {}) => ({
    algorithm: "m.olm.v1.curve25519-aes-sha2",
    sender_key: "a2V5",
    ciphertext: { a2V5: { type: 0, body } },
    "org.matrix.msgid": "m1",
    ...change,
  });

  test("carry keys and verifications", () => {
    rules.checkToDevice("m.room.encrypted", to(olm("x".repeat(3000))));
    rules.checkToDevice("m.key.verification.start", to({ method: "m.sas.v1" }));
    rules.checkToDevice("m.room_key_request", to({ action: "request" }));
  });

  test("carry nothing else, and nothing large", () => {
    expect(() => rules.checkToDevice("fr.example.picture", to({}))).toThrow();
    expect(() => rules.checkToDevice("m.room.encrypted", to(olm("x".repeat(20_000))))).toThrow();
    expect(() => rules.checkToDevice("m.room.encrypted", to({ ciphertext: "x".repeat(3000) }))).toThrow();
    expect(() => rules.checkToDevice("m.room.encrypted", to(olm("x", { picture: "x" })))).toThrow();
    expect(() => rules.checkToDevice("m.key.verification.start", to({ a: "x".repeat(3000) }))).toThrow();
  });
});

describe("account data", () => {
  test.each([
    "m.secret_storage.default_key",
    "m.secret_storage.key.abcDEF1",
    "m.cross_signing.master",
    "m.megolm_backup.v1",
  ])("may be %s", (type) => rules.checkAccountData(type));
  test.each(["m.direct", "m.ignored_user_list", "fr.colloque.drafts", "m.secret_storage.key.", "m.widgets"])(
    "may not be %s",
    (type) => expect(() => rules.checkAccountData(type)).toThrow(),
  );
});

describe("what is said of an event", () => {
  const event = `$${"a".repeat(43)}`;
  test("names an event that there can be", () => {
    rules.checkReceipt("m.read", event, {});
    rules.checkReceipt("m.read.private", event, { thread_id: "main" });
    rules.checkReadMarkers({ "m.fully_read": event, "m.read": event });
    rules.checkEventId(event);
  });
  test("has no place for words", () => {
    expect(() => rules.checkReceipt("m.read", "$MmeDelattre", {})).toThrow();
    expect(() => rules.checkReceipt("m.read", event, { note: "x" })).toThrow();
    expect(() => rules.checkReceipt("m.example", event, {})).toThrow();
    expect(() => rules.checkReadMarkers({ "m.fully_read": "Mme Delattre" })).toThrow();
    expect(() => rules.checkReadMarkers({ "fr.example.picture": event })).toThrow();
    expect(() => rules.checkEventId(`$${"a".repeat(60)}`)).toThrow();
  });
});

test("leaving, joining and redacting take no words", () => {
  rules.checkNoWords({});
  expect(() => rules.checkNoWords({ reason: "Mme Delattre" })).toThrow();
});

test("signing in is by password alone", () => {
  const login = {
    type: "m.login.password",
    identifier: { type: "m.id.user", user: "martin" },
    password: "p",
  };
  expect(rules.checkLogin(login)).toBe("martin");
  expect(() => rules.checkLogin({ ...login, type: "m.login.token" })).toThrow();
});
