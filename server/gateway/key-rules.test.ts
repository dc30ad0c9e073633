import { describe, expect, test } from "vitest";
import { ColloqueError } from "#protocol/errors.ts";
import * as rules from "./key-rules.ts";

const user = "@martin:valombre.example";
const signatures = { [user]: { "ed25519:DEVICE": "c2lnbmF0dXJl" } };
const device = {
  user_id: user,
  device_id: "DEVICE",
  algorithms: ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
  keys: { "curve25519:DEVICE": "a2V5", "ed25519:DEVICE": "a2V5" },
  signatures,
};
const oneTime = { "signed_curve25519:AAAA": { key: "a2V5", signatures } };
const master = { user_id: user, usage: ["master"], keys: { "ed25519:a2V5": "a2V5" }, signatures };
const session = {
  first_message_index: 0,
  forwarded_count: 0,
  is_verified: true,
  session_data: { ephemeral: "a2V5", ciphertext: "x".repeat(1200), mac: "bWFj" },
};
const picture = "x".repeat(5000);

test("a device's keys are keys, and nothing beside them", () => {
  rules.checkKeysUpload({});
  rules.checkKeysUpload({ device_keys: device, one_time_keys: oneTime, fallback_keys: oneTime });
  for (const bad of [
    { device_keys: { ...device, "fr.example.picture": picture } },
    { device_keys: { ...device, keys: { "ed25519:DEVICE": picture } } },
    { device_keys: { ...device, signatures: { [user]: { "ed25519:D": picture } } } },
    { device_keys: { ...device, unsigned: { picture } } },
    { one_time_keys: { "signed_curve25519:AAAA": { key: picture, signatures } } },
    { one_time_keys: { "signed_curve25519:AAAA": { key: "a2V5", signatures, picture } } },
    {
      one_time_keys: Object.fromEntries(
        Array.from({ length: 300 }, (_, at) => [`s:${at}`, oneTime["signed_curve25519:AAAA"]]),
      ),
    },
    { picture },
  ])
    expect(() => rules.checkKeysUpload(bad)).toThrow();
});

describe("signing keys", () => {
  test("are one key each", () => {
    rules.checkSigningUpload({ master_key: master, auth: { type: "m.login.password" } });
    expect(() => rules.checkSigningUpload({ master_key: { ...master, picture } })).toThrow();
    expect(() => rules.checkSigningUpload({ master_key: { ...master, keys: { a: "b", c: "d" } } })).toThrow();
  });
  test("are signed as they stand", () => {
    rules.checkSignatures({ [user]: { DEVICE: device, a2V5: master } });
    expect(() => rules.checkSignatures({ [user]: { DEVICE: { ...device, picture } } })).toThrow();
  });
});

test("a backup holds sessions of the size of one", () => {
  const sessions = { sessions: { c2Vzc2lvbg: session } };
  rules.checkBackup({ rooms: { "!r": sessions } });
  rules.checkBackup(sessions);
  rules.checkBackup(session);
  const data = (change: object) => ({ ...session, session_data: { ...session.session_data, ...change } });
  for (const bad of [
    data({ ciphertext: picture }),
    data({ picture: "x" }),
    { ...session, picture },
    { rooms: { "!r": picture } },
  ])
    expect(() => rules.checkBackup(bad)).toThrow();
});

/** As long as it may be, and one letter longer. */
const edge = (most: number, letter = "x") => [letter.repeat(most), letter.repeat(most + 1)] as const;
const one = <T>(name: string, value: T) => ({ [name]: value });
const messageOf = (change: object = {}) => ({
  algorithm: "m.olm.v1.curve25519-aes-sha2",
  sender_key: "a2V5",
  ciphertext: { a2V5: { type: 0, body: "Ym9keQ" } },
  ...change,
});
const sessionWith = (change: object) => ({
  ...session,
  session_data: { ...session.session_data, ...change },
});
const keys = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`s:${at}`, { key: "a2V5", signatures }]));

describe("each part of a key is as long as one can be, and not one letter longer", () => {
  const inDevice = (change: object) => rules.checkKeysUpload({ device_keys: { ...device, ...change } });
  const inMaster = (change: object) => rules.checkSigningUpload({ master_key: { ...master, ...change } });
  const inMessage = (change: object) => rules.checkOlm(messageOf(change));

  test.each<[string, (value: string) => void, number]>([
    ["the user of a device", (value) => inDevice({ user_id: value }), 255],
    ["the device's id", (value) => inDevice({ device_id: value }), 64],
    ["an algorithm", (value) => inDevice({ algorithms: [value] }), 64],
    ["the name of a key", (value) => inDevice({ keys: one(value, "a2V5") }), 255],
    ["a key", (value) => inDevice({ keys: { k: value } }), 120],
    ["who signed", (value) => inDevice({ signatures: one(value, { k: "c2ln" }) }), 255],
    ["with which key", (value) => inDevice({ signatures: { u: one(value, "c2ln") } }), 255],
    ["a signature", (value) => inDevice({ signatures: { u: { k: value } } }), 120],
    ["a device's name", (value) => inDevice({ unsigned: { device_display_name: value } }), 100],
    [
      "a one-time key",
      (value) => rules.checkKeysUpload({ one_time_keys: { k: { key: value, signatures } } }),
      120,
    ],
    ["the user of a signing key", (value) => inMaster({ user_id: value }), 255],
    ["a signing key's name", (value) => inMaster({ keys: one(value, "a2V5") }), 255],
    ["a signing key", (value) => inMaster({ keys: { k: value } }), 120],
    ["whose keys are signed", (value) => rules.checkSignatures(one(value, { k: master })), 255],
    ["which key is signed", (value) => rules.checkSignatures({ u: one(value, master) }), 255],
    ["a backed-up session's id", (value) => rules.checkBackup({ sessions: one(value, session) }), 120],
    ["the room of a backup", (value) => rules.checkBackup({ rooms: one(value, { sessions: {} }) }), 255],
    ["a backed-up session", (value) => rules.checkBackup(sessionWith({ ciphertext: value })), 4096],
    ["its ephemeral key", (value) => rules.checkBackup(sessionWith({ ephemeral: value })), 120],
    ["its mac", (value) => rules.checkBackup(sessionWith({ mac: value })), 120],
    ["who sends to a device", (value) => inMessage({ sender_key: value }), 120],
    [
      "the device that it is for",
      (value) => inMessage({ ciphertext: one(value, { type: 0, body: "" }) }),
      120,
    ],
    ["what is sent", (value) => inMessage({ ciphertext: { k: { type: 1, body: value } } }), 16_000],
    ["the message's id", (value) => inMessage({ "org.matrix.msgid": value }), 64],
  ])("%s", (_what, check, most) => {
    const [fits, tooLong] = edge(most);
    check(fits);
    const refusal = { code: "not-allowed", details: { words: expect.stringMatching(/./) } };
    expect(() => check(tooLong)).toThrow(expect.objectContaining(refusal));
  });

  test("and is base64 where it is a key, with no room for words", () => {
    inDevice({ keys: { k: "AZaz09+/=_-" } });
    for (const words of ["Mme Delattre", "dos!", "é", " a2V5", "a2V5\n"])
      expect(() => inDevice({ keys: { k: words } }), words).toThrow();
  });
});

test("there are so many keys at once, and no more", () => {
  for (const kind of ["one_time_keys", "fallback_keys", "org.matrix.msc2732.fallback_keys"]) {
    rules.checkKeysUpload({ [kind]: keys(200) });
    expect(() => rules.checkKeysUpload({ [kind]: keys(201) })).toThrow();
  }
  rules.checkKeysUpload({ one_time_keys: { k: { key: "a2V5", fallback: true, signatures } } });
  expect(() =>
    rules.checkKeysUpload({ one_time_keys: { k: { key: "a2V5", fallback: "x", signatures } } }),
  ).toThrow();
  const algorithms = (count: number) =>
    rules.checkKeysUpload({
      device_keys: { ...device, algorithms: Array.from({ length: count }, () => "a") },
    });
  algorithms(10);
  expect(() => algorithms(11)).toThrow();
});

describe("each signing key", () => {
  test.each(["master_key", "self_signing_key", "user_signing_key"])("is one: %s", (kind) => {
    rules.checkSigningUpload({ [kind]: master });
    rules.checkSigningUpload({ [kind]: { ...master, signatures: undefined } });
    for (const bad of [{ keys: {} }, { keys: { a: "b", c: "d" } }, { usage: ["other"] }, { picture }])
      expect(() => rules.checkSigningUpload({ [kind]: { ...master, ...bad } })).toThrow();
  });

  test("is for what there is, three at most, with nothing beside it", () => {
    const usage = (...of: string[]) => rules.checkSigningUpload({ master_key: { ...master, usage: of } });
    usage("master", "self_signing", "user_signing");
    usage();
    expect(() => usage("master", "master", "master", "master")).toThrow();
    expect(() => rules.checkSigningUpload({ picture })).toThrow();
  });
});

test("a backed-up session says of itself what a session can", () => {
  rules.checkBackup({ ...session, first_message_index: 7, forwarded_count: 2, is_verified: false });
  for (const bad of [
    { first_message_index: -1 },
    { first_message_index: 0.5 },
    { forwarded_count: -1 },
    { forwarded_count: "x" },
    { is_verified: "x" },
  ])
    expect(() => rules.checkBackup({ ...session, ...bad })).toThrow();
  expect(() => rules.checkBackup({ sessions: { s: session }, picture })).toThrow();
  expect(() => rules.checkBackup({ rooms: {}, picture })).toThrow();
  expect(() => rules.checkBackup({ rooms: { "!r": { sessions: {}, picture } } })).toThrow();
});

test("a message to a device is sealed for that device alone", () => {
  rules.checkOlm(messageOf());
  rules.checkOlm(messageOf({ ciphertext: { a2V5: { type: 1, body: "Ym9keQ" } } }));
  const sealed = { type: 0, body: "Ym9keQ" };
  for (const bad of [
    { algorithm: "m.megolm.v1.aes-sha2" },
    { ciphertext: {} },
    { ciphertext: { a: sealed, b: sealed } },
    { ciphertext: { a: { ...sealed, type: 2 } } },
    { ciphertext: { a: { ...sealed, picture } } },
    { picture },
  ])
    expect(() => rules.checkOlm(messageOf(bad))).toThrow();
});

test("each refusal says what was expected", () => {
  const wordsOf = (check: (body: unknown) => void): unknown => {
    try {
      check({ picture: 1 });
    } catch (error) {
      return error instanceof ColloqueError ? error.details.words : undefined;
    }
    return undefined;
  };
  expect([
    wordsOf(rules.checkKeysUpload),
    wordsOf(rules.checkSigningUpload),
    wordsOf(rules.checkSignatures),
    wordsOf(rules.checkBackup),
    wordsOf(rules.checkOlm),
  ]).toEqual([
    "These are not device keys as Matrix has them.",
    "These are not signing keys as Matrix has them.",
    "These are not signatures of keys as Matrix has them.",
    "The key backup is for keys.",
    "This is not an encrypted to-device message as Matrix has them.",
  ]);
});
