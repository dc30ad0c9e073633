import { readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ColloqueError } from "#protocol/errors.ts";
import { patientPageHeaders } from "./headers.ts";
import { refuse } from "./proxy.ts";

/** The built client. Files with a hash in their name never change; everything else is asked for anew each time. */
const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json; charset=utf-8",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};
const compressible = new Set([".html", ".js", ".css", ".json", ".webmanifest", ".wasm", ".svg", ".txt"]);
const hashed = /^\/assets\/.+-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;

type Coding = "br" | "gzip" | "identity";
type Loaded = {
  readonly version: string;
  readonly type: string;
  readonly bodies: Readonly<Record<Coding, () => Promise<Buffer>>>;
};

const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);

/** Called once however often, the first time that it is needed. */
function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

async function load(path: string, version: string): Promise<Loaded> {
  const plain = await readFile(path);
  const extension = extname(path);
  const worth = compressible.has(extension) && plain.length > 512;
  const identity = async () => plain;
  return {
    version,
    type: types[extension] ?? "application/octet-stream",
    bodies: {
      identity,
      gzip: worth ? lazily(() => gzipped(plain)) : identity,
      // 6 takes 0.3 s for the crypto module; 11 takes 20 s and saves a tenth more.
      br: worth
        ? lazily(() =>
            brotli(plain, {
              params: {
                [constants.BROTLI_PARAM_QUALITY]: 6,
                [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
              },
            }),
          )
        : identity,
    },
  };
}

/** Keeps files in memory, compressed once; a rebuilt file is noticed by its time and size. */
function fileCache(folder: string) {
  const known = new Map<string, Promise<Loaded>>();
  return async (urlPath: string): Promise<Loaded | undefined> => {
    const path = join(folder, urlPath);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() !== true) return undefined;
    const version = `${path} ${found.mtimeMs} ${found.size}`;
    let loading = known.get(urlPath);
    if (loading === undefined || (await loading).version !== version) {
      loading = load(path, version);
      known.set(urlPath, loading);
    }
    return loading;
  };
}

/** Serves the client's files, and its page for every address that is a screen of it. */
export function clientFiles(folder: string) {
  const find = fileCache(folder);

  async function serve(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const path = pathOf(request);
    const asked =
      path === undefined || path === "/" ? undefined : await find(path === "/p/" ? "/p/index.html" : path);
    if (asked === undefined && !isScreen(path, request.headers.accept))
      return refuse(reply, new ColloqueError("not-found"));
    const file = asked ?? (await find("/index.html"));
    if (file === undefined)
      return reply
        .code(503)
        .type("text/plain")
        .send("The Colloque client has not been built: run npm run build.");
    const immutable = asked !== undefined && hashed.test(path ?? "");
    const coding = codingOf(request.headers["accept-encoding"]);
    const body = await file.bodies[coding]();
    const isPlain = body === (await file.bodies.identity());
    if (!isPlain) reply.header("content-encoding", coding);
    return reply
      .type(file.type)
      .header("vary", "accept-encoding")
      .header("cache-control", immutable ? "public, max-age=31536000, immutable" : "no-cache")
      .send(body);
  }

  return async (app: FastifyInstance): Promise<void> => {
    app.get("/*", serve);
    // The patient's page: small, and under a policy of its own that allows less.
    app.get("/p", (_request, reply) => reply.redirect("/p/"));
    app.get("/p/*", (request, reply) => serve(request, reply.headers(patientPageHeaders)));
  };
}

/**
 * A person who goes to an address of the client gets the page; a script or picture that is missing is missing. The root is the page
 * for whoever asks: the service worker fetches it to keep it, and does not say what it takes.
 */
const isScreen = (path: string | undefined, accept: string | undefined): boolean =>
  path === "/" ||
  (path !== undefined &&
    !/^\/(assets|p|colloque|_matrix|_synapse|\.well-known)(\/|$)/.test(path) &&
    (accept ?? "").includes("text/html"));

/** The decoded path of a request; undefined when it tries to leave the folder. */
function pathOf(request: FastifyRequest): string | undefined {
  try {
    const path = decodeURIComponent((request.raw.url ?? "/").split("?")[0] ?? "/");
    return path.includes("\0") || path.includes("\\") || path.split("/").includes("..") ? undefined : path;
  } catch {
    return undefined;
  }
}

function codingOf(accepted: string | undefined): Coding {
  const codings = (accepted ?? "").split(",").map((each) => each.trim().split(";")[0]);
  return codings.includes("br") ? "br" : codings.includes("gzip") ? "gzip" : "identity";
}
