import { decodeRecoveryKey, type GeneratedSecretStorageKey } from "matrix-js-sdk/lib/crypto-api/index.js";
import { err, ok, type Result } from "#protocol/result.ts";
import { drop } from "../kit/clock.ts";
import type { Sdk } from "./sdk.ts";

/**
 * Setting up a person's keys, unseen. Called after the first sync: account data would otherwise be read before it is there, and
 * the import of existing keys fails. Every function may be called again after it was cut short.
 */

/** Where this device stands: nobody set anything up yet, this device is one of the person's own, or it needs the recovery key. */
export type Standing = "new" | "trusted" | "locked";

export async function standingOf({ client, crypto }: Sdk): Promise<Standing> {
  const userId = client.getSafeUserId();
  if (!(await crypto.userHasCrossSigningKeys(userId, true))) return "new";
  const status = await crypto.getCrossSigningStatus();
  const cached = status.privateKeysCachedLocally;
  const holdsKeys = cached.masterKey && cached.selfSigningKey && cached.userSigningKey;
  if (!holdsKeys) return "locked";
  // Keys made here, but the set-up was cut short before they were kept for the next device.
  return (await crypto.isSecretStorageReady()) ? "trusted" : "new";
}

/** Keeps a new recovery key on this device until the person has it: called before anything is locked with it. */
export type OfferRecoveryKey = (recoveryKey: string) => Promise<void>;

/** First sign-in of a person: identity, secret storage, backup. */
export async function setUpKeys({ crypto }: Sdk, offer: OfferRecoveryKey): Promise<void> {
  await crypto.bootstrapCrossSigning({
    // The first upload needs no proof of identity (MSC3967).
    authUploadDeviceSigningKeys: async (makeRequest) => {
      await makeRequest(null);
    },
  });
  await crypto.bootstrapSecretStorage({
    setupNewSecretStorage: true,
    setupNewKeyBackup: true,
    createSecretStorageKey: () => makeRecoveryKey(crypto, offer),
  });
  await crypto.checkKeyBackupAndEnable();
}

/** Another device of a known person: the recovery key brings the identity and the backup, and signs this device. */
export async function unlockKeys(
  { client, crypto }: Sdk,
  recoveryKey: string,
  hold: (key: Uint8Array<ArrayBuffer>) => void,
): Promise<Result<void, "wrong-key">> {
  const key = decode(recoveryKey);
  const stored = await client.secretStorage.getKey();
  if (key === null || stored === null) return err("wrong-key");
  if (!(await client.secretStorage.checkKey(key, stored[1]))) return err("wrong-key");
  hold(key);
  await crypto.bootstrapCrossSigning({});
  await crypto.loadSessionBackupPrivateKeyFromSecretStorage();
  await crypto.checkKeyBackupAndEnable();
  // All of it at once in the background: old cases are read as their keys come in.
  drop(crypto.restoreKeyBackup());
  return ok(undefined);
}

/** Starts anew for somebody who lost the recovery key. Replacing an identity needs the password. */
export async function resetKeys(
  { client, crypto }: Sdk,
  password: string,
  offer: OfferRecoveryKey,
): Promise<void> {
  await crypto.resetEncryption(async (makeRequest) => {
    await makeRequest({
      type: "m.login.password",
      identifier: { type: "m.id.user", user: client.getSafeUserId() },
      password,
    });
  });
  await crypto.bootstrapSecretStorage({
    setupNewSecretStorage: true,
    createSecretStorageKey: () => makeRecoveryKey(crypto, offer),
  });
  await crypto.checkKeyBackupAndEnable();
}

async function makeRecoveryKey(
  crypto: Sdk["crypto"],
  offer: OfferRecoveryKey,
): Promise<GeneratedSecretStorageKey> {
  const made = await crypto.createRecoveryKeyFromPassphrase();
  if (made.encodedPrivateKey === undefined) throw new Error("The SDK made no recovery key");
  await offer(made.encodedPrivateKey);
  return made;
}

function decode(recoveryKey: string): Uint8Array<ArrayBuffer> | null {
  try {
    return decodeRecoveryKey(recoveryKey);
  } catch {
    return null;
  }
}
