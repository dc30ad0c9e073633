import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { fastify } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clientFiles } from "./client-files.ts";

const folder = mkdtempSync(join(tmpdir(), "client-"));
const outside = join(folder, "outside.txt");
const dist = join(folder, "dist");
const page = "<!doctype html><title>Colloque</title>";
const script = "const a = 1;\n".repeat(100);

const app = fastify();
let origin = "";
beforeAll(async () => {
  for (const each of ["assets", "p/assets"]) mkdirSync(join(dist, each), { recursive: true });
  const put = (name: string, text: string) => writeFileSync(join(dist, name), text);
  writeFileSync(outside, "secret");
  put("index.html", page);
  put("sw.js", "// worker");
  put("p/index.html", "<!doctype html><title>Patient</title>");
  put("assets/app-abcd1234.js", script);
  put("assets/plain.js", script);
  put("assets/app-abcd1234.min.js", script);
  put("p/assets/page-abcd1234.js", script);
  put("assets/back\\slash.txt", "not by a name that is a way elsewhere");
  put("assets/short-abcd1234.css", "a{}");
  put("assets/photo-abcd1234.png", script);
  for (const each of ["css", "json", "webmanifest", "wasm", "svg", "txt", "html"])
    put(`assets/large.${each}`, script);
  for (const each of ["jpg", "webp", "ico", "woff2", "bin"]) put(`assets/large.${each}`, script);
  put("assets/at-the-limit.js", "x".repeat(512));
  put("assets/past-the-limit.js", "x".repeat(513));
  app.register(clientFiles(dist));
  origin = await app.listen({ host: "127.0.0.1", port: 0 });
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

/** The path as it is, without a browser's tidying. */
function get(path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>(
    (resolve, reject) => {
      request(origin, { path, headers }, (answer) => {
        const pieces: Buffer[] = [];
        answer.on("data", (piece: Buffer) => pieces.push(piece));
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces) }),
        );
      })
        .on("error", reject)
        .end();
    },
  );
}
const textOf = async (path: string, headers = {}) => String((await get(path, headers)).body);

describe("the client's files", () => {
  test("with a hash in their name are kept for ever, all others asked for anew", async () => {
    const forever = "public, max-age=31536000, immutable";
    for (const [path, life] of [
      ["/assets/app-abcd1234.js", forever],
      ["/assets/photo-abcd1234.png", forever],
      ["/assets/plain.js", "no-cache"],
      ["/assets/app-abcd1234.min.js", "no-cache"],
      ["/p/assets/page-abcd1234.js", "no-cache"],
      ["/sw.js", "no-cache"],
      ["/", "no-cache"],
    ] as const)
      expect((await get(path)).headers, path).toMatchObject({
        "cache-control": life,
        vary: "accept-encoding",
      });
  });

  test.each([
    ["/index.html", "text/html; charset=utf-8"],
    ["/assets/plain.js", "text/javascript; charset=utf-8"],
    ["/assets/large.css", "text/css; charset=utf-8"],
    ["/assets/large.json", "application/json; charset=utf-8"],
    ["/assets/large.webmanifest", "application/manifest+json; charset=utf-8"],
    ["/assets/large.wasm", "application/wasm"],
    ["/assets/large.svg", "image/svg+xml"],
    ["/assets/photo-abcd1234.png", "image/png"],
    ["/assets/large.jpg", "image/jpeg"],
    ["/assets/large.webp", "image/webp"],
    ["/assets/large.ico", "image/x-icon"],
    ["/assets/large.woff2", "font/woff2"],
    ["/assets/large.txt", "text/plain; charset=utf-8"],
    ["/assets/large.bin", "application/octet-stream"],
  ])("say what they are: %s is %s", async (path, type) => {
    expect((await get(path)).headers["content-type"]).toBe(type);
  });

  test.each<[string, string | undefined, string | undefined]>([
    ["/assets/plain.js", "gzip, deflate, br", "br"],
    ["/assets/plain.js", "gzip;q=0.8", "gzip"],
    ["/assets/plain.js", "deflate , br;q=1.0", "br"],
    ["/assets/plain.js", "deflate", undefined],
    ["/assets/plain.js", undefined, undefined],
    ["/assets/past-the-limit.js", "br", "br"],
    ["/assets/at-the-limit.js", "br", undefined],
    ["/assets/at-the-limit.js", "gzip", undefined],
    ...["html", "css", "json", "webmanifest", "wasm", "svg", "txt"].map((each): [string, string, string] => [
      `/assets/large.${each}`,
      "br",
      "br",
    ]),
    ...["jpg", "webp", "ico", "woff2", "bin"].map((each): [string, string, undefined] => [
      `/assets/large.${each}`,
      "br",
      undefined,
    ]),
  ])("travel small where that is worth it: %s to who takes %s goes as %s", async (path, accepted, coding) => {
    const plain = await get(path);
    const answer = await get(path, accepted === undefined ? {} : { "accept-encoding": accepted });
    expect(answer.headers["content-encoding"]).toBe(coding);
    const body =
      coding === "br"
        ? brotliDecompressSync(answer.body)
        : coding === "gzip"
          ? gunzipSync(answer.body)
          : answer.body;
    expect(body.equals(plain.body)).toBe(true);
  });

  test("that were built anew are noticed by their time or their size, and not before", async () => {
    const path = join(dist, "assets", "built.js");
    writeFileSync(path, "one");
    utimesSync(path, 1000, 1000);
    expect(await textOf("/assets/built.js")).toBe("one");
    writeFileSync(path, "two");
    utimesSync(path, 1000, 1000);
    expect(await textOf("/assets/built.js")).toBe("one");
    utimesSync(path, 2000, 2000);
    expect(await textOf("/assets/built.js")).toBe("two");
    writeFileSync(path, "three");
    utimesSync(path, 2000, 2000);
    expect(await textOf("/assets/built.js")).toBe("three");
  });

  test.each([
    "/../outside.txt",
    "/assets/../../outside.txt",
    "/%2e%2e/outside.txt",
    "/..%2foutside.txt",
    "/assets/..%5c..%5coutside.txt",
    "/assets/back%5cslash.txt",
    "/assets/%00",
    "/assets/x#%zz",
    "/assets",
    "/assets/missing.js",
  ])("are those of the folder: %s is not there", async (path) => {
    const answer = await get(path, { accept: "text/html" });
    expect(answer.status).toBe(404);
    expect(String(answer.body)).toContain("M_NOT_FOUND");
    expect(String(answer.body)).not.toContain("secret");
  });
});

describe("the client's page", () => {
  const html = { accept: "text/html,application/xhtml+xml" };

  test.each(["/", "/cases/7f1f9a52", "/assetsy", "/pictures", "/cases/p"])(
    "is what a person gets at %s",
    async (path) => {
      const answer = await get(path, html);
      expect(answer.status).toBe(200);
      expect(String(answer.body)).toBe(page);
      expect(answer.headers["cache-control"]).toBe("no-cache");
    },
  );

  test("is at its root for whoever asks, also with a query, and elsewhere for who takes pages", async () => {
    expect(await textOf("/")).toBe(page);
    expect(await textOf("/?source=pwa")).toBe(page);
    expect((await get("/cases/7f1f9a52")).status).toBe(404);
    expect((await get("/cases/7f1f9a52", { accept: "image/png" })).status).toBe(404);
  });

  test.each([
    "/assets/x",
    "/p/x",
    "/colloque",
    "/colloque/v1/x",
    "/_matrix/x",
    "/_synapse/admin",
    "/.well-known/x",
  ])("is not what a person gets at %s", async (path) => {
    expect((await get(path, html)).status).toBe(404);
  });

  test("is told to be missing when nothing was built", async () => {
    const empty = fastify();
    empty.register(clientFiles(join(folder, "nothing")));
    const answer = await empty.inject({ url: "/" });
    expect(answer.statusCode).toBe(503);
    expect(answer.headers["content-type"]).toContain("text/plain");
    expect(answer.body).toBe("The Colloque client has not been built: run npm run build.");
  });
});

describe("the patient's page", () => {
  test("is found at its short address, under a policy of its own", async () => {
    const redirect = await get("/p");
    expect(redirect).toMatchObject({ status: 302, headers: { location: "/p/" } });
    const answer = await get("/p/");
    expect(String(answer.body)).toContain("Patient");
    expect(answer.headers["content-security-policy"]).toContain("script-src 'self';");
    expect(answer.headers["x-robots-tag"]).toContain("noindex");
    expect((await get("/")).headers["x-robots-tag"]).toBeUndefined();
  });
});
