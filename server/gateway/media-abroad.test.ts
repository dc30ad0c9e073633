import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ColloqueError } from "#protocol/errors.ts";
import type { MediaDoor, MediaParts } from "./media.ts";
import { martin, startMs } from "./testing/a-gateway.ts";
import { nonce, openMediaDoor, openSynapse, type Synapse } from "./testing/a-media-door.ts";
import { abroad, ids, ours, roomId } from "./testing/a-picture.ts";

const theirs = "mxc://ambreville.example/theirs";
let synapse: Synapse;
beforeEach(async () => {
  synapse = await openSynapse();
});
afterEach(async () => synapse[Symbol.asyncDispose]());
const openDoor = (change: Partial<MediaParts> = {}) => openMediaDoor(synapse, change);
const has = (mxc: string, body = "bytes") =>
  synapse.homeserver.say(`GET /_matrix/client/v1/media/download/${mxc.slice("mxc://".length)}`, [
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
    expect(synapse.homeserver.asked).toEqual([]);
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
    synapse.homeserver.say("GET /_matrix/client/v1/media/download/ambreville.example/theirs", slow.promise);
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
