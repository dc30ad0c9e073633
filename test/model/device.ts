import type { Consent, SignedConsent } from "#protocol/consent.ts";
import { frenchRules } from "#protocol/consent-rules.ts";
import type { CaseEvent, Photo } from "#protocol/events.ts";
import type { OpenGlass, SignedGlass } from "#protocol/glass.ts";
import { caseIdSchema } from "#protocol/ids.ts";
import { err, ok } from "#protocol/result.ts";
import type { PublicJwk } from "#protocol/signed.ts";
import { tokenOf } from "../../server/gateway/testing/homeserver.ts";
import { hospitalUrl } from "../../server/gateway/testing/hospital.ts";
import { type Api, createApi } from "../../src/matrix/api.ts";
import { createBreaking } from "../../src/matrix/breaking.ts";
import type { Bytes } from "../../src/matrix/kit/bytes.ts";
import type { Clock } from "../../src/matrix/kit/clock.ts";
import type { DeviceStore } from "../../src/matrix/kit/device-store.ts";
import { decryptFile } from "../../src/matrix/media/attachment.ts";
import { createEmergencies, type Emergencies } from "../../src/matrix/media/emergencies.ts";
import { createLastWords } from "../../src/matrix/media/last-words.ts";
import { createLeases, type Leases } from "../../src/matrix/media/leases.ts";
import { createPictureReader, type PhotoInCase } from "../../src/matrix/media/read.ts";
import { createShelf, type Shelf } from "../../src/matrix/media/shelf.ts";
import { outcomeOf, type Upload, uploadUrl } from "../../src/matrix/media/upload.ts";
import { createOutbox, type Outbox } from "../../src/matrix/outbox/outbox.ts";
import type { OutboxPorts } from "../../src/matrix/outbox/ports.ts";
import { createRegistry, type Registry, statusOf } from "../../src/matrix/registry.ts";
import { certifiedSigner } from "../../src/matrix/session/certified-signer.ts";
import type { Signer } from "../../src/matrix/session/signing.ts";
import { memoryDevice } from "../../src/matrix/testing/memory-device.ts";
import { bot, clinicians } from "./people.ts";

/** What a device needs of the world around it. */
export type Around = {
  readonly fetch: typeof globalThis.fetch;
  readonly registryKey: PublicJwk;
  readonly nowMs: () => number;
  readonly membersOf: (roomId: string) => readonly string[];
  readonly caseOf: (roomId: string) => string;
  readonly roomOfCase: (caseId: string) => string | null;
  /** Sends to the room as this person; gives the event id. */
  readonly post: (sender: string, roomId: string, content: Record<string, unknown>) => string;
  /** As the case tells of them. */
  readonly glassesOver: (consentId: string) => readonly OpenGlass[];
  /** The consents of a room's case that were not taken back. */
  readonly standingIn: (roomId: string) => readonly Consent[];
  /** The bytes as the homeserver, or a member who kept them, would hand them out past the gateway. */
  readonly leaked: (mxc: string) => Bytes | undefined;
};

/** One person's browser: the client's own modules, with a clock that may be wrong and a network that may be gone. */
export type Device = {
  readonly userId: string;
  readonly nowMs: () => number;
  readonly skewMs: number;
  readonly api: Api;
  readonly registry: Registry;
  readonly outbox: Outbox;
  readonly upload: Upload;
  signer(): Promise<Signer>;
  /** The whole way: gate 3, the gateway, the hash, decryption. */
  view(photo: PhotoInCase): Promise<Bytes | null>;
  /** Gate 3 alone: the bytes are at hand, from wherever. */
  peek(photo: PhotoInCase): Promise<Bytes | null>;
  /** A modified client that has no gate: the gateway alone. */
  grab(photo: Photo): Promise<Bytes | null>;
  /** Runs the outbox until nothing moves. */
  send(): Promise<void>;
  /** Another clock from now on; the page is opened anew, or lives on. */
  setSkew(ms: number, anew: boolean): void;
  setOnline(online: boolean): void;
  /** When the registry last gave its word on a room, and when it was last asked; undefined when it never did, or has said no since. */
  heardAtMs(roomId: string): number | undefined;
  /** Signs an emergency into this device's journal, as the door does, and opens what is here; false where the door would not. */
  breakHere(roomId: string, glass: { consentId: string; caseId: string }): Promise<SignedGlass | null>;
  /** When an emergency was opened here over a consent in this page. */
  openedHereAtMs(consentId: string): number | undefined;
};

export function openDevice(userId: string, around: Around): Device {
  let skewMs = 0;
  let online = true;
  let page = new AbortController();
  const store: DeviceStore = memoryDevice();
  const nowMs = (): number => around.nowMs() + skewMs;
  const waiting = { count: 0 };
  const clock: Clock = {
    nowMs,
    monoMs: around.nowMs,
    // Nothing comes back by waiting here: the history says when time passes.
    wait: (_ms, signal) =>
      new Promise((resolve) => {
        waiting.count += 1;
        signal?.addEventListener("abort", () => {
          waiting.count -= 1;
          resolve();
        });
      }),
  };
  const heard = new Map<string, number>();
  const fetch: typeof globalThis.fetch = async (input, init) => {
    if (!online) throw new TypeError("offline");
    const answer = await around.fetch(input, init);
    const roomId = /\/cases\/([^/]+)\/leases$/.exec(String(input))?.[1];
    if (roomId !== undefined) noteWord(decodeURIComponent(roomId), answer);
    return answer;
  };
  const noteWord = (roomId: string, answer: Response): void => {
    if (answer.ok) heard.set(roomId, around.nowMs());
    else if (answer.status < 500 && answer.status !== 429) heard.delete(roomId);
  };
  const api = createApi({
    baseUrl: hospitalUrl,
    token: () => tokenOf(userId),
    onUnknownToken: () => undefined,
    fetch,
  });
  const registry = createRegistry(api);
  const registryKey = async (): Promise<PublicJwk> => around.registryKey;
  const leaking: Api = {
    ...api,
    raw: async (url) => {
      const bytes = around.leaked(`mxc://${url.split("/").slice(-2).join("/")}`);
      return bytes === undefined
        ? err({ code: "not-found", errcode: null, reason: null })
        : ok(new Response(bytes));
    },
  };
  const mayKeep = async (): Promise<boolean> => true;
  const openLeases = (): Leases =>
    createLeases({
      registry,
      registryKey,
      words: createLastWords({ device: store, registryKey, mayKeep, clock }),
      onWithdrawn: (consentId) => shelf.forget(consentId),
      clock,
      signal: page.signal,
    });
  let shelf: Shelf = createShelf({ device: store, mayKeep, clock });
  let emergencies: Emergencies = createEmergencies(clock);
  let leases: Leases = openLeases();
  const opened = new Map<string, number>();
  const read = async (from: Api, photo: PhotoInCase, on: Shelf): Promise<Bytes | null> => {
    const people = { clinicians: () => clinicians, userId: () => userId };
    const deps = { leases, registryKey, ...people, rules: async () => frenchRules, emergencies };
    const answer = await createPictureReader({ ...deps, shelf: on, api: from }).read(photo, "full", "view");
    if (!answer.ok) return null;
    const shown = await (await globalThis.fetch(answer.value.url)).arrayBuffer();
    answer.value.release();
    return new Uint8Array(shown);
  };
  const upload: Upload = async (mxc, ciphertext) => {
    const headers = {
      authorization: `Bearer ${tokenOf(userId)}`,
      "content-type": "application/octet-stream",
    };
    try {
      const answer = await fetch(uploadUrl(hospitalUrl, mxc), { method: "PUT", headers, body: ciphertext });
      return outcomeOf(answer.status, await answer.text());
    } catch {
      return err("homeserver-unreachable");
    }
  };
  const away: Clock = { ...clock, wait: () => Promise.reject(new Error("The registry is away")) };
  const signer = (): Promise<Signer> => certifiedSigner(store, registry, away, page.signal);

  const outbox = createOutbox({ device: store, clock });
  const ports = (own: Signer): OutboxPorts => ({
    userId,
    language: "fr",
    nowMs,
    signer: own,
    clinicians: () => clinicians,
    registerConsent: registry.registerConsent,
    async statusOf(consent, roomId) {
      const answer = await leases.of(roomId);
      return answer.ok ? statusOf(answer.value, consent, null, nowMs()) : { state: "unknown" };
    },
    glassesIn: (_roomId, consentId) => around.glassesOver(consentId),
    consentsIn: around.standingIn,
    breakGlass: registry.breakGlass,
    withdraw: registry.withdraw,
    findRoom: around.roomOfCase,
    createRoom: async () => err("not-allowed"),
    readersIn: (roomId) => around.membersOf(roomId).filter((each) => each !== userId && each !== bot),
    findEcho: () => null,
    sendEvent: async (roomId, _type, content) => ok(around.post(userId, roomId, content)),
    askPermit: registry.askPermit,
    upload,
  });

  return {
    userId,
    nowMs,
    get skewMs() {
      return skewMs;
    },
    api,
    registry,
    outbox,
    upload,
    signer,
    view: (photo) => read(api, photo, shelf),
    peek: (photo) => read(leaking, photo, shelfOf(around.leaked(photo.photo.file.url))),
    async grab({ file }) {
      const path = file.url.slice("mxc://".length);
      const answer = await api.raw(`${hospitalUrl}/_matrix/client/v1/media/download/${path}?timeout_ms=0`);
      if (!answer.ok) return null;
      const decrypted = await decryptFile(new Uint8Array(await answer.value.arrayBuffer()), file);
      return decrypted.ok ? decrypted.value : null;
    },
    async send() {
      // What the room's leases said is older than what was done since.
      for (const { roomId } of outbox.store.getState().items) if (roomId !== null) leases.forget(roomId);
      const stop = new AbortController();
      outbox.run(ports(await signer()), stop.signal);
      const quiet = () =>
        outbox.store.getState().items.every((item) => item.done || item.failed !== null) || waiting.count > 0;
      while (!quiet()) await new Promise((resolve) => setTimeout(resolve, 1));
      stop.abort();
    },
    setSkew(ms, anew) {
      skewMs = ms;
      if (!anew) return;
      page.abort();
      page = new AbortController();
      opened.clear();
      shelf = createShelf({ device: store, mayKeep, clock });
      emergencies = createEmergencies(clock);
      leases = openLeases();
    },
    heardAtMs: (roomId) => heard.get(roomId),
    openedHereAtMs: (consentId) => opened.get(consentId),
    async breakHere(roomId, { consentId, caseId }) {
      const journal: SignedGlass[] = [];
      const own = await signer();
      const breaking = createBreaking({
        outbox: {
          add: async (items) => {
            for (const { body } of items) if (body.kind === "journal") journal.push(body.glass);
            return ok(undefined);
          },
        },
        registry,
        leases,
        emergencies,
        rules: async () => frenchRules,
        clock,
        at: () => ({ caseId: caseIdSchema.parse(caseId), userId, signer: own }),
      });
      const answer = await breaking.breakGlassHere(roomId, { consentId, reason: "famille injoignable" });
      const [signed] = journal;
      if (!answer.ok || answer.value !== "opened" || signed === undefined) return null;
      opened.set(consentId, around.nowMs());
      return signed;
    },
    setOnline(now) {
      online = now;
    },
  };
}

/** The bytes at hand, from wherever: what a device would have kept of them. */
const shelfOf = (ciphertext: Bytes | undefined): Shelf => ({
  put: () => undefined,
  has: async () => ciphertext !== undefined,
  take: async () => ciphertext ?? null,
  forget: () => undefined,
  clear: () => undefined,
});

/** A photo as a reader's timeline has it: from the events of the room that passed its judgement. */
export const photoInCase = (
  photo: Photo,
  room: { readonly roomId: string; readonly caseId: string; readonly sender: string },
  events: readonly CaseEvent[],
): PhotoInCase => ({
  ...room,
  photo,
  consents: events.flatMap((event): SignedConsent[] => (event.kind === "consent" ? [event.consent] : [])),
});
