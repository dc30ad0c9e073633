import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fastify } from "fastify";
import { ColloqueError } from "#protocol/errors.ts";
import type { MediaFacts } from "../../consent/index.ts";
import type { Lease, Wish } from "../../federation/index.ts";
import { createEventBus } from "../../kit/events.ts";
import { createLogger } from "../../kit/log.ts";
import { createSynapseClient } from "../../kit/synapse-client.ts";
import { createMediaDoor, type MediaParts } from "../media.ts";
import { martin, startMs } from "./a-gateway.ts";
import { abroad, ours, receipt, roomId } from "./a-picture.ts";
import { openHomeserver } from "./homeserver.ts";

const word = { iss: "ambreville.example", aud: "valombre.example", iat: 0, kind: "answer" as const };
export const nonce = "1f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f";
const path = (mxc: string) => `/media/${mxc.slice("mxc://".length)}`;

/** A homeserver in memory with the server's way to it. */
export async function openSynapse() {
  const folder = mkdtempSync(join(tmpdir(), "media-door-"));
  const homeserver = await openHomeserver(join(folder, "synapse.sock"), join(folder, "policy.sock"));
  const client = createSynapseClient(homeserver.socket);
  const close = async () => {
    await client[Symbol.asyncDispose]();
    await homeserver[Symbol.asyncDispose]();
  };
  return { homeserver, client, [Symbol.asyncDispose]: close };
}
export type Synapse = Awaited<ReturnType<typeof openSynapse>>;

/** The door for media before that homeserver, with a registry, a gate and another hospital that say what the test has them say. */
export function openMediaDoor({ client }: Synapse, change: Partial<MediaParts> = {}) {
  const world = {
    facts: ours as MediaFacts,
    live: true,
    members: [martin, abroad],
    allowed: [martin, abroad],
    answer: "picture" as Lease["grants"] | ColloqueError,
  };
  const audited: object[] = [];
  const asked: Wish[] = [];
  const finished: string[] = [];
  const stops = new Set<() => void>();
  const note = (what: string) => async (event: object) => void audited.push({ what, ...event });
  const events = createEventBus(createLogger("silent"));
  const joined: MediaParts["memberships"]["joined"] = async (room, fits) =>
    room === roomId ? world.members.filter(fits) : [];
  const door = createMediaDoor({
    synapse: client,
    sessions: { of: async (authorization) => ({ userId: authorization ?? "", device: "D", token: "t" }) },
    memberships: {
      joined,
      isJoined: async (userId, room) => (await joined(room, (each) => each === userId)).length > 0,
    },
    registry: {
      mediaFacts: async () => world.facts,
      factsOf: async () => ({
        consent: null,
        glasses: [],
        status: { state: world.live ? "live" : "withdrawn", untilMs: startMs },
      }),
      uploadFinished: async (mxc) => void finished.push(mxc),
    },
    gate: {
      download: (_picture, reader) =>
        world.allowed.includes(reader) ? { allow: true } : { allow: false, reason: "audience-not-covered" },
    },
    audit: {
      uploadFinished: note("upload-finished"),
      uploadRefused: note("upload-refused"),
      pictureRead: note("picture-read"),
      keyBundleRead: note("key-bundle-read"),
      disclosureRefused: note("disclosure-refused"),
    },
    events,
    clock: () => startMs,
    serverName: "valombre.example",
    federation: {
      read: async (wish) => {
        asked.push(wish);
        if (world.answer instanceof ColloqueError) throw world.answer;
        const to = { ...word, nonce, mxc: wish.mxc, reader: wish.reader };
        if (world.answer === "key-bundle") return { ...to, grants: "key-bundle" };
        const { caseId, consentId, receiptId } = receipt;
        return { ...to, grants: "picture", roomId, caseId, consentId, receiptId, rendition: "full" };
      },
      during: (_lease, stop) => {
        stops.add(stop);
        return { [Symbol.dispose]: () => void stops.delete(stop) };
      },
    },
    ...change,
  });
  const app = fastify({ bodyLimit: 100 * 1024 * 1024 });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  app.put<{ Params: { server: string; media: string } }>("/media/:server/:media", async (request, reply) => {
    try {
      return await door.upload(request, reply, request.params);
    } catch (error) {
      return reply.code(403).send({ code: error instanceof ColloqueError ? error.code : "fault" });
    }
  });
  app.get<{ Params: { server: string; media: string } }>("/media/:server/:media", async (request, reply) => {
    try {
      return await door.download(request, reply, request.params);
    } catch (error) {
      return reply.code(403).send({ code: error instanceof ColloqueError ? error.code : "fault" });
    }
  });
  const get = async (mxc: string, reader: string, headers = {}, query = "") => {
    const answer = await app.inject({
      url: path(mxc) + query,
      headers: { authorization: reader, ...headers },
    });
    return { status: answer.statusCode, body: answer.body, headers: answer.headers };
  };
  const put = async (mxc: string, bytes: Buffer, headers = {}) => {
    const type = { "content-type": "application/octet-stream" };
    const answer = await app.inject({
      method: "PUT",
      url: path(mxc),
      headers: { authorization: ours.uploader, ...type, ...headers },
      payload: bytes,
    });
    return { status: answer.statusCode, body: answer.body, headers: answer.headers };
  };
  return { door, world, audited, asked, finished, stops, events, get, put };
}
