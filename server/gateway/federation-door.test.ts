import { createServer } from "node:http";
import { Pool } from "undici";
import { describe, expect, test } from "vitest";
import { ColloqueError } from "#protocol/errors.ts";
import type { MediaFacts } from "../consent/index.ts";
import { federationPaths } from "../federation/index.ts";
import { newPrivateJwk, signingKeyOf } from "../kit/jose.ts";
import { openLog } from "../kit/testing/a-log.ts";
import { buildDoor } from "./federation-door.ts";
import { ours } from "./testing/a-picture.ts";

const media = "/_matrix/federation/v1/media/download/abc";
const key = (await signingKeyOf(await newPrivateJwk())).publicJwk;
const from = (origin: string) => ({
  authorization: `X-Matrix origin="${origin}",destination="a.example",key="ed25519:1",sig="AAAA"`,
});
const jose = { "content-type": "application/jose" };

const bundle: Extract<MediaFacts, { kind: "key-bundle" }> = {
  kind: "key-bundle",
  roomId: "!r",
  invitee: "@b",
  expiresAt: 0,
};

/** A door before a homeserver that repeats what it is asked, and a hospital B that has leave for one picture. */
async function setUp() {
  const asked: string[] = [];
  const synapse = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      asked.push(`${request.method} ${request.url} ${Buffer.concat(chunks)}`);
      response.setHeader("content-type", "application/json");
      response.setHeader("cache-control", "public, max-age=86400");
      // Of a picture the first bytes, and no end.
      if (request.url === media) response.write("first");
      else response.end("{}");
    });
  });
  await new Promise<void>((done) => synapse.listen(0, "127.0.0.1", done));
  const address = synapse.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const dispatcher = new Pool(`http://127.0.0.1:${port}`);
  const state = {
    leave: true,
    stillLive: true,
    limited: false,
    broken: false,
    facts: bundle as Exclude<MediaFacts, { kind: "unknown" }> | undefined,
  };
  const wishes: unknown[][] = [];
  const withdrawn = new Set<() => void>();
  const limited: string[] = [];
  const { log, lines } = openLog();
  const app = buildDoor(
    {
      synapse: { dispatcher },
      serverName: "a.example",
      federation: {
        publicKey: key,
        isPeer: (name) => name === "b.example",
        hasLeave: (name, mxc) => state.leave && name === "b.example" && mxc === "mxc://a.example/abc",
        answer: async (jws, judge) => {
          if (state.broken) throw new Error("of the disk");
          return JSON.stringify([jws, await judge({ mxc: "mxc", reader: "@b", how: "view" })]);
        },
        takeBack: async (jws) => {
          if (jws !== "good") throw new ColloqueError("bad-signature");
        },
      },
      media: {
        mayHave: async (...wish) => {
          wishes.push(wish);
          return state.facts;
        },
        mayLeave: async () => {
          if (state.broken) throw new Error("of the disk");
          if (!state.stillLive) throw new ColloqueError("not-found");
          return (stop) => {
            withdrawn.add(stop);
            return { [Symbol.dispose]: () => void withdrawn.delete(stop) };
          };
        },
      },
      limit: (key) => {
        limited.push(key);
        if (state.limited) throw new ColloqueError("too-many", { details: { retryAfterMs: 1 } });
      },
      log,
    },
    null,
  );
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  return {
    app,
    url,
    asked,
    wishes,
    state,
    withdrawn,
    limited,
    lines,
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await dispatcher.destroy();
      synapse.closeAllConnections();
      synapse.close();
    },
  };
}

describe("the door for other hospitals", () => {
  test("passes on what is listed of a hospital of the allow-list, as it was sent, and its answer without a cache's life", async () => {
    await using at = await setUp();
    const path = "/_matrix/federation/v1/send/1?x=%2F";
    const answer = await at.app.inject({
      method: "PUT",
      url: path,
      headers: { ...from("b.example"), "content-type": "application/json" },
      payload: '{"pdus":[]}',
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(at.asked).toEqual([`PUT ${path} {"pdus":[]}`]);
  });

  test("refuses what is not listed, who is not of the list and who says nothing, in Matrix's two members", async () => {
    await using at = await setUp();
    const tries = [
      ["/_matrix/federation/v1/publicRooms", from("b.example")],
      ["/_matrix/client/v3/sync", from("b.example")],
      ["/_matrix/federation/v1/backfill/!r", from("c.example")],
      ["/_matrix/federation/v1/backfill/!r", {}],
      [media, {}],
    ] as const;
    for (const [url, headers] of tries) {
      const answer = await at.app.inject({ url, headers });
      expect(answer.statusCode, url).toBe(403);
      expect(Object.keys(answer.json()).sort()).toEqual(["errcode", "error"]);
    }
    expect(at.asked).toEqual([]);
    const everybody = await at.app.inject({ url: "/_matrix/key/v2/server" });
    expect(everybody.statusCode).toBe(200);
  });

  test("refuses a body that is longer than its rule allows", async () => {
    await using at = await setUp();
    const url = "/_matrix/federation/v2/invite/!r/$e";
    const send = (length: number) =>
      at.app.inject({ method: "PUT", url, headers: from("b.example"), payload: "x".repeat(length) });
    expect((await send(1024 * 1024 + 1)).statusCode).toBe(413);
    expect((await send(1024 * 1024)).statusCode).toBe(200);
  });

  test("gives bytes only after a yes to that hospital's gateway, and while it still holds", async () => {
    await using at = await setUp();
    const ask = () => at.app.inject({ url: media, headers: from("b.example") });
    at.state.leave = false;
    expect((await ask()).statusCode).toBe(404);
    at.state.leave = true;
    at.state.stillLive = false;
    expect((await ask()).statusCode).toBe(404);
    expect(at.asked).toEqual([]);
  });

  test("cuts bytes that are on their way when the consent is taken back", async () => {
    await using at = await setUp();
    const answer = await fetch(`${at.url}${media}`, { headers: from("b.example") });
    expect(answer.status).toBe(200);
    const reader = answer.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("first");
    expect(at.withdrawn.size).toBe(1);
    for (const stop of at.withdrawn) stop();
    await expect(reader?.read()).rejects.toThrow();
    await expect.poll(() => at.withdrawn.size).toBe(0);
  });

  test("answers another gateway's question, takes its withdrawal, and shows our key", async () => {
    await using at = await setUp();
    const post = (url: string, payload: string, headers: Record<string, string> = jose) =>
      at.app.inject({ method: "POST", url, headers, payload });
    const answer = await post(federationPaths.question, "asked");
    expect(answer.json()).toEqual(["asked", { grants: "key-bundle" }]);
    expect(answer.headers).toMatchObject({
      "content-type": "application/jose",
      "cache-control": "no-store",
    });
    expect((await post(federationPaths.revocation, "good")).statusCode).toBe(200);
    expect((await post(federationPaths.revocation, "forged")).statusCode).toBe(403);
    expect(
      (await post(federationPaths.question, "{}", { "content-type": "application/json" })).statusCode,
    ).toBe(400);
    expect((await at.app.inject({ url: federationPaths.key })).json()).toEqual({ key });
  });

  test("answers what the gate says of a picture, in ids alone, and nothing of one that is still on its way", async () => {
    await using at = await setUp();
    const ask = async () =>
      at.app.inject({ method: "POST", url: federationPaths.question, headers: jose, payload: "asked" });
    at.state.facts = ours;
    const { roomId, caseId, rendition, receipt } = ours;
    const { consentId, receiptId } = receipt;
    expect((await ask()).json()).toEqual([
      "asked",
      { grants: "picture", roomId, caseId, consentId, receiptId, rendition },
    ]);
    expect(at.wishes).toEqual([["mxc", "@b", "view"]]);
    at.state.facts = undefined;
    expect((await ask()).statusCode).toBe(404);
  });

  test("refuses in Matrix's two members also when it is ours that fails", async () => {
    await using at = await setUp();
    at.state.broken = true;
    const answer = await at.app.inject({ url: media, headers: from("b.example") });
    expect(answer.statusCode).toBe(500);
    expect(Object.keys(answer.json()).sort()).toEqual(["errcode", "error"]);
    expect(at.lines).toEqual([["error", "a request of another hospital failed", { error: "Error" }]]);
  });

  test("answers no HEAD", async () => {
    await using at = await setUp();
    expect((await at.app.inject({ method: "HEAD", url: federationPaths.key })).statusCode).toBe(404);
  });

  test("takes a body whose length is told, and passes on none where there is none", async () => {
    await using at = await setUp();
    const url = "/_matrix/federation/v1/user/keys/query";
    const send = (headers: object, payload?: string) =>
      at.app.inject({
        method: "POST",
        url,
        headers: { ...from("b.example"), ...headers },
        ...(payload === undefined ? {} : { payload }),
      });
    expect((await send({}, "{}")).statusCode).toBe(200);
    expect((await send({})).statusCode).toBe(200);
    expect((await send({ "content-length": "many" })).statusCode).not.toBe(200);
    expect(at.asked).toEqual([`POST ${url} {}`, `POST ${url} `]);
  });

  test("says a fault of ours in no words of its own, and is closed to who asks too much", async () => {
    await using at = await setUp();
    const ask = () =>
      at.app.inject({ method: "POST", url: federationPaths.question, headers: jose, payload: "asked" });
    at.state.broken = true;
    const fault = await ask();
    expect(fault.statusCode).toBe(500);
    expect(fault.body).not.toContain("disk");
    expect(at.lines).toEqual([["error", "a request of another hospital failed", { error: "Error" }]]);
    at.state.broken = false;
    expect((await ask()).statusCode).toBe(200);
    at.state.limited = true;
    expect((await ask()).statusCode).toBe(429);
    expect(at.limited).toEqual(["127.0.0.1", "127.0.0.1", "127.0.0.1"]);
    expect(at.lines).toHaveLength(1);
  });
});
