import type { StoreApi } from "zustand/vanilla";
import { type DeclineReason, declineContent, declineType } from "#protocol/call-events.ts";
import type { CallPass } from "#protocol/calls.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import type { CaseEvent } from "#protocol/events.ts";
import type { Result } from "#protocol/result.ts";
import type { MediaRoom } from "../../livekit/types.ts";
import { type Clock, drop } from "../kit/clock.ts";
import { deviceOf } from "./devices.ts";
import { createKeyBox } from "./key-box.ts";
import { createKeyTransport } from "./key-transport.ts";
import type { CallLink } from "./link.ts";
import { enterCall, type Ongoing, type OngoingDeps, type Prepared } from "./ongoing.ts";
import { type Incoming, incomingOf } from "./rings.ts";
import { type CallDoor, type CallsState, noCalls } from "./types.ts";

export type CallsDeps = {
  readonly store: StoreApi<CallsState>;
  readonly me: { readonly userId: string; readonly deviceId: string };
  readonly serviceUrl: string;
  readonly link: CallLink;
  readonly eventsOf: (roomId: string) => readonly CaseEvent[];
  /** Told when something new was read in any case. */
  readonly onWords: (listener: () => void) => () => void;
  readonly sendEvent: OngoingDeps["sendEvent"];
  readonly pass: (roomId: string) => Promise<Result<CallPass, ErrorCode>>;
  readonly openMedia: (identity: string) => Promise<MediaRoom>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/** Everything about calls while somebody is signed in: hears rings, keeps the one call, receives keys. */
export function createCalls(deps: CallsDeps): Omit<CallDoor, "store"> {
  const { store, link, clock, signal } = deps;
  const me = deviceOf(deps.me.userId, deps.me.deviceId);
  const transport = createKeyTransport(link.keyPort);
  const box = createKeyBox({ transport, signal });
  let ongoing: Ongoing | null = null;
  /** What was fetched for the ring that is heard. */
  let ready: { readonly ringId: string; readonly prepared: Prepared } | null = null;
  const answered = new Set<string>();

  const prepare = (roomId: string): Prepared => {
    const passing = deps.pass(roomId);
    const media = deps.openMedia(me.identity);
    // The way to the server is opened too, once it is known.
    drop(
      Promise.all([passing, media]).then(([pass, room]) => {
        if (pass.ok) room.prepare(pass.value);
      }),
    );
    return { passing, media, atMs: clock.monoMs() };
  };

  const decline = (ring: Incoming, reason: DeclineReason): void => {
    if (answered.has(ring.ringId)) return;
    answered.add(ring.ringId);
    drop(deps.sendEvent(ring.roomId, declineType, declineContent(ring.ringId, reason), crypto.randomUUID()));
  };

  const unready = (): void => {
    if (ready !== null) drop(ready.prepared.media.then((media) => media.close()));
    ready = null;
  };

  const enter = (roomId: string, to: readonly string[]): void => {
    if (ongoing !== null && ongoing.store.getState().ended === null) return;
    const { incoming } = store.getState();
    const isAnswer = incoming?.roomId === roomId;
    const prepared = isAnswer && ready?.ringId === incoming.ringId ? ready.prepared : prepare(roomId);
    if (isAnswer) answered.add(incoming.ringId);
    if (ready !== null && ready.prepared !== prepared) unready();
    ready = null;
    const call = enterCall({
      roomId,
      me,
      serviceUrl: deps.serviceUrl,
      link,
      transport,
      box,
      eventsOf: deps.eventsOf,
      sendEvent: deps.sendEvent,
      pass: () => deps.pass(roomId),
      prepared,
      clock,
    });
    ongoing = call;
    if (to.length > 0) call.ring(to);
    store.setState({ call: call.store.getState(), incoming: null, notice: null });
    call.store.subscribe((now) => {
      if (ongoing === call) store.setState({ call: now });
      if (now.ended !== null) look();
    });
  };

  /** What rings, what goes on, and what became of what rang. */
  const look = (): void => {
    if (signal.aborted) return;
    const inRooms = new Map(
      link.rooms().flatMap((roomId) => {
        const members = link.membersOf(roomId);
        return members.length === 0 ? [] : [[roomId, members] as const];
      }),
    );
    const before = store.getState();
    const busy = ongoing !== null && ongoing.store.getState().ended === null;
    const rings = [...inRooms].flatMap(([roomId, members]) => {
      const ring = incomingOf(roomId, deps.eventsOf(roomId), members, me.userId, clock.nowMs());
      return ring === null || answered.has(ring.ringId) || clock.nowMs() > ring.untilMs ? [] : [ring];
    });
    let [incoming = null] = rings;
    if (busy && incoming !== null) {
      for (const each of rings) decline(each, "busy");
      store.setState({ notice: noticeOf("missed", incoming) });
      incoming = null;
    }
    if (before.incoming !== null && incoming?.ringId !== before.incoming.ringId) {
      const { incoming: was } = before;
      const elsewhere = inRooms.get(was.roomId)?.some((each) => each.userId === me.userId) === true;
      if (!answered.has(was.ringId))
        store.setState({ notice: noticeOf(elsewhere ? "elsewhere" : "missed", was) });
      unready();
    }
    if (incoming !== null && ready?.ringId !== incoming.ringId) {
      unready();
      ready = { ringId: incoming.ringId, prepared: prepare(incoming.roomId) };
    }
    const same = JSON.stringify([...before.inRooms]) === JSON.stringify([...inRooms]);
    const met = [...inRooms].filter(([, members]) => new Set(members.map((each) => each.userId)).size > 1);
    const lastMet = new Map([...before.lastMet, ...met.map(([roomId]) => [roomId, clock.nowMs()] as const)]);
    store.setState({
      ...(met.length === 0 ? {} : { lastMet }),
      ...(same ? {} : { inRooms }),
      ...(JSON.stringify(incoming) === JSON.stringify(before.incoming) ? {} : { incoming }),
    });
    ongoing?.look();
  };

  const noticeOf = (kind: "missed" | "elsewhere", { roomId, from }: Incoming) => ({
    kind,
    roomId,
    from,
    atMs: clock.nowMs(),
  });

  const stops = [link.onChange(look), deps.onWords(look)];
  signal.addEventListener(
    "abort",
    () => {
      for (const stop of stops) stop();
      ongoing?.leave();
      unready();
      store.setState(noCalls, true);
    },
    { once: true },
  );
  /** A ring ends by itself. */
  const tick = async (): Promise<void> => {
    while (!signal.aborted) {
      await clock.wait(1000, signal);
      if (store.getState().incoming !== null || store.getState().inRooms.size > 0) look();
    }
  };
  drop(tick());
  look();

  return {
    start: (roomId, to) => enter(roomId, to),
    enter: (roomId) => enter(roomId, []),
    ring: (userId) => ongoing?.ring([userId]),
    decline() {
      const { incoming } = store.getState();
      if (incoming === null) return;
      decline(incoming, "declined");
      unready();
      store.setState({ incoming: null });
    },
    hangUp: () => ongoing?.leave(),
    dismiss() {
      if (ongoing?.store.getState().ended != null) {
        ongoing = null;
        store.setState({ call: null });
      }
      store.setState({ notice: null });
    },
  };
}
