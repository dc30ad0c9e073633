/**
 * The service worker: the application opens without a network. It keeps the application's own files and nothing else: no
 * answer of the homeserver or of the Colloque server ever enters its cache, so a withdrawn picture cannot come back from it.
 */

/** Files of this build, and its name; `vite.config.ts` writes both when it builds. */
declare const __SHELL__: readonly string[];
declare const __BUILD__: string;

type Extendable = Event & { waitUntil(work: Promise<unknown>): void };
type Fetch = Extendable & { readonly request: Request; respondWith(answer: Promise<Response>): void };

/** The compiler's DOM types do not know service workers: this is the part of their scope that is used here. */
type Scope = {
  addEventListener(type: "install" | "activate", listen: (event: Extendable) => void): void;
  addEventListener(type: "fetch", listen: (event: Fetch) => void): void;
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
  readonly caches: CacheStorage;
  readonly location: Location;
};
const scope = globalThis as unknown as Scope;

const cacheName = `colloque-${__BUILD__}`;
const shell = new Set(__SHELL__);

scope.addEventListener("install", (event) => {
  event.waitUntil(
    scope.caches
      .open(cacheName)
      .then((cache) => cache.addAll(["/", ...shell]))
      .then(() => scope.skipWaiting()),
  );
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(
    scope.caches
      .keys()
      .then((names) =>
        Promise.all(names.filter((name) => name !== cacheName).map((name) => scope.caches.delete(name))),
      )
      .then(() => scope.clients.claim()),
  );
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== scope.location.origin) return;
  // The patient's page is another application.
  if (url.pathname === "/p" || url.pathname.startsWith("/p/")) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (shell.has(url.pathname)) event.respondWith(file(request));
});

/** A page comes from the network, so that an update is never held back; without one, from the cache. */
async function page(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (fault) {
    const kept = await scope.caches.match("/");
    if (kept !== undefined) return kept;
    throw fault;
  }
}

/** Files of the build carry their hash in their name, so the kept one is the right one. */
async function file(request: Request): Promise<Response> {
  return (await scope.caches.match(request)) ?? fetch(request);
}
