import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { z } from "zod";

/**
 * A homeserver in memory on a unix socket, as far as the gate needs one: who holds a token, who is in which room, and media. Like Synapse
 * it gives media to anybody who asks through it, and asks the policy socket before it creates a room or lets somebody be invited.
 */
export type Homeserver = AsyncDisposable & {
  readonly socket: string;
  readonly rooms: ReadonlyMap<string, ReadonlySet<string>>;
  readonly media: ReadonlyMap<string, StoredMedia>;
  /** Invites and joins, if the policy socket agrees. */
  invite(inviter: string, invitee: string, roomId: string): Promise<boolean>;
  /** In, past every question: a server administrator's join. */
  force(userId: string, roomId: string): Promise<void>;
  leave(userId: string, roomId: string): Promise<void>;
  /** As the policy module does several times a second, where this one has it: nothing has changed. */
  tellNews(): Promise<void>;
  /** Whether the policy module tells the gateway what changes; else that asks by itself. */
  setTellsNews(does: boolean): void;
  /** Whether it does as it is told when media are to go: a homeserver may be down just then. */
  setDeletes(does: boolean): void;
  /** As the policy module asks; undefined when there is no answer that counts. */
  askPolicy(path: string, question: unknown): Promise<unknown>;
  /** What the gateway asked of it for its users, in order; its own questions (who is it, who is in the room) left out. */
  readonly asked: readonly Asked[];
  /** From now on it answers this method and path so, at once or when told. */
  say(route: string, answer: Answer | Promise<Answer>): void;
};

export type Asked = {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
};
export type Answer = readonly [status: number, body: object];

export type StoredMedia = { readonly bytes: Buffer | undefined; readonly hidden: boolean };

export const tokenOf = (userId: string): string => `token-of-${userId}`;

const serverName = "valombre.example";
const policyAnswer = z.object({ allow: z.boolean() });
const createBody = z.object({
  creation_content: z.object({
    "fr.colloque.case_id": z.string(),
    additional_creators: z.array(z.string()),
  }),
  invite: z.array(z.string()),
});

export async function openHomeserver(socket: string, policySocket: string): Promise<Homeserver> {
  const rooms = new Map<string, Set<string>>();
  const media = new Map<string, StoredMedia>();
  const asked: Asked[] = [];
  const said = new Map<string, Answer | Promise<Answer>>();
  let deletes = true;
  let tells = false;
  let told = 0;

  const news = async (item: object): Promise<void> => {
    if (!tells) return;
    told += 1;
    await askPolicy(policySocket, "/news", { stream: socket.slice(-40), seq: told, ...item });
  };

  const mayBe = async (path: string, question: unknown): Promise<boolean> => {
    const answer = policyAnswer.safeParse(await askPolicy(policySocket, path, question));
    return answer.success && answer.data.allow;
  };
  const invite: Homeserver["invite"] = async (inviter, invitee, roomId) => {
    if (!(await mayBe("/may-invite", { inviter, invitee, roomId }))) return false;
    rooms.get(roomId)?.add(invitee);
    await news({ roomId });
    return true;
  };

  async function createRoom(userId: string, body: unknown): Promise<Answer> {
    const { creation_content: content, invite: invited } = createBody.parse(body);
    const roomId = `!${randomUUID()}`;
    const may = await mayBe("/may-create", {
      creator: userId,
      caseId: content["fr.colloque.case_id"],
      invited,
      additionalCreators: content.additional_creators,
    });
    if (!may) return refused;
    rooms.set(roomId, new Set([userId]));
    for (const each of invited) if (!(await invite(userId, each, roomId))) return refused;
    return [200, { room_id: roomId }];
  }

  async function answer(incoming: IncomingMessage): Promise<Answer> {
    const userId = (incoming.headers.authorization ?? "").replace(/^Bearer token-of-/, "");
    const [path = ""] = (incoming.url ?? "").split("?");
    const body = await readAll(incoming);
    const parts = path.split("/").slice(1).map(decodeURIComponent);
    const mxc = `mxc://${parts.slice(-2).join("/")}`;
    const route = `${incoming.method} ${path}`;
    if (!path.startsWith("/_synapse/") && !path.endsWith("/account/whoami"))
      asked.push({
        method: incoming.method ?? "",
        url: incoming.url ?? "",
        headers: incoming.headers,
        body: body.toString(),
      });
    const told = said.get(route);
    if (told !== undefined) return told;
    if (route.endsWith("/account/whoami"))
      return userId.startsWith("@") ? [200, { user_id: userId, device_id: "DEVICE" }] : unknownToken;
    if (route.endsWith("/createRoom")) return createRoom(userId, JSON.parse(body.toString()));
    if (/^GET \/_synapse\/admin\/v1\/rooms\/[^/]+\/members$/.test(route)) {
      const members = rooms.get(parts[4] ?? "");
      return members === undefined ? notFound : [200, { members: [...members] }];
    }
    if (route === "POST /_matrix/media/v1/create") {
      const uri = `mxc://${serverName}/${randomUUID().replaceAll("-", "")}`;
      media.set(uri, { bytes: undefined, hidden: false });
      return [200, { content_uri: uri }];
    }
    const stored = media.get(mxc);
    if (stored === undefined) return notFound;
    if (route.startsWith("PUT /_matrix/media/v3/upload/")) {
      if (stored.bytes !== undefined) return [409, { errcode: "M_CANNOT_OVERWRITE_MEDIA" }];
      media.set(mxc, { ...stored, bytes: body });
      return [200, {}];
    }
    if (route.startsWith("GET /_matrix/client/v1/media/download/"))
      return stored.bytes === undefined || stored.hidden ? notFound : [200, stored.bytes];
    if (route.includes("/_synapse/admin/") && !deletes) return [503, { errcode: "M_UNKNOWN" }];
    if (route.startsWith("POST /_synapse/admin/v1/media/quarantine/")) {
      media.set(mxc, { ...stored, hidden: true });
      return [200, {}];
    }
    if (route.startsWith("DELETE /_synapse/admin/v1/media/")) {
      media.delete(mxc);
      return [200, {}];
    }
    return [404, { errcode: "M_UNRECOGNIZED" }];
  }

  const server = createServer((incoming, reply) => {
    answer(incoming).then(
      (given) => send(reply, given),
      () => send(reply, [500, { errcode: "M_UNKNOWN" }]),
    );
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    socket,
    rooms,
    media,
    invite,
    force: async (userId, roomId) => {
      rooms.get(roomId)?.add(userId);
      await news({ roomId });
    },
    leave: async (userId, roomId) => {
      rooms.get(roomId)?.delete(userId);
      await news({ roomId });
    },
    tellNews: () => news({}),
    setTellsNews: (does) => {
      tells = does;
    },
    setDeletes: (does) => {
      deletes = does;
    },
    askPolicy: (path, question) => askPolicy(policySocket, path, question),
    asked,
    say: (route, answer) => void said.set(route, answer),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const refused: Answer = [403, { errcode: "M_FORBIDDEN" }];
const notFound: Answer = [404, { errcode: "M_NOT_FOUND" }];
const unknownToken: Answer = [401, { errcode: "M_UNKNOWN_TOKEN" }];

async function readAll(incoming: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of incoming) pieces.push(piece);
  return Buffer.concat(pieces);
}

function send(reply: ServerResponse, [status, body]: Answer): void {
  const isFile = Buffer.isBuffer(body);
  reply.writeHead(status, {
    "content-type": isFile ? "image/jpeg" : "application/json",
    "cache-control": "public, max-age=86400",
  });
  reply.end(isFile ? body : JSON.stringify(body));
}

/** What the policy module does: no answer is a no. */
export function askPolicy(socketPath: string, path: string, question: unknown): Promise<unknown> {
  return new Promise((resolve) => {
    const headers = { "content-type": "application/json" };
    const asking = request({ socketPath, path, method: "POST", headers }, (answer) => {
      readAll(answer).then(
        (bytes) => resolve(answer.statusCode === 200 ? JSON.parse(bytes.toString()) : undefined),
        () => resolve(undefined),
      );
    });
    asking.on("error", () => resolve(undefined));
    asking.end(JSON.stringify(question));
  });
}
