import { randomUUID } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FastifyReply, fastify } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ColloqueError } from "#protocol/errors.ts";
import { createSynapseClient } from "../kit/synapse-client.ts";
import { openLog } from "../kit/testing/a-log.ts";
import { type MatrixParts, matrixDoor } from "./matrix.ts";
import { bot, leroy, roomBody } from "./testing/a-gateway.ts";
import { openHomeserver } from "./testing/homeserver.ts";

const v3 = "/_matrix/client/v3";
const room = `${v3}/rooms/!a`;
const event = encodeURIComponent(`$${"a".repeat(43)}`);

/** The door alone, with a homeserver; what it does to sessions, registry and pictures is written down in order. */
async function open() {
  const folder = mkdtempSync(join(tmpdir(), "matrix-"));
  const homeserver = await openHomeserver(join(folder, "synapse.sock"), join(folder, "policy.sock"));
  const synapse = createSynapseClient(homeserver.socket);
  const { log, lines } = openLog();
  const did: string[] = [];
  const trouble: { session?: Error; bind?: Error } = {};
  const session = async () => {
    if (trouble.session !== undefined) throw trouble.session;
    return { userId: leroy, device: "D", token: "t" };
  };
  const give = (what: string) => async (_request: unknown, reply: FastifyReply, params: object) => {
    did.push(`${what} ${JSON.stringify(params)}`);
    return reply.send({});
  };
  const parts: MatrixParts = {
    synapse,
    sessions: {
      of: session,
      lately: session,
      known: () => undefined,
      drop: (token) => void did.push(`drop ${token} after ${homeserver.asked.length}`),
      dropUser: (userId) => void did.push(`drop all of ${userId} after ${homeserver.asked.length}`),
    },
    registry: {
      claimCase: async () => undefined,
      isClosed: async () => false,
      bindRoom: async (_caller, caseId, roomId) => {
        if (trouble.bind !== undefined) throw trouble.bind;
        did.push(`bind ${caseId} ${roomId}`);
      },
    },
    audit: { signedIn: async () => {}, signedOut: async () => {}, caseOpened: async () => {} },
    media: { upload: give("upload"), download: give("download") },
    bot,
    serverName: "valombre.example",
    isKnown: () => true,
    clock: () => 0,
    log,
  };
  const app = fastify({ routerOptions: { maxParamLength: 300 } });
  app.register(matrixDoor(parts));
  const ask = async (method: "GET" | "POST" | "PUT", url: string, body?: object) => {
    const answer = await app.inject({ method, url, ...(body === undefined ? {} : { payload: body }) });
    return { status: answer.statusCode, json: answer.json() };
  };
  const close = async () => {
    await app.close();
    await synapse[Symbol.asyncDispose]();
    await homeserver[Symbol.asyncDispose]();
  };
  return { ask, did, trouble, lines, homeserver, close };
}

let door: Awaited<ReturnType<typeof open>>;
beforeEach(async () => {
  door = await open();
});
afterEach(() => door.close());

describe("the Matrix door", () => {
  test("hands pictures to theirs, with their address", async () => {
    await door.ask("PUT", "/_matrix/media/v3/upload/valombre.example/abc", {});
    await door.ask("GET", "/_matrix/client/v1/media/download/valombre.example/abc");
    const address = JSON.stringify({ server: "valombre.example", media: "abc" });
    expect(door.did).toEqual([`upload ${address}`, `download ${address}`]);
    expect(door.homeserver.asked).toEqual([]);
  });

  test("asks the homeserver at the very address that was asked for", async () => {
    for (const path of [`${v3}/joined_rooms`, `${v3}/sync?since=a?b`]) {
      await door.ask("GET", path);
      expect(door.homeserver.asked.at(-1)?.url).toBe(path);
    }
  });

  test.each<["PUT" | "POST", string]>([
    ["PUT", `${room}/send/m.room.encrypted/t`],
    ["PUT", `${v3}/sendToDevice/m.room.encrypted/t`],
    ["POST", `${room}/receipt/m.read/${event}`],
    ["POST", `${room}/read_markers`],
    ["PUT", `${room}/redact/${event}/t`],
  ])("takes no query beside what others get to see: %s %s", async (method, path) => {
    const answer = await door.ask(method, `${path}?org.matrix.msc4140.delay=1000`, {});
    expect(answer).toMatchObject({ status: 403, json: { code: "not-allowed" } });
    expect(door.homeserver.asked).toEqual([]);
  });

  test("writes a fault of its own into the log, and no refusal", async () => {
    door.trouble.session = new ColloqueError("homeserver-unreachable");
    expect(await door.ask("GET", `${v3}/sync`)).toMatchObject({ status: 502 });
    expect(door.lines).toEqual([]);
    door.trouble.session = new TypeError("x is undefined");
    expect(await door.ask("GET", `${v3}/sync`)).toMatchObject({ status: 500, json: { code: "internal" } });
    expect(door.lines).toEqual([["error", "a Matrix request failed", { error: "TypeError" }]]);
  });
});

describe("signing out", () => {
  test("forgets the token before the homeserver is asked, and again after: it may have come back meanwhile", async () => {
    await door.ask("POST", `${v3}/logout`, {});
    expect(door.did).toEqual(["drop t after 0", "drop t after 1"]);
  });

  test("everywhere forgets all tokens of that person before the homeserver is asked", async () => {
    await door.ask("POST", `${v3}/logout/all`, {});
    expect(door.did).toEqual([`drop all of ${leroy} after 0`, "drop t after 1"]);
  });
});

describe("rooms that are opened at the same time", () => {
  const create = (caseId: string) => door.ask("POST", `${v3}/createRoom`, roomBody(caseId));

  test("are one for one case, and one each for two", async () => {
    const made = Promise.withResolvers<[number, object]>();
    door.homeserver.say(`POST ${v3}/createRoom`, made.promise);
    const [one, other] = [randomUUID(), randomUUID()];
    const opening = [one, one, other].map(create);
    await expect.poll(() => door.homeserver.asked).toHaveLength(2);
    made.resolve([200, { room_id: "!room" }]);
    expect((await Promise.all(opening)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(door.did.toSorted()).toEqual([`bind ${one} !room`, `bind ${other} !room`].toSorted());
  });

  test("are refused for the registry's reasons, not as the homeserver's", async () => {
    door.homeserver.say(`POST ${v3}/createRoom`, [200, { room_id: "!room" }]);
    door.trouble.bind = new ColloqueError("registry-unreachable");
    expect(await create(randomUUID())).toMatchObject({ json: { code: "registry-unreachable" } });
  });
});
