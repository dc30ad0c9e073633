/**
 * A stock Matrix client: matrix-js-sdk as its documentation has it, and nothing of ours. A process of its own, since the SDK's IndexedDB
 * is a global. Commands and answers by IPC: see stock-client.ts.
 */
import "fake-indexeddb/auto";
import { ClientEvent, createClient, MatrixError, SyncState } from "matrix-js-sdk";
import { type Logger, logger as sdkLogger } from "matrix-js-sdk/lib/logger.js";
import { z } from "zod";

const silent: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  getChild: () => silent,
};
sdkLogger.getChild = () => silent;

const [, , origin = "", user = "", password = "", crossSigning = ""] = process.argv;

const signedIn = await createClient({ baseUrl: origin, logger: silent }).loginRequest({
  type: "m.login.password",
  identifier: { type: "m.id.user", user },
  password,
});
const client = createClient({
  baseUrl: origin,
  userId: signedIn.user_id,
  deviceId: signedIn.device_id,
  accessToken: signedIn.access_token,
  logger: silent,
});
await client.initRustCrypto();
const synced = new Promise<void>((resolve) => {
  client.on(ClientEvent.Sync, (state) => {
    if (state === SyncState.Prepared) resolve();
  });
});
await client.startClient({ initialSyncLimit: 5 });
await synced;
if (crossSigning === "yes")
  await client.getCrypto()?.bootstrapCrossSigning({
    setupNewCrossSigning: true,
    authUploadDeviceSigningKeys: async (make) => {
      try {
        await make(null);
      } catch (error) {
        if (!(error instanceof MatrixError) || error.httpStatus !== 401) throw error;
        const identifier = { type: "m.id.user", user: signedIn.user_id };
        await make({ type: "m.login.password", identifier, password, session: error.data.session });
      }
    },
  });

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const refused = (error: unknown): string => {
  if (error instanceof MatrixError) return `${error.httpStatus} ${error.errcode}`;
  throw error;
};

const commands: Record<string, (given: unknown) => Promise<unknown>> = {
  /** Waits until the room is here, encrypted, and this person is in it. */
  async waitFor(given) {
    const { roomId, userId } = z.object({ roomId: z.string(), userId: z.string() }).parse(given);
    for (let at = 0; at < 600; at += 1) {
      const room = client.getRoom(roomId);
      if (room?.getMember(userId)?.membership === "join" && room.hasEncryptionStateEvent()) return null;
      await pause(50);
    }
    throw new Error(`${userId} did not come`);
  },
  /** Sends, encrypted as the SDK does it; the event's id. */
  async send(given) {
    const { roomId, type, content } = z
      .object({ roomId: z.string(), type: z.string(), content: z.record(z.string(), z.unknown()) })
      .parse(given);
    // The SDK's types know the types of events of the specification; a stock client sends others too.
    const send: unknown = Reflect.get(client, "sendEvent");
    if (typeof send !== "function") throw new Error("the SDK has changed");
    return z
      .object({ event_id: z.string() })
      .parse(await Reflect.apply(send, client, [roomId, type, content])).event_id;
  },
  /** Uploads as a client does; the address, or the refusal. */
  async upload(given) {
    const { base64 } = z.object({ base64: z.string() }).parse(given);
    try {
      const bytes = new Blob([Buffer.from(base64, "base64")]);
      return (await client.uploadContent(bytes, { type: "image/jpeg" })).content_uri;
    } catch (error) {
      return refused(error);
    }
  },
  async signOut() {
    client.stopClient();
    await client.logout(true);
    return null;
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
process.send?.({ id: 0, value: { userId: signedIn.user_id, deviceId: signedIn.device_id } });
