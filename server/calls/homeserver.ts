import { z } from "zod";
import { ColloqueError } from "#protocol/errors.ts";
import { roomIdSchema, userIdSchema } from "#protocol/ids.ts";
import { type SynapseClient, SynapseError } from "../kit/synapse-client.ts";

/** What the calls ask of the homeserver: who is in a room now, and whose an OpenID token is. */
export type HomeserverOfCalls = {
  isJoined(userId: string, roomId: string): Promise<boolean>;
  /** Throws `not-signed-in` for a token of nobody, `not-allowed` for a device that is not this person's. */
  ownerOf(token: OpenIdToken, deviceId: string): Promise<string>;
};

const openIdTokenSchema = z.object({
  access_token: z.string().min(1).max(512),
  matrix_server_name: z.string().max(255),
});
type OpenIdToken = z.infer<typeof openIdTokenSchema>;

const openIdRequestSchema = z.object({
  room: roomIdSchema,
  openid_token: openIdTokenSchema,
  device_id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
});

/** POST /sfu/get of lk-jwt-service, as Element Call sends it. */
export function openIdRequest(body: unknown): z.infer<typeof openIdRequestSchema> {
  const parsed = openIdRequestSchema.safeParse(body);
  if (!parsed.success) throw new ColloqueError("bad-request", { cause: parsed.error });
  return parsed.data;
}

const membersSchema = z.object({ members: z.array(z.string()) });
const infoSchema = z.object({ sub: userIdSchema });

export function createHomeserver(
  synapse: Pick<SynapseClient, "call">,
  adminToken: string,
  serverName: string,
): HomeserverOfCalls {
  const admin = <T>(path: string, answer: z.ZodType<T>): Promise<T> =>
    synapse.call({ path: `/_synapse/admin${path}`, token: adminToken, answer });

  return {
    isJoined: async (userId, roomId) => {
      const found = await orNone(() =>
        admin(`/v1/rooms/${encodeURIComponent(roomId)}/members`, membersSchema),
      );
      return found?.members.includes(userId) === true;
    },
    ownerOf: async ({ access_token, matrix_server_name }, deviceId) => {
      if (matrix_server_name !== serverName) throw new ColloqueError("not-signed-in");
      const query = new URLSearchParams({ access_token });
      const info = await orNone(() =>
        synapse.call({ path: `/_matrix/federation/v1/openid/userinfo?${query}`, answer: infoSchema }),
      );
      if (info === undefined) throw new ColloqueError("not-signed-in");
      const device = `/v2/users/${encodeURIComponent(info.sub)}/devices/${encodeURIComponent(deviceId)}`;
      if ((await orNone(() => admin(device, z.object({ device_id: z.literal(deviceId) })))) === undefined)
        throw new ColloqueError("not-allowed");
      return info.sub;
    },
  };
}

/** What the homeserver does not know, or refuses to say of this token. */
async function orNone<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof SynapseError && (error.status === 404 || error.status === 401)) return undefined;
    throw error;
  }
}
