import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Gateway,
  haddad,
  leroy,
  martin,
  openCase,
  openGateway,
  picture,
  startMs,
} from "./testing/a-gateway.ts";

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(async () => gateway[Symbol.asyncDispose]());

const refused = (status: number, code: string, more: object = {}) => ({
  status,
  json: expect.objectContaining({ code, ...more }),
});
const fresh = () => openCase(gateway);
/** A picture whose bytes are in the homeserver, and no longer in the gateway's memory. */
const stored = async () => {
  const opened = await fresh();
  const permit = await opened.permit();
  await opened.upload(permit.path);
  gateway.now.ms += 21_000;
  return { ...opened, ...permit };
};

describe("an upload", () => {
  test("comes in where a permit says, whole, and no cache keeps the answer", async () => {
    const { permit, upload } = await fresh();
    const { path, mxc } = await permit();
    const answer = await upload(path);
    expect(answer).toMatchObject({ status: 200, json: {} });
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(gateway.hospital.homeserver.media.get(mxc)?.bytes?.equals(picture)).toBe(true);
    const sent = gateway.hospital.homeserver.asked.at(-1);
    expect(sent).toMatchObject({ method: "PUT", url: `/_matrix/media/v3/upload/${path}` });
    expect(sent?.headers).toMatchObject({
      "content-type": "application/octet-stream",
      "content-length": String(picture.length),
    });
    expect(await gateway.audited("upload-finished")).toContainEqual({
      actor: leroy,
      mxc,
      bytes: picture.length,
    });
  });

  test("is the permit holder's alone, at an address that was reserved", async () => {
    const { permit, upload } = await fresh();
    const { path } = await permit();
    expect(await upload(path, picture, martin)).toMatchObject(refused(403, "not-allowed"));
    expect(await upload("valombre.example/unknown")).toMatchObject(refused(403, "not-allowed"));
    expect(await upload("valombre.example/no%20id")).toMatchObject(refused(404, "not-found"));
    expect(await upload(path)).toMatchObject({ status: 200 });
  });

  test("needs a token", async () => {
    const { permit, ask } = await fresh();
    const { path } = await permit();
    const answer = await ask("PUT", `/_matrix/media/v3/upload/${path}`, { body: picture });
    expect(answer).toMatchObject(refused(401, "not-signed-in"));
  });

  test("of a length, or of bytes, that were not announced never reaches the homeserver", async () => {
    const { permit, upload } = await fresh();
    const { path, mxc } = await permit();
    const longer = Buffer.concat([picture, Buffer.from("!")]);
    expect(await upload(path, longer)).toMatchObject(refused(403, "hash-mismatch", { why: "length" }));
    const other = Buffer.from(picture);
    other[0] = 0;
    expect(await upload(path, other)).toMatchObject(refused(403, "hash-mismatch", { why: "hash" }));
    expect(gateway.hospital.homeserver.asked.filter((each) => each.url.endsWith(path))).toEqual([]);
    const noted = (await gateway.audited("upload-refused")).filter((each) => each.mxc === mxc);
    expect(noted).toEqual([
      { actor: leroy, mxc, reason: "length" },
      { actor: leroy, mxc, reason: "hash-mismatch" },
    ]);
    expect(await upload(path)).toMatchObject({ status: 200 });
    expect(gateway.hospital.homeserver.asked.filter((each) => each.url.endsWith(path))).toHaveLength(1);
  });

  test("larger than any may be is refused as that", async () => {
    const { permit, ask } = await fresh();
    const { path } = await permit();
    const body = Buffer.alloc(40 * 1024 * 1024 + 1);
    const answer = await ask("PUT", `/_matrix/media/v3/upload/${path}`, { as: leroy, body });
    expect(answer).toMatchObject(refused(413, "too-large"));
  });

  test("after the withdrawal is refused", async () => {
    const { permit, upload, withdraw } = await fresh();
    const { path } = await permit();
    await withdraw();
    expect(await upload(path)).toMatchObject(refused(410, "withdrawn"));
  });

  test("is answered again as it was when the first answer was lost, wherever that was", async () => {
    const { permit, upload } = await fresh();
    const { homeserver } = gateway.hospital;
    const first = await permit();
    await upload(first.path);
    const times = homeserver.asked.length;
    expect(await upload(first.path)).toMatchObject({ status: 200, json: {} });
    expect(homeserver.asked).toHaveLength(times);
    // The homeserver has them, the gateway went down before it could note so.
    const second = await permit();
    homeserver.say(`PUT /_matrix/media/v3/upload/${second.path}`, [
      409,
      { errcode: "M_CANNOT_OVERWRITE_MEDIA" },
    ]);
    expect(await upload(second.path)).toMatchObject({ status: 200, json: {} });
  });

  test("that the homeserver refuses is answered in its words, and is not there", async () => {
    const { permit, upload, download } = await fresh();
    const { path } = await permit();
    gateway.hospital.homeserver.say(`PUT /_matrix/media/v3/upload/${path}`, [500, { errcode: "M_UNKNOWN" }]);
    expect(await upload(path)).toMatchObject({ status: 500, json: { errcode: "M_UNKNOWN" } });
    gateway.now.ms += 21_000;
    expect(await download(path, martin)).toMatchObject({ status: 504 });
  });
});

describe("a download", () => {
  test("is given to who is in the room and covered, as a file that no cache keeps", async () => {
    const { download, path, mxc, receiptId } = await stored();
    const answer = await download(path, martin);
    expect(answer).toMatchObject({ status: 200, text: picture.toString() });
    expect(answer.headers).toMatchObject({
      "content-type": "application/octet-stream",
      "content-disposition": "attachment",
      "cache-control": "no-store",
    });
    const read = (await gateway.audited("picture-read")).filter((each) => each.mxc === mxc);
    expect(read).toEqual([{ actor: martin, receiptId, mxc, rendition: "full", how: "view" }]);
  });

  test("just after the upload is given from memory, under the same gate", async () => {
    const { permit, upload, download } = await fresh();
    const { path } = await permit();
    await upload(path);
    const times = gateway.hospital.homeserver.asked.length;
    const answer = await download(path, martin);
    expect(answer).toMatchObject({ status: 200, text: picture.toString() });
    expect(answer.headers).toMatchObject({
      "content-disposition": "attachment",
      "cache-control": "no-store",
    });
    expect(gateway.hospital.homeserver.asked).toHaveLength(times);
    expect(await download(path, haddad)).toMatchObject(refused(403, "not-a-member"));
  });

  test("by a program is told from a person's view", async () => {
    const { download, path, mxc } = await stored();
    await download(path, martin, "", { "x-colloque-read": "machine" });
    await download(path, martin, "", { "x-colloque-read": "anything" });
    const read = (await gateway.audited("picture-read")).filter((each) => each.mxc === mxc);
    expect(read.map((each) => each.how)).toEqual(["machine", "view"]);
  });

  test("needs a token, and an address that is one", async () => {
    const { ask, download, path } = await stored();
    const answer = await ask("GET", `/_matrix/client/v1/media/download/${path}`);
    expect(answer).toMatchObject(refused(401, "not-signed-in"));
    expect(await download("valombre.example/unknown", martin)).toMatchObject(refused(404, "not-found"));
    expect(await download("valombre.example/no%20id", martin)).toMatchObject(refused(404, "not-found"));
  });

  test("is refused to who knows the address and is not in the room, and written down", async () => {
    const { download, path, mxc } = await stored();
    expect(await download(path, haddad)).toMatchObject(refused(403, "not-a-member"));
    expect(await gateway.audited("disclosure-refused")).toContainEqual({
      actor: haddad,
      what: mxc,
      reason: "not-a-member",
    });
  });

  test("is refused to who is in the room and not covered, with the reason, and written down", async () => {
    const { download, path, mxc, roomId } = await stored();
    await gateway.hospital.homeserver.force(haddad, roomId);
    const reason = "audience-not-covered";
    expect(await download(path, haddad)).toMatchObject(refused(403, "gate-refused", { reason }));
    expect(await gateway.audited("disclosure-refused")).toContainEqual({ actor: haddad, what: mxc, reason });
  });

  test("is refused to everybody after the withdrawal, as that", async () => {
    const { download, path, withdraw } = await stored();
    await withdraw();
    for (const reader of [martin, leroy])
      expect(await download(path, reader)).toMatchObject(refused(410, "withdrawn", { reason: "withdrawn" }));
  });

  test("that the homeserver has lost is not there", async () => {
    const { download, path } = await stored();
    gateway.hospital.homeserver.say(`GET /_matrix/client/v1/media/download/${path}`, [
      404,
      { errcode: "M_NOT_FOUND", error: "in its own words" },
    ]);
    const answer = await download(path, martin);
    expect(answer).toMatchObject(refused(404, "not-found"));
    expect(answer.text).not.toContain("in its own words");
  });

  test("waits for bytes that are on their way, and no longer than it says", async () => {
    const { permit, upload, download } = await fresh();
    const first = await permit();
    const late = await download(first.path, martin, "?timeout_ms=30");
    expect(late).toMatchObject({ status: 504, json: { errcode: "M_NOT_YET_UPLOADED" } });
    expect(late.headers["cache-control"]).toBe("no-store");
    for (const query of ["", "?timeout_ms=5000", "?timeout_ms=soon"]) {
      const { path } = await permit();
      const waiting = download(path, martin, query);
      await new Promise((passed) => setTimeout(passed, 60));
      await upload(path);
      expect(await waiting, query).toMatchObject({ status: 200, text: picture.toString() });
    }
    const unwilling = await download((await permit()).path, martin, "?timeout_ms=-5");
    expect(unwilling.status).toBe(504);
  });

  test("that waited is refused when the consent was withdrawn meanwhile", async () => {
    const { permit, download, withdraw } = await fresh();
    const { path, mxc } = await permit();
    const waiting = download(path, martin, "?timeout_ms=400");
    await new Promise((passed) => setTimeout(passed, 60));
    await withdraw();
    gateway.hospital.now().events.emit("media-uploaded", { mxc });
    expect((await waiting).status).not.toBe(200);
  });

  test("on its way is broken off when the consent is withdrawn, and not when another one is", async () => {
    const ends: ((answer: [number, Buffer]) => void)[] = [];
    const slow = await stored();
    const { homeserver } = gateway.hospital;
    const answering = new Promise<[number, Buffer]>((resolve) => ends.push(resolve));
    homeserver.say(`GET /_matrix/client/v1/media/download/${slow.path}`, answering);
    const other = await stored();
    const reading = slow.download(slow.path, martin).catch(() => ({ status: 0 }));
    await new Promise((passed) => setTimeout(passed, 60));
    await other.withdraw();
    const stillReading = await Promise.race([
      reading,
      new Promise((passed) => setTimeout(passed, 60, "still")),
    ]);
    expect(stillReading).toBe("still");
    await slow.withdraw();
    expect((await reading).status).not.toBe(200);
    for (const end of ends) end([200, picture]);
  });
});

describe("a bundle of keys", () => {
  test("is read by its invitee, in time, and by nobody else", async () => {
    const { download } = await fresh();
    const { registry } = gateway.hospital.now();
    const mxc = "mxc://valombre.example/bundle";
    await registry.bindTicket(await registry.openTicket("!r", martin), mxc);
    gateway.hospital.homeserver.say("GET /_matrix/client/v1/media/download/valombre.example/bundle", [
      200,
      Buffer.from("keys"),
    ]);
    expect(await download("valombre.example/bundle", leroy)).toMatchObject(refused(404, "not-found"));
    expect(await download("valombre.example/bundle", martin)).toMatchObject({ status: 200, text: "keys" });
    expect(await gateway.audited("key-bundle-read")).toEqual([{ actor: martin, mxc }]);
    gateway.now.ms += 24 * 3600_000;
    expect(await download("valombre.example/bundle", martin)).toMatchObject(refused(404, "not-found"));
    gateway.now.ms = startMs;
  });
});
