/**
 * A clinician's device, bare: the SDK with its memory store and strict isolation, and nothing of our client. One process each, since
 * the SDK's IndexedDB is a global. Commands and answers by IPC.
 */
import "fake-indexeddb/auto";
import type { Room } from "matrix-js-sdk";
import { z } from "zod";
import { caseIdKey, caseRoomType } from "#protocol/events.ts";
import { keyRequestType } from "#protocol/to-device.ts";
import { createLogger } from "../../kit/log.ts";
import {
  ClientEvent,
  createClient,
  Direction,
  decodeRecoveryKey,
  MatrixError,
  MatrixEvent,
  Method,
  OnlySignedDevicesIsolationMode,
  SyncState,
} from "../sdk.ts";
import { encryptFor } from "../sdk-inside.ts";
import { createSdkLog } from "../sdk-log.ts";
import { decryptStrictly } from "../strict-decrypt.ts";

const [, , url = "", user = "", device = "", bot = "", slowKeysOf = "", givenRecoveryKey = ""] = process.argv;

const login = z.object({ user_id: z.string(), access_token: z.string() }).parse(
  await (
    await fetch(`${url}/_matrix/client/v3/login`, {
      method: "POST",
      body: JSON.stringify({
        type: "m.login.password",
        identifier: { type: "m.id.user", user },
        password: "pw",
        device_id: device,
      }),
    })
  ).json(),
);
let recoveryKey = givenRecoveryKey;
const client = createClient({
  baseUrl: url,
  userId: login.user_id,
  deviceId: device,
  accessToken: login.access_token,
  // A slow network, for one request: the devices of that person become known long after their keys.
  fetchFn: async (input, init) => {
    const isSlow =
      slowKeysOf !== "" && String(input).includes("/keys/query") && String(init?.body).includes(slowKeysOf);
    if (isSlow) await new Promise((resolve) => setTimeout(resolve, 4000));
    return fetch(input, init);
  },
  logger: createSdkLog(createLogger("silent")),
  cryptoCallbacks: {
    getSecretStorageKey: async ({ keys }) => [Object.keys(keys)[0] ?? "", decodeRecoveryKey(recoveryKey)],
  },
});
await client.initRustCrypto();
const crypto = client.getCrypto();
if (crypto === undefined) throw new Error("no crypto");
crypto.setDeviceIsolationMode(new OnlySignedDevicesIsolationMode());
decryptStrictly(client, crypto, bot);
const synced = new Promise<void>((resolve) => {
  client.on(ClientEvent.Sync, (state) => {
    if (state === SyncState.Prepared) resolve();
  });
});
await client.startClient({ initialSyncLimit: 20 });
await synced;
await crypto.userHasCrossSigningKeys(login.user_id, true);
await crypto.bootstrapCrossSigning({ authUploadDeviceSigningKeys: async (make) => void (await make(null)) });
if (givenRecoveryKey === "")
  await crypto.bootstrapSecretStorage({
    createSecretStorageKey: async () => {
      const key = await crypto.createRecoveryKeyFromPassphrase();
      recoveryKey = key.encodedPrivateKey ?? "";
      return key;
    },
    setupNewKeyBackup: true,
  });
else await crypto.loadSessionBackupPrivateKeyFromSecretStorage();
await crypto.checkKeyBackupAndEnable();

/** What was said last in each room and stands. */
const lastSaid = new Map<string, string>();
const playSchema = z.object({
  roomId: z.string(),
  /** The archivist is not there yet. */
  alone: z.boolean().default(false),
  steps: z.array(z.object({ body: z.string(), as: z.enum(["message", "amendment", "struck"]) })),
});

/** Asks again when the homeserver says that it was asked too often. */
async function unlimited<T>(ask: () => Promise<T> | undefined): Promise<T | undefined> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof MatrixError) || error.httpStatus !== 429) throw error;
      await pause(error.getRetryAfterMs() ?? 1000);
    }
  }
}

const roomSchema = z.object({ roomId: z.string() });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let at = 0; at < 400; at++) {
    if (await isTrue()) return;
    await pause(50);
  }
  throw new Error(`waited in vain: ${what}`);
}

/**
 * As our client before it says anything: whoever has just created a room or come in learns a moment later that it is encrypted, and who is
 * there. What is said before is locked for the archivist.
 */
const isReady = async (roomId: string, alone: boolean): Promise<boolean> => {
  const room = client.getRoom(roomId);
  if (room === null || !(await crypto.isEncryptionEnabledInRoom(roomId))) return false;
  return alone || (hasArchivist(room) && (await mayWriteToArchivist(room)));
};

const hasArchivist = (room: Room): boolean =>
  ["join", "invite"].includes(room.getMember(bot)?.membership ?? "");

const mayWriteToArchivist = async (room: Room): Promise<boolean> => {
  const devices = (await crypto.getUserDeviceInfo([bot])).get(bot);
  for (const deviceId of devices?.keys() ?? [])
    if ((await crypto.getDeviceVerificationStatus(bot, deviceId))?.signedByOwner === true) return true;
  crypto.prepareToEncrypt(room);
  return false;
};

const commands: Record<string, (given: unknown) => Promise<unknown>> = {
  async createCase(given) {
    const { caseId, bot, type, alone } = z
      .object({
        caseId: z.string(),
        bot: z.string(),
        type: z.string().default(caseRoomType),
        alone: z.boolean().default(false),
      })
      .parse(given);
    const created = await unlimited(() =>
      client.createRoom({
        invite: alone ? [] : [bot],
        creation_content: { type, [caseIdKey]: caseId },
        initial_state: [
          { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } },
          { type: "m.room.history_visibility", state_key: "", content: { history_visibility: "shared" } },
        ],
        power_level_content_override: { users: { [bot]: 100 } },
      }),
    );
    return created?.room_id;
  },
  async waitFor(given) {
    const { roomId, userId, membership } = z
      .object({ roomId: z.string(), userId: z.string(), membership: z.string() })
      .parse(given);
    await until(
      `${userId} ${membership}`,
      () => client.getRoom(roomId)?.getMember(userId)?.membership === membership,
    );
    return null;
  },
  async join(given) {
    await client.joinRoom(roomSchema.parse(given).roomId);
    return null;
  },
  async send(given) {
    const { roomId, type, content } = z
      .object({ roomId: z.string(), type: z.string(), content: z.record(z.string(), z.unknown()) })
      .parse(given);
    const room = client.getRoom(roomId);
    if (room === null) throw new Error("no such room");
    if (hasArchivist(room)) await until("a device of the archivist", () => mayWriteToArchivist(room));
    const event = new MatrixEvent({ type, content, room_id: roomId, sender: login.user_id, event_id: "~x" });
    await encryptFor(crypto, event, room);
    return await commands.sendRaw?.({ roomId, type: event.getWireType(), content: event.getWireContent() });
  },
  /** Says one thing after the other, amends what was said before, and strikes what it has just said. Gives each event's id and words. */
  async play(given) {
    const { roomId, steps, alone } = playSchema.parse(given);
    await until(`the room ${roomId}`, () => isReady(roomId, alone));
    const said: [string, string][] = [];
    for (const step of steps) {
      const before = lastSaid.get(roomId);
      const text = { msgtype: "m.text", body: step.body };
      const relation = { "m.new_content": text, "m.relates_to": { rel_type: "m.replace", event_id: before } };
      const content = step.as === "amendment" ? { ...text, ...relation } : text;
      const eventId = z
        .string()
        .parse(await unlimited(() => commands.send?.({ roomId, type: "m.room.message", content })));
      said.push([eventId, step.body]);
      if (step.as === "struck") await unlimited(() => client.redactEvent(roomId, eventId));
      else lastSaid.set(roomId, eventId);
    }
    return said;
  },
  async invite(given) {
    const { roomId, userId } = z.object({ roomId: z.string(), userId: z.string() }).parse(given);
    await unlimited(() => client.invite(roomId, userId));
    return null;
  },
  async leave(given) {
    await unlimited(() => client.leave(roomSchema.parse(given).roomId));
    return null;
  },
  /** The next message begins a new Megolm session. */
  async rotate(given) {
    await crypto.forceDiscardSession(roomSchema.parse(given).roomId);
    return null;
  },
  async sendRaw(given) {
    const { roomId, type, content } = z
      .object({ roomId: z.string(), type: z.string(), content: z.record(z.string(), z.unknown()) })
      .parse(given);
    const path = `/rooms/${encodeURIComponent(roomId)}/send/${type}/t${Math.random()}`;
    const sent = await client.http.authedRequest<{ event_id: string }>(Method.Put, path, undefined, content);
    return sent.event_id;
  },
  async wireOf(given) {
    const { roomId, eventId } = z.object({ roomId: z.string(), eventId: z.string() }).parse(given);
    const { type, content } = await client.fetchRoomEvent(roomId, eventId);
    return { type, content };
  },
  async read(given) {
    const { roomId, atLeast } = z.object({ roomId: z.string(), atLeast: z.number() }).parse(given);
    for (let at = 0; ; at++) {
      const { chunk } = await client.createMessagesRequest(roomId, null, 100, Direction.Backward);
      const read = [];
      for (const raw of chunk.reverse()) {
        if (raw.type !== "m.room.encrypted") continue;
        const event = new MatrixEvent({ ...raw, room_id: roomId });
        await client.decryptEventIfNeeded(event);
        read.push({
          id: raw.event_id,
          type: event.getType(),
          content: event.getContent(),
          failure: event.decryptionFailureReason,
        });
      }
      if (at > 75 || (read.length >= atLeast && read.every((each) => each.failure === null))) return read;
      await pause(200);
    }
  },
  /** The devices of somebody that have keys on the homeserver. */
  async devicesOf(given) {
    const { userId } = z.object({ userId: z.string() }).parse(given);
    const { device_keys } = await client.downloadKeysForUsers([userId]);
    return Object.keys(device_keys[userId] ?? {}).sort();
  },
  async askKeys(given) {
    const { roomId, bot, botDevice } = z
      .object({ roomId: z.string(), bot: z.string(), botDevice: z.string() })
      .parse(given);
    const mark: unknown = Reflect.get(crypto, "markRoomAsPendingKeyBundle");
    if (typeof mark !== "function") throw new Error("the SDK has changed");
    await Reflect.apply(mark, crypto, [roomId, bot]);
    const batch = await crypto.encryptToDeviceMessages(
      keyRequestType,
      [{ userId: bot, deviceId: botDevice }],
      { room_id: roomId },
    );
    await client.queueToDevice(batch);
    return batch.batch.length;
  },
};

const callSchema = z.object({ id: z.number(), name: z.string(), given: z.unknown() });
process.on("message", (message) => {
  const { id, name, given } = callSchema.parse(message);
  const command = commands[name];
  (command === undefined ? Promise.reject(new Error(`no ${name}`)) : command(given)).then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
process.send?.({ id: 0, value: { userId: login.user_id, recoveryKey } });
