import type { StoreApi } from "zustand/vanilla";
import { apiPrefix, type Config } from "#protocol/api.ts";
import { callPassSchema } from "#protocol/calls.ts";
import type { Consent } from "#protocol/consent.ts";
import type { Status } from "#protocol/disclose.ts";
import type { Clinician } from "#protocol/people.ts";
import type { MediaRoom } from "../livekit/types.ts";
import type { Api } from "./api.ts";
import { createCalls } from "./calls/calls.ts";
import { createCallLink } from "./calls/link.ts";
import type { CallDoor, CallsState } from "./calls/types.ts";
import type { Consents } from "./consents.ts";
import type { Clock } from "./kit/clock.ts";
import type { DeviceStore } from "./kit/device-store.ts";
import type { Leases } from "./media/leases.ts";
import type { Upload } from "./media/upload.ts";
import { refOfEvent, refOfItem } from "./outbox/item.ts";
import type { OutboxPorts } from "./outbox/ports.ts";
import { type Registry, statusOf } from "./registry.ts";
import { createSeenTeller, type SeenTeller } from "./seen.ts";
import type { Live } from "./session/session.ts";
import { createKeptRooms } from "./timeline/kept-rooms.ts";
import { glassesOver, livingConsents } from "./timeline/room-facts.ts";
import { createSender } from "./timeline/sender.ts";
import { createTimeline, type Timeline } from "./timeline/timeline.ts";

/** What exists only while somebody is signed in and set up. */
export type LiveParts = {
  readonly live: Live;
  readonly timeline: Timeline;
  readonly seen: SeenTeller;
  readonly ports: OutboxPorts;
  /** The case is on screen: what sending there needs is fetched ahead. */
  readonly makeReady: (roomId: string) => void;
  readonly calls: Omit<CallDoor, "store">;
};

export type LiveDeps = {
  readonly live: Live;
  readonly config: Config;
  readonly device: DeviceStore;
  readonly registry: Registry;
  readonly leases: Leases;
  readonly consents: Consents;
  readonly upload: Upload;
  readonly clinicians: () => readonly Clinician[];
  readonly api: Api;
  readonly calls: StoreApi<CallsState>;
  readonly openMedia: (identity: string) => Promise<MediaRoom>;
  readonly language: OutboxPorts["language"];
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

export function createLive(deps: LiveDeps): LiveParts {
  const { live, config, registry, leases, consents, clock, signal } = deps;
  const { userId } = live.identity;
  const { bot, registryKey } = config;
  const timeline = createTimeline({
    sdk: live.sdk,
    userId,
    bot,
    registryKey,
    kept: createKeptRooms({ device: deps.device, clock, signal }),
    clock,
    signal,
  });
  const sender = createSender({ sdk: live.sdk, bot, clock, signal });
  const viewOf = (roomId: string) => timeline.store.getState().byRoom.get(roomId);

  const seen = createSeenTeller({
    sender,
    clock,
    signal,
    isKnown: (roomId, eventId) =>
      viewOf(roomId)?.events.some(
        (event) =>
          event.sender === userId &&
          (event.eventId === eventId || (event.kind === "seen" && event.seen.ofEvents.includes(eventId))),
      ) ?? false,
  });

  const ports: OutboxPorts = {
    userId,
    language: deps.language,
    nowMs: clock.nowMs,
    signer: live.signer,
    clinicians: deps.clinicians,
    async registerConsent(consent) {
      const answer = await registry.registerConsent(consent);
      if (answer.ok) consents.heard(consent.payload.consentId, answer.value.state);
      return answer;
    },
    statusOf: (consent, roomId) => statusNow(consent, roomId, { consents, leases, clock }),
    findRoom: (caseId) => timeline.roomOfCase(caseId),
    async createRoom(caseId) {
      const made = await sender.createRoom(caseId);
      if (made.ok) timeline.leaveHalfMade(caseId, made.value);
      return made;
    },
    glassesIn(roomId, consentId) {
      const view = viewOf(roomId);
      return view === undefined ? [] : glassesOver(view, consentId);
    },
    consentsIn(roomId) {
      const view = viewOf(roomId);
      return view === undefined ? [] : livingConsents(view, bot);
    },
    breakGlass: registry.breakGlass,
    withdraw: registry.withdraw,
    readersIn(roomId) {
      const view = viewOf(roomId);
      const inRoom = [...(view?.members ?? []), ...(view?.invited ?? [])];
      return inRoom.filter((member) => member !== userId && member !== bot);
    },
    findEcho(item) {
      const ref = refOfItem(item);
      const view = item.roomId === null ? undefined : viewOf(item.roomId);
      const echo = view?.events.find((event) => event.sender === userId && refOfEvent(event) === ref);
      // A response carries no id of its own: the same words said again are a new response.
      return ref === null || echo === undefined || item.body.kind === "response" ? null : echo.eventId;
    },
    sendEvent: sender.sendEvent,
    askPermit: registry.askPermit,
    upload: deps.upload,
  };
  const makeReady = (roomId: string): void => {
    leases.keepFresh(roomId);
    const room = live.sdk.client.getRoom(roomId);
    // Not where the archivist is missing: a key shared before it came would be locked for it.
    if (room !== null && viewOf(roomId)?.members.includes(bot)) live.sdk.crypto.prepareToEncrypt(room);
  };
  const calls = createCalls({
    store: deps.calls,
    me: live.identity,
    serviceUrl: `${deps.api.baseUrl}${apiPrefix}/calls`,
    link: createCallLink(live.sdk, clock.nowMs),
    eventsOf: (roomId) => viewOf(roomId)?.events ?? [],
    onWords: (listener) => timeline.store.subscribe(listener),
    sendEvent: sender.sendEvent,
    pass: (roomId) => deps.api.post(`/cases/${encodeURIComponent(roomId)}/call`, {}, callPassSchema),
    openMedia: deps.openMedia,
    clock,
    signal,
  });
  return { live, timeline, seen, ports, makeReady, calls };
}

/** The registry's word on a consent: what it said within the last minute, or its lease on the room. */
async function statusNow(
  consent: Consent,
  roomId: string,
  { consents, leases, clock }: Pick<LiveDeps, "consents" | "leases" | "clock">,
): Promise<Status> {
  const heard = consents.lastHeard(consent.consentId);
  if (heard !== undefined) return heard;
  const answer = await leases.of(roomId);
  return answer.ok ? statusOf(answer.value, consent, null, clock.nowMs()) : { state: "unknown" };
}
