import { describe, expect, test } from "vitest";
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
