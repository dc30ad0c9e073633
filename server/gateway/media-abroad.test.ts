import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fastify } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ColloqueError } from "#protocol/errors.ts";
import type { MediaFacts } from "../consent/index.ts";
import type { Lease, Wish } from "../federation/index.ts";
import { createEventBus } from "../kit/events.ts";
import { createLogger } from "../kit/log.ts";
import { createSynapseClient, type SynapseClient } from "../kit/synapse-client.ts";
import { createMediaDoor, type MediaDoor, type MediaParts } from "./media.ts";
import { martin, startMs } from "./testing/a-gateway.ts";
import { abroad, ids, ours, receipt, roomId } from "./testing/a-picture.ts";
import { type Homeserver, openHomeserver } from "./testing/homeserver.ts";

const word = { iss: "ambreville.example", aud: "valombre.example", iat: 0, kind: "answer" as const };
const theirs = "mxc://ambreville.example/theirs";
const nonce = "1f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f";
const path = (mxc: string) => `/media/${mxc.slice("mxc://".length)}`;

/** A door before a homeserver in memory, and another hospital that says yes or no as the test has it. */
let homeserver: Homeserver;
let synapse: SynapseClient;
beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), "abroad-"));
  homeserver = await openHomeserver(join(folder, "synapse.sock"), join(folder, "policy.sock"));
  synapse = createSynapseClient(homeserver.socket);
});
afterEach(async () => {
  await synapse[Symbol.asyncDispose]();
  await homeserver[Symbol.asyncDispose]();
});

function openDoor(change: Partial<MediaParts> = {}) {
  const world = {
    facts: ours as MediaFacts,
    members: [martin, abroad],
    allowed: [martin, abroad],
    answer: "picture" as Lease["grants"] | ColloqueError,
  };
  const audited: object[] = [];
  const asked: Wish[] = [];
  const stops = new Set<() => void>();
  const note = (what: string) => async (event: object) => void audited.push({ what, ...event });
  const events = createEventBus(createLogger("silent"));
  const joined: MediaParts["memberships"]["joined"] = async (room, fits) =>
    room === roomId ? world.members.filter(fits) : [];
  const door = createMediaDoor({
    synapse,
    sessions: { of: async (authorization) => ({ userId: authorization ?? "", device: "D", token: "t" }) },
    memberships: {
      joined,
      isJoined: async (userId, room) => (await joined(room, (each) => each === userId)).length > 0,
    },
    registry: {
      mediaFacts: async () => world.facts,
      factsOf: async () => ({ consent: null, status: { state: "unknown" }, glasses: [] }),
      uploadFinished: async () => undefined,
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
  const app = fastify();
  app.get<{ Params: { server: string; media: string } }>("/media/:server/:media", async (request, reply) => {
    try {
      return await door.download(request, reply, request.params);
    } catch (error) {
      return reply.code(403).send({ code: error instanceof ColloqueError ? error.code : "fault" });
    }
  });
  const get = async (mxc: string, reader: string, headers = {}) => {
    const answer = await app.inject({ url: path(mxc), headers: { authorization: reader, ...headers } });
    return { status: answer.statusCode, body: answer.body, headers: answer.headers };
  };
  return { door, world, audited, asked, stops, events, get, app };
}
const has = (mxc: string, body = "bytes") =>
  homeserver.say(`GET /_matrix/client/v1/media/download/${mxc.slice("mxc://".length)}`, [
    200,
    Buffer.from(body),
  ]);

describe("a picture of another hospital", () => {
  test("is given to a member on that hospital's word, as a file that no cache keeps, and written down here too", async () => {
    const { get, asked, audited, stops } = openDoor();
    has(theirs);
    const answer = await get(theirs, martin);
    expect(answer).toMatchObject({ status: 200, body: "bytes" });
    expect(answer.headers).toMatchObject({
      "content-disposition": "attachment",
      "content-type": "application/octet-stream",
      "cache-control": "no-store",
    });
    expect(asked).toEqual([{ mxc: theirs, reader: martin, how: "view" }]);
    const { caseId, receiptId } = ids;
    expect(audited).toEqual([
      { what: "picture-read", actor: martin, caseId, receiptId, mxc: theirs, rendition: "full", how: "view" },
    ]);
    await expect.poll(() => stops.size).toBe(0);
  });

  test("is asked for as a program when one asks", async () => {
    const { get, asked, audited } = openDoor();
    has(theirs);
    await get(theirs, martin, { "x-colloque-read": "machine" });
    expect(asked).toMatchObject([{ how: "machine" }]);
    expect(audited).toMatchObject([{ how: "machine" }]);
  });

  test("is given to nobody who has left, whatever that hospital says", async () => {
    const { get, world, audited } = openDoor();
    has(theirs);
    world.members = [];
    expect(await get(theirs, martin)).toMatchObject({ status: 403, body: '{"code":"not-a-member"}' });
    expect(audited).toEqual([]);
    expect(homeserver.asked).toEqual([]);
  });

  test("is refused as that hospital refuses it", async () => {
    const { get, world } = openDoor();
    has(theirs);
    world.answer = new ColloqueError("withdrawn");
    expect(await get(theirs, martin)).toMatchObject({ status: 403, body: '{"code":"withdrawn"}' });
  });

  test("is not there where no other hospital is spoken to", async () => {
    has(theirs);
    const { get } = openDoor({ federation: undefined });
    expect(await get(theirs, martin)).toMatchObject({ status: 403, body: '{"code":"not-found"}' });
  });

  test("is cut off while it is on its way when that hospital takes it back", async () => {
    const { get, stops } = openDoor();
    const slow = Promise.withResolvers<[number, Buffer]>();
    homeserver.say("GET /_matrix/client/v1/media/download/ambreville.example/theirs", slow.promise);
    const reading = get(theirs, martin);
    await expect.poll(() => stops.size).toBe(1);
    for (const stop of stops) stop();
    expect((await reading).body).toBe('{"code":"homeserver-unreachable"}');
    slow.resolve([200, Buffer.from("late")]);
  });

  test("that is a bundle of keys is read on the way in, before one is a member", async () => {
    const { get, world, audited } = openDoor();
    has(theirs, "keys");
    world.members = [];
    world.answer = "key-bundle";
    expect(await get(theirs, martin)).toMatchObject({ status: 200, body: "keys" });
    expect(audited).toEqual([]);
  });
});

describe("a picture of ours, for another hospital's reader", () => {
  test("is theirs by the same gate as ours, written down, and without a wait", async () => {
    const { door, world, audited } = openDoor();
    expect(await door.mayHave(ours.mxc, abroad, "view")).toBe(ours);
    expect(audited).toMatchObject([{ what: "picture-read", actor: abroad, how: "view" }]);
    world.allowed = [];
    await expect(door.mayHave("mxc://valombre.example/ours", abroad, "view")).rejects.toMatchObject({
      code: "gate-refused",
    });
    world.members = [];
    await expect(door.mayHave("mxc://valombre.example/ours", abroad, "view")).rejects.toMatchObject({
      code: "not-a-member",
    });
    world.members = [abroad];
    world.allowed = [abroad];
    world.facts = { ...ours, uploaded: false };
    const begun = performance.now();
    expect(await door.mayHave("mxc://valombre.example/ours", abroad, "view")).toBeUndefined();
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  const mayLeave = (door: MediaDoor, server = "ambreville.example") =>
    door.mayLeave("mxc://valombre.example/ours", server).then(
      () => true,
      (error: unknown) => (error instanceof ColloqueError ? error.code : error),
    );

  test("leaves for a homeserver of which some reader in the room may have it", async () => {
    const { door, world } = openDoor();
    expect(await mayLeave(door)).toBe(true);
    expect(await mayLeave(door, "elsewhere.example")).toBe("not-found");
    world.members = [martin];
    expect(await mayLeave(door)).toBe("not-found");
    world.members = ["@other:ambreville.example", abroad];
    expect(await mayLeave(door)).toBe(true);
    world.allowed = [martin];
    expect(await mayLeave(door)).toBe("not-found");
  });

  test("leaves only when it is a picture whose bytes are there", async () => {
    const { door, world } = openDoor();
    world.facts = { ...ours, uploaded: false };
    expect(await mayLeave(door)).toBe("not-found");
    world.facts = { kind: "unknown" };
    expect(await mayLeave(door)).toBe("not-found");
  });

  test("leaves no more when it was removed while the members were looked up", async () => {
    const { world } = openDoor();
    let looked = 0;
    const { door } = openDoor({
      registry: {
        mediaFacts: async () => {
          looked += 1;
          return looked === 1 ? world.facts : { kind: "unknown" };
        },
        factsOf: async () => ({ consent: null, status: { state: "unknown" }, glasses: [] }),
        uploadFinished: async () => undefined,
      },
    });
    expect(await mayLeave(door)).toBe("not-found");
  });

  test("tells while it is on its way when its consent is taken back, and of no other", async () => {
    const { door, events } = openDoor();
    const listen = await door.mayLeave("mxc://valombre.example/ours", "ambreville.example");
    const stopped: string[] = [];
    const listening = listen(() => stopped.push("stop"));
    const tell = (consentId: string) =>
      events.emit("consent-withdrawn", { consentId, caseId: "", roomId, receiptIds: [] });
    tell(nonce);
    expect(stopped).toEqual([]);
    tell(ids.consentId);
    expect(stopped).toEqual(["stop"]);
    listening?.[Symbol.dispose]();
    tell(ids.consentId);
    expect(stopped).toEqual(["stop"]);
  });

  test("that is a bundle of keys leaves for its invitee's homeserver, in time", async () => {
    const { door, world } = openDoor();
    world.facts = { kind: "key-bundle", roomId, invitee: abroad, expiresAt: startMs + 1 };
    expect(await mayLeave(door)).toBe(true);
    expect(await mayLeave(door, "elsewhere.example")).toBe("not-found");
    const listen = await door.mayLeave("mxc://valombre.example/ours", "ambreville.example");
    expect(listen(() => undefined)).toBeUndefined();
    world.facts = { kind: "key-bundle", roomId, invitee: abroad, expiresAt: startMs };
    expect(await mayLeave(door)).toBe("not-found");
  });
});
