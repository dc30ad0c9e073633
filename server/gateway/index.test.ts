import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Gateway, leroy, openGateway } from "./testing/a-gateway.ts";

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway({ needs: { botState: () => "up" } });
});
afterAll(async () => gateway[Symbol.asyncDispose]());

describe("the gateway", () => {
  test("sends its headers with every answer, refusals and files too", async () => {
    for (const path of [
      "/",
      "/colloque/v1/config",
      "/_matrix/client/versions",
      "/_matrix/nothing",
      "/missing",
    ]) {
      const { headers } = await gateway.ask("GET", path);
      expect(headers["x-frame-options"], path).toBe("DENY");
      expect(headers["content-security-policy"], path).toContain("default-src 'none'");
      expect(headers, path).not.toHaveProperty("strict-transport-security");
    }
  });

  test("serves the client, and says where the homeserver is: here", async () => {
    expect((await gateway.ask("GET", "/", { headers: { accept: "text/html" } })).text).toBe(
      "<!doctype html>",
    );
    expect((await gateway.ask("GET", "/.well-known/matrix/client")).json).toEqual({
      "m.homeserver": { base_url: "http://hospital.test" },
    });
  });

  test("says how its parts are", async () => {
    const answer = await gateway.ask("GET", "/colloque/v1/health");
    expect(answer.json).toEqual({
      ok: false,
      parts: { homeserver: "down", record: "up", archive: "off", bot: "up" },
    });
    expect(answer.headers["cache-control"]).toBe("no-store");
  });

  test("asks the archive as the hospital's servers are entered, and says what stands in a server's way", async () => {
    const asked: string[] = [];
    const server = (what: "credentials-refused" | "certificate-refused", status: number) => ({
      fetch: async (input: string | URL | Request) => {
        asked.push(String(input));
        return new Response("[]", { status });
      },
      trouble: () => what,
      [Symbol.asyncDispose]: async () => undefined,
    });
    const dicomweb = "http://archive.test/dicom-web";
    await using own = await openGateway({
      directory: { recordIsUp: () => false },
      env: { COLLOQUE_DICOMWEB_URL: dicomweb },
      needs: {
        destinations: {
          record: server("credentials-refused", 200),
          archive: server("certificate-refused", 503),
          audit: undefined,
        },
      },
    });
    expect((await own.ask("GET", "/colloque/v1/health")).json).toMatchObject({
      parts: { record: "down", archive: "down" },
      why: { record: "credentials-refused", archive: "certificate-refused" },
    });
    expect(asked).toEqual([`${dicomweb}/studies?limit=1`]);
  });

  test("answers in Matrix's shape where it has no such place, and answers no HEAD", async () => {
    for (const path of ["/colloque/v1/nothing", "/_synapse/admin/v1/users"])
      expect(await gateway.ask("GET", path, { as: leroy }), path).toMatchObject({
        status: 404,
        json: { errcode: "M_NOT_FOUND", code: "not-found" },
      });
    expect((await gateway.ask("HEAD", "/colloque/v1/config")).status).toBe(404);
  });

  test("takes no body that is longer than its own interface needs, nor one that is no JSON", async () => {
    const post = (body: Buffer) =>
      gateway.ask("POST", "/colloque/v1/ready", {
        as: leroy,
        body,
        headers: { "content-type": "application/json" },
      });
    expect((await post(Buffer.from(JSON.stringify("x".repeat(256 * 1024 - 2))))).status).toBe(200);
    expect(await post(Buffer.from(JSON.stringify("x".repeat(256 * 1024 - 1))))).toMatchObject({
      status: 413,
      json: { code: "too-large" },
    });
    expect(await post(Buffer.from("{"))).toMatchObject({ status: 400, json: { code: "bad-request" } });
  });

  test("takes an address as long as a room's name may be", async () => {
    const path = (letters: number) => `/colloque/v1/cases/!${"a".repeat(letters)}/leases`;
    expect((await gateway.ask("GET", path(240), { as: leroy })).status).toBe(403);
    expect((await gateway.ask("GET", path(400), { as: leroy })).status).toBe(404);
  });

  test("is behind https where its address says so, and knows where the calls and the archive are", async () => {
    await using own = await openGateway({
      env: {
        COLLOQUE_PUBLIC_URL: "https://hospital.test",
        COLLOQUE_DICOMWEB_URL: "http://127.0.0.1:9/dicom-web",
        COLLOQUE_LIVEKIT_URL: "wss://calls.test",
        COLLOQUE_LIVEKIT_KEY: "key",
        COLLOQUE_LIVEKIT_SECRET: "secret",
      },
    });
    const { headers, json } = await own.ask("GET", "/colloque/v1/config");
    expect(headers["strict-transport-security"]).toBeDefined();
    expect(headers["content-security-policy"]).toContain(
      "connect-src 'self' wss://calls.test https://calls.test",
    );
    expect(json.archive).toBe(true);
  });

  test("lets go of its port and of the policy socket when it is stopped", async () => {
    const own = await openGateway();
    const { address } = own.hospital.now();
    await own.hospital.stop();
    await expect(fetch(address)).rejects.toThrow();
    expect(await own.hospital.homeserver.askPolicy("/news", { stream: "s", seq: 1 })).toBeUndefined();
    await own.hospital.start();
    expect((await own.ask("GET", "/colloque/v1/config")).status).toBe(200);
    await own[Symbol.asyncDispose]();
  });
});
