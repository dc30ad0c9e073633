import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { maxUploadBytes } from "#protocol/api.ts";
import { martin } from "./testing/a-gateway.ts";
import { openMediaDoor, openSynapse, type Synapse } from "./testing/a-media-door.ts";
import { ours } from "./testing/a-picture.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const bytes = Buffer.from("ciphertext");
const waiting = { ...ours, uploaded: false, bytes: bytes.length, sha256: sha256(bytes) };

let synapse: Synapse;
beforeEach(async () => {
  synapse = await openSynapse();
});
afterEach(async () => synapse[Symbol.asyncDispose]());
const openDoor = () => {
  const door = openMediaDoor(synapse);
  door.world.facts = waiting;
  synapse.homeserver.say("PUT /_matrix/media/v3/upload/valombre.example/ours", [200, {}]);
  return door;
};

describe("an upload", () => {
  test("is handed on, noted and told, in that it was whole", async () => {
    const { put, finished, audited } = openDoor();
    const answer = await put(ours.mxc, bytes);
    expect(answer).toMatchObject({ status: 200, body: "{}", headers: { "cache-control": "no-store" } });
    expect(finished).toEqual([ours.mxc]);
    expect(audited).toEqual([
      {
        what: "upload-finished",
        actor: ours.uploader,
        caseId: ours.caseId,
        mxc: ours.mxc,
        bytes: bytes.length,
      },
    ]);
  });

  test("of the largest size there is comes in, and one byte more does not", async () => {
    const { put, world } = openDoor();
    const largest = Buffer.alloc(maxUploadBytes);
    world.facts = { ...waiting, bytes: largest.length, sha256: sha256(largest) };
    expect(await put(ours.mxc, largest)).toMatchObject({ status: 200 });
    const larger = Buffer.alloc(maxUploadBytes + 1);
    world.facts = { ...waiting, bytes: larger.length, sha256: sha256(larger) };
    expect((await put(ours.mxc, larger)).body).toBe('{"code":"too-large"}');
  });

  test("under a consent that is withdrawn never reaches the homeserver", async () => {
    const { put, world } = openDoor();
    world.facts = { ...waiting, status: { state: "withdrawn", untilMs: 0 } };
    expect((await put(ours.mxc, bytes)).body).toBe('{"code":"withdrawn"}');
    expect(synapse.homeserver.asked).toEqual([]);
    world.facts = { ...waiting, status: { state: "unknown" } };
    expect((await put(ours.mxc, bytes)).body).toBe('{"code":"withdrawn"}');
  });

  test("whose consent is withdrawn while it comes in is refused at its end, and that is written down", async () => {
    const { put, world, audited, finished } = openDoor();
    world.live = false;
    expect((await put(ours.mxc, bytes)).body).toBe('{"code":"withdrawn"}');
    expect(audited).toEqual([
      { what: "upload-refused", actor: ours.uploader, mxc: ours.mxc, reason: "withdrawn" },
    ]);
    expect(finished).toEqual([]);
    expect(synapse.homeserver.asked).toEqual([]);
  });

  test("that the homeserver does not take is no refusal of ours, and nothing is noted as come in", async () => {
    const { put, audited, finished } = openDoor();
    await synapse.homeserver[Symbol.asyncDispose]();
    expect((await put(ours.mxc, bytes)).body).toBe('{"code":"homeserver-unreachable"}');
    expect(audited.filter((each) => "reason" in each)).toEqual([]);
    expect(finished).toEqual([]);
  });

  test("that was there already is answered as done, with no cache's life", async () => {
    const { put, world, finished } = openDoor();
    world.facts = { ...waiting, uploaded: true };
    const answer = await put(ours.mxc, bytes);
    expect(answer).toMatchObject({ status: 200, body: "{}", headers: { "cache-control": "no-store" } });
    expect(synapse.homeserver.asked).toEqual([]);
    expect(finished).toEqual([]);
  });
});

describe("a reader who waits", () => {
  const read = (door: ReturnType<typeof openDoor>, query: string) => door.get(ours.mxc, martin, {}, query);

  test("is given the bytes as soon as they are whole, before the homeserver has them", async () => {
    const door = openDoor();
    const slow = Promise.withResolvers<[number, object]>();
    synapse.homeserver.say("PUT /_matrix/media/v3/upload/valombre.example/ours", slow.promise);
    const reading = read(door, "?timeout_ms=10000");
    const sending = door.put(ours.mxc, bytes);
    expect(await reading).toMatchObject({ status: 200, body: "ciphertext" });
    slow.resolve([200, {}]);
    expect((await sending).status).toBe(200);
  });

  test("is woken by the word that they came in another way, and not by that of another picture", async () => {
    const door = openDoor();
    synapse.homeserver.say("GET /_matrix/client/v1/media/download/valombre.example/ours", [200, bytes]);
    const begun = performance.now();
    const reading = read(door, "?timeout_ms=4000");
    await new Promise((passed) => setTimeout(passed, 50));
    door.events.emit("media-uploaded", { mxc: "mxc://valombre.example/another" });
    const still = await Promise.race([reading, new Promise((passed) => setTimeout(passed, 50, "still"))]);
    expect(still).toBe("still");
    door.world.facts = { ...waiting, uploaded: true };
    door.events.emit("media-uploaded", { mxc: ours.mxc });
    expect(await reading).toMatchObject({ status: 200, body: "ciphertext" });
    expect(performance.now() - begun).toBeLessThan(3_000);
  });

  test("does not wait when they came in between two looks, nor longer than it says", async () => {
    const door = openDoor();
    synapse.homeserver.say("GET /_matrix/client/v1/media/download/valombre.example/ours", [200, bytes]);
    const begun = performance.now();
    expect((await read(door, "?timeout_ms=0")).status).toBe(504);
    expect((await read(door, "?timeout_ms=-1")).status).toBe(504);
    expect(JSON.parse((await read(door, "?timeout_ms=10")).body)).toEqual({
      errcode: "M_NOT_YET_UPLOADED",
      error: "The picture is still on its way.",
    });
    let looks = 0;
    const late = openMediaDoor(synapse, {
      registry: {
        mediaFacts: async () => {
          looks += 1;
          return looks < 3 ? waiting : { ...waiting, uploaded: true };
        },
        factsOf: async () => ({ consent: null, status: { state: "unknown" }, glasses: [] }),
        uploadFinished: async () => undefined,
      },
    });
    expect(await late.get(ours.mxc, martin, {}, "?timeout_ms=4000")).toMatchObject({ status: 200 });
    expect(performance.now() - begun).toBeLessThan(3_000);
  });

  test("is asked for again by the gate once they came in", async () => {
    const door = openDoor();
    const reading = read(door, "?timeout_ms=4000");
    await new Promise((passed) => setTimeout(passed, 50));
    door.world.allowed = [];
    await door.put(ours.mxc, bytes);
    expect((await reading).body).toBe('{"code":"gate-refused"}');
  });

  test("is told that it is not there when it was removed meanwhile", async () => {
    const door = openDoor();
    const reading = read(door, "?timeout_ms=100");
    await new Promise((passed) => setTimeout(passed, 30));
    door.world.facts = { kind: "unknown" };
    expect((await reading).status).toBe(504);
    expect((await read(door, "")).body).toBe('{"code":"not-found"}');
  });
});
