import type { SignedConsent } from "#protocol/consent.ts";
import type { CaseEvent, Photo } from "#protocol/events.ts";
import type { OpenGlass } from "#protocol/glass.ts";
import { err, ok } from "#protocol/result.ts";
import type { PublicJwk } from "#protocol/signed.ts";
import { tokenOf } from "../../server/gateway/testing/homeserver.ts";
import { hospitalUrl } from "../../server/gateway/testing/hospital.ts";
import { type Api, createApi } from "../../src/matrix/api.ts";
import type { Bytes } from "../../src/matrix/kit/bytes.ts";
import type { Clock } from "../../src/matrix/kit/clock.ts";
import type { DeviceStore } from "../../src/matrix/kit/device-store.ts";
import { decryptFile } from "../../src/matrix/media/attachment.ts";
import { createLeases, type Leases } from "../../src/matrix/media/leases.ts";
import { createPictureReader, type PhotoInCase } from "../../src/matrix/media/read.ts";
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
  /** Another clock from now on. The page is opened anew. */
  setSkew(ms: number): void;
  setOnline(online: boolean): void;
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
  const fetch: typeof globalThis.fetch = (input, init) =>
    online ? around.fetch(input, init) : Promise.reject(new TypeError("offline"));
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
  let leases: Leases = openLeases();
  function openLeases(): Leases {
    return createLeases({ registry, registryKey, clock, signal: page.signal });
  }
  const read = async (from: Api, photo: PhotoInCase): Promise<Bytes | null> => {
    const deps = { leases, registryKey, clinicians: () => clinicians, userId: () => userId, clock };
    const answer = await createPictureReader({ ...deps, api: from }).read(photo, "full", "view");
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
      return answer.ok ? statusOf(answer.value, consent, null) : { state: "unknown" };
    },
    glassesIn: (_roomId, consentId) => around.glassesOver(consentId),
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
    view: (photo) => read(api, photo),
    peek: (photo) => read(leaking, photo),
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
    setSkew(ms) {
      skewMs = ms;
      page.abort();
      page = new AbortController();
      leases = openLeases();
    },
    setOnline(now) {
      online = now;
    },
  };
}

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
