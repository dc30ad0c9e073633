import { z } from "zod";
import type { Sealer } from "../kit/seal.ts";
import type { Database } from "../store/index.ts";
import { callJson, type Http } from "./http.ts";
import { type DeviceRow, setToken } from "./store.ts";

export type Account = { readonly userId: string; readonly password: string };
export type Login = { readonly deviceId: string; readonly token: string };

/** Something that a person must mend before the archivist can work: the message says what and how. */
export class ArchivistRefuses extends Error {
  override readonly name = "ArchivistRefuses";
}

/** One name for ever, with a number that only a recovery raises: a device that comes back must be the same device. */
export const deviceIdOf = (deviceNumber: number): string => `ARCHIVIST${deviceNumber}`;

const loginSchema = z.object({ access_token: z.string(), device_id: z.string() });
const whoamiSchema = z.object({ device_id: z.string() });
const tokenContext = "bot_session.token";

export type LoginParts = {
  readonly db: Database;
  readonly http: Http;
  readonly sealer: Sealer;
  readonly account: Account;
};

/** The kept session of a device, or a new login under the same device id when there is none or the homeserver no longer knows it. */
export async function logIn(parts: LoginParts, device: Pick<DeviceRow, "number" | "token">): Promise<Login> {
  const deviceId = deviceIdOf(device.number);
  if (device.token !== undefined) {
    const token = parts.sealer.openText(device.token, tokenContext);
    const who = await callJson(parts.http, whoamiSchema, {
      method: "GET",
      path: "/_matrix/client/v3/account/whoami",
      token,
    });
    if (who.status === 200 && who.value?.device_id === deviceId) return { deviceId, token };
  }
  const token = await logInAnew(parts, deviceId);
  await setToken(parts.db, device.number, parts.sealer.seal(token, tokenContext));
  return { deviceId, token };
}

async function logInAnew({ http, account }: LoginParts, deviceId: string): Promise<string> {
  const answer = await callJson(http, loginSchema, {
    method: "POST",
    path: "/_matrix/client/v3/login",
    body: {
      type: "m.login.password",
      identifier: { type: "m.id.user", user: account.userId },
      password: account.password,
      device_id: deviceId,
      initial_device_display_name: "Colloque",
    },
  });
  if (answer.status === 403)
    throw new ArchivistRefuses(
      `The homeserver does not accept the password of ${account.userId}. Check COLLOQUE_BOT_PASSWORD.`,
    );
  if (answer.value === undefined)
    throw new Error(`The homeserver refused the archivist's login (${answer.status})`);
  return answer.value.access_token;
}

/** Takes a device off the homeserver, with its keys: nobody writes to it any more. Its token may be lost; twice is once. */
export async function logOut(parts: LoginParts, device: Pick<DeviceRow, "number" | "token">): Promise<void> {
  const { token } = await logIn(parts, device);
  const answer = await callJson(parts.http, z.unknown(), {
    method: "POST",
    path: "/_matrix/client/v3/logout",
    token,
    body: {},
  });
  if (answer.status !== 200 && answer.status !== 401)
    throw new Error(`The homeserver does not let an old device of the archivist go (${answer.status})`);
}

const keysSchema = z.object({
  device_keys: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        keys: z.record(z.string(), z.string()),
        signatures: z.record(z.string(), z.record(z.string(), z.string())).optional(),
      }),
    ),
  ),
  master_keys: z.record(z.string(), z.object({ keys: z.record(z.string(), z.string()) })).optional(),
  self_signing_keys: z.record(z.string(), z.object({ keys: z.record(z.string(), z.string()) })).optional(),
});

/** What the homeserver publishes of a person's devices. */
export type PublishedKeys = {
  /** The ed25519 key of each device that has one. */
  readonly devices: ReadonlyMap<string, string>;
  readonly hasIdentity: boolean;
  /** At least one device carries a signature by the person's own identity; whether it is right, the crypto layer checks. */
  readonly hasSignedDevice: boolean;
};

export async function publishedKeys(http: Http, token: string, userId: string): Promise<PublishedKeys> {
  const { value } = await callJson(http, keysSchema, {
    method: "POST",
    path: "/_matrix/client/v3/keys/query",
    token,
    body: { device_keys: { [userId]: [] } },
  });
  const devices = Object.entries(value?.device_keys[userId] ?? {});
  const signingKeys = Object.keys(value?.self_signing_keys?.[userId]?.keys ?? {});
  return {
    devices: new Map(
      devices.flatMap(([id, device]) => {
        const key = device.keys[`ed25519:${id}`];
        return key === undefined ? [] : [[id, key] as const];
      }),
    ),
    hasIdentity: value?.master_keys?.[userId] !== undefined && signingKeys.length > 0,
    hasSignedDevice: devices.some(([, device]) =>
      signingKeys.some((key) => device.signatures?.[userId]?.[key] !== undefined),
    ),
  };
}
