import { RoomId, UserId } from "@matrix-org/matrix-sdk-crypto-wasm";
import type { MatrixEvent, Room } from "matrix-js-sdk";
import type { CryptoApi } from "matrix-js-sdk/lib/crypto-api/index.js";
import type { FailStop } from "./fail-stop.ts";

/** The private parts of matrix-js-sdk 43.0.0 that the archivist leans on, checked when it starts. The version is pinned exactly. */

type Call = (...given: unknown[]) => unknown;

/** A private method, bound. Throws when the SDK no longer has it. */
export function methodOf(owner: unknown, name: string): Call {
  const found: unknown = typeof owner === "object" && owner !== null ? Reflect.get(owner, name) : undefined;
  if (typeof found !== "function") throw new Error(`matrix-js-sdk has changed inside: ${name}`);
  return (...given) => Reflect.apply(found, owner, given);
}

/** The machine's calls that take in what the homeserver says. If one fails, something was not written down. */
const takingIn = ["receiveSyncChanges", "markRequestAsSent", "receiveRoomKeyBundle", "shareRoomKey"] as const;

/** Pulls the brake when the crypto layer fails while it takes something in: the SDK itself would log it and go on. */
export function guardCrypto(crypto: CryptoApi, brake: FailStop): void {
  const machine: unknown = Reflect.get(crypto, "olmMachine");
  if (typeof machine !== "object" || machine === null)
    throw new Error("matrix-js-sdk has changed inside: olmMachine");
  guardMachine(machine, brake);
}

/** The same, on the machine itself. Throws when a call that must be guarded is not there. */
export function guardMachine(machine: object, brake: FailStop): void {
  for (const name of takingIn) {
    const call = methodOf(machine, name);
    const guarded = async (...given: unknown[]): Promise<unknown> => {
      try {
        return await call(...given);
      } catch (error) {
        brake.fail(error);
        throw error;
      }
    };
    Reflect.set(machine, name, guarded);
  }
}

/** Encrypts an event in place for a room. Public only behind `sendEvent`, which in an unknown room sends in the clear. */
export async function encryptFor(crypto: CryptoApi, event: MatrixEvent, room: Room): Promise<void> {
  await methodOf(crypto, "encryptEvent")(event, room);
}

/** Hands a room's keys to a person's signed devices (MSC4268) without inviting them. Public only behind `invite`. */
export async function shareHistory(crypto: CryptoApi, roomId: string, userId: string): Promise<void> {
  await methodOf(crypto, "shareRoomHistoryWithUser")(roomId, userId);
}

/**
 * Asks the homeserver for a person's devices and identity, and has the crypto layer take them in. It does so by itself for those with whom a room
 * is shared; of somebody who has left it knows nothing, or nothing any more.
 */
export async function learnDevices(crypto: CryptoApi, userId: string): Promise<void> {
  const request = methodOf(Reflect.get(crypto, "olmMachine"), "queryKeysForUsers")([new UserId(userId)]);
  await methodOf(Reflect.get(crypto, "outgoingRequestProcessor"), "makeOutgoingRequest")(request);
}

/**
 * Takes in the keys that whoever asked the archivist in handed over with the room. The SDK tries once, when it joins: a homeserver that was away at that
 * moment would cost the case its past.
 */
export async function takeHandedKeys(crypto: CryptoApi, roomId: string): Promise<void> {
  const machine = Reflect.get(crypto, "olmMachine");
  const awaited: unknown = await methodOf(machine, "getPendingKeyBundleDetailsForRoom")(new RoomId(roomId));
  if (typeof awaited !== "object" || awaited === null) return;
  await methodOf(crypto, "maybeAcceptKeyBundle")(roomId, String(Reflect.get(awaited, "inviterId")));
}

/**
 * While it starts, the SDK asks for the handed keys of every room that it joined within a day, one after the other, and does not come up when one
 * of them cannot be had. Here they are asked for when they are needed.
 */
export async function withoutHandedKeys(start: () => Promise<void>): Promise<void> {
  const { RustCrypto } = await import("matrix-js-sdk/lib/rust-crypto/rust-crypto.js");
  const { maybeAcceptKeyBundle } = RustCrypto.prototype;
  RustCrypto.prototype.maybeAcceptKeyBundle = () => Promise.resolve(false);
  try {
    await start();
  } finally {
    RustCrypto.prototype.maybeAcceptKeyBundle = maybeAcceptKeyBundle;
  }
}
