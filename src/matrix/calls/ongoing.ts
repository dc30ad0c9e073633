import { createStore, type StoreApi } from "zustand/vanilla";
import { declineReasonSchema, ringContent, ringMs, ringType } from "#protocol/call-events.ts";
import type { CallPass } from "#protocol/calls.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import type { CaseEvent } from "#protocol/events.ts";
import type { Result } from "#protocol/result.ts";
import type { MediaRoom } from "../../livekit/types.ts";
import { type Clock, drop } from "../kit/clock.ts";
import type { CallDevice } from "./devices.ts";
import type { KeyBox } from "./key-box.ts";
import { createKeyExchange, type KeyExchange } from "./key-exchange.ts";
import type { MediaKey } from "./key-rules.ts";
import type { KeyTransport } from "./key-transport.ts";
import type { CallLink } from "./link.ts";
import { keepMembership } from "./membership.ts";
import { declinesOf } from "./rings.ts";
import type { CallEnding, CallNow, Rung } from "./types.ts";

export type OngoingDeps = {
  readonly roomId: string;
  readonly me: CallDevice;
  readonly serviceUrl: string;
  readonly link: CallLink;
  readonly transport: KeyTransport;
  readonly box: KeyBox;
  readonly eventsOf: (roomId: string) => readonly CaseEvent[];
  readonly sendEvent: (
    roomId: string,
    type: string,
    content: Record<string, unknown>,
    txnId: string,
  ) => Promise<Result<string, ErrorCode>>;
  readonly pass: () => Promise<Result<CallPass, ErrorCode>>;
  /** What was fetched while it rang, or is fetched now. */
  readonly prepared: Prepared;
  readonly clock: Clock;
};

/** Fetched side by side, before or while the call is entered. */
export type Prepared = {
  readonly passing: Promise<Result<CallPass, ErrorCode>>;
  readonly media: Promise<MediaRoom>;
  readonly atMs: number;
};

export type Ongoing = {
  readonly store: StoreApi<CallNow>;
  ring(to: readonly string[]): void;
  /** Something was said or somebody came or left. */
  look(): void;
  leave(ending?: CallEnding): void;
};

/** A pass opens the door for a minute. */
const passLivesMs = 45_000;
/** Whoever lost their connection may come back for this long. */
const comeBackMs = 20_000;
const sayAgainMs = 3000;
const audienceAgainMs = 3000;
/** The devices of colleagues are known here, as a rule; nobody waits long for those that are not. */
const findingMs = 300;
/** What cannot be reached at first is given up after this long; a call that was there is not. */
const patienceMs = 20_000;

/**
 * One call, from entering to leaving. Pass, LiveKit's code, the word in the room's state and the key go side by side; what one of them
 * needs of another waits for that alone.
 */
export function enterCall(deps: OngoingDeps): Ongoing {
  const { roomId, me, link, box, transport, clock } = deps;
  const stop = new AbortController();
  const { signal } = stop;
  const store = createStore<CallNow>(() => ({
    roomId,
    sinceMs: clock.nowMs(),
    rung: [],
    members: [],
    metMs: null,
    media: null,
    identity: me.identity,
    ended: null,
  }));
  const ringIds = new Map<string, string>();
  const rungDevices = new Map<string, readonly CallDevice[]>();
  const before = new Map<string, CallDevice>();
  const kept: { keys: KeyExchange | null; key: MediaKey | null; held: boolean } = {
    keys: null,
    key: null,
    held: false,
  };
  let finding: Promise<unknown> = Promise.resolve();
  let told = { names: "", atMs: Number.NEGATIVE_INFINITY };
  let aloneSinceMs: number | null = null;
  let sawMe = false;
  let saidMs = clock.monoMs();
  let everConnected = false;

  const membership = keepMembership({
    roomId,
    me,
    serviceUrl: deps.serviceUrl,
    port: link.membershipPort,
    clock,
  });

  const others = () => link.membersOf(roomId).filter((each) => each.identity !== me.identity);

  /** Who is to have this device's key: who is there, and until they answer all devices of those who are rung. */
  const audience = (): CallDevice[] => {
    const there = others();
    const ringing = store
      .getState()
      .rung.filter(
        ({ state, userId }) => state === "ringing" && !there.some((each) => each.userId === userId),
      );
    const rung = ringing.flatMap(({ userId }) => rungDevices.get(userId) ?? []);
    return [...there, ...rung.filter((each) => each.identity !== me.identity)];
  };

  const end = (ending: CallEnding): void => {
    if (signal.aborted) return;
    stop.abort();
    unfollow();
    store.setState({ ended: ending });
    const { media } = store.getState();
    if (media === null) drop(deps.prepared.media.then((late) => late.close()));
    else drop(media.close());
    drop(membership.leave());
  };

  const unfollow = box.follow(roomId, (from, key) => {
    store.getState().media?.setKey(from.identity, key.index, key.bytes);
  });

  const takeKeys = (media: MediaRoom): void => {
    // Those that came before the media did.
    box.follow(roomId, (from, key) => media.setKey(from.identity, key.index, key.bytes))();
    if (kept.key !== null) media.setKey(me.identity, kept.key.index, kept.key.bytes);
    media.hold(kept.held);
  };

  const startKeys = async (): Promise<void> => {
    const first = await transport.signed(audience()).catch(() => []);
    if (signal.aborted) return;
    kept.keys = createKeyExchange({
      roomId,
      me,
      transport,
      clock,
      signal,
      first,
      use(key) {
        kept.key = key;
        store.getState().media?.setKey(me.identity, key.index, key.bytes);
      },
      hold(held) {
        kept.held = held;
        store.getState().media?.hold(held);
      },
    });
    look();
  };

  /** Until it is left: connects, and again whenever the connection is lost. */
  const stayConnected = async (media: MediaRoom): Promise<void> => {
    const beganMs = clock.monoMs();
    let passing = clock.monoMs() - deps.prepared.atMs < passLivesMs ? deps.prepared.passing : deps.pass();
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const pass = await passing;
      if (signal.aborted) return;
      if (!pass.ok && isFinal(pass.error)) return end({ why: "refused", code: pass.error });
      const tried = pass.ok ? await media.connect(pass.value) : pass;
      if (tried.ok) {
        everConnected = true;
        attempt = 0;
        await untilLost(media, signal);
        if (media.store.getState().lostBy === "elsewhere") return end({ why: "elsewhere" });
      } else if (!everConnected && clock.monoMs() - beganMs > patienceMs)
        return end({ why: "unreachable", code: pass.ok ? "internal" : pass.error });
      if (signal.aborted) return;
      await clock.wait(attempt === 0 ? 0 : Math.min(2000, 250 * 2 ** attempt), signal);
      passing = deps.pass();
    }
  };

  const openMedia = async (): Promise<void> => {
    const media = await deps.prepared.media.catch(() => null);
    if (media === null) return end({ why: "not-possible" });
    if (signal.aborted) return;
    store.setState({ media });
    takeKeys(media);
    look();
    drop(media.setMicrophone(true));
    // No connection before there is a key: what is sent first is under it.
    while (kept.key === null && !signal.aborted) await clock.wait(5, signal);
    await stayConnected(media);
  };

  const readRings = (): void => {
    const there = new Set(others().map((each) => each.userId));
    const now = clock.nowMs();
    const rung = store
      .getState()
      .rung.filter((each) => !there.has(each.userId))
      .map((each): Rung => {
        if (each.state !== "ringing") return each;
        const said = declinesOf(deps.eventsOf(roomId), ringIds.get(each.userId) ?? "").get(each.userId);
        if (said !== undefined) return { ...each, state: said };
        return now >= each.untilMs ? { ...each, state: "no-answer" } : each;
      });
    if (JSON.stringify(rung) !== JSON.stringify(store.getState().rung)) store.setState({ rung });
  };

  /** Nobody came, or nobody is left: then it is over. */
  const judgeEnd = (): void => {
    const { rung, members, metMs } = store.getState();
    if (members.length > 0) {
      aloneSinceMs = null;
      return;
    }
    if (rung.some((each) => each.state === "ringing")) return;
    const [last] = rung.slice(-1);
    if (metMs === null) {
      const why = last === undefined ? undefined : endingOf(last);
      if (why !== undefined) end(why);
      return;
    }
    aloneSinceMs ??= clock.monoMs();
    const mayReturn = [...before.values()].some((each) => link.lostConnection(roomId, each));
    if (!mayReturn || clock.monoMs() - aloneSinceMs > comeBackMs) end({ why: "all-left" });
  };

  const look = (): void => {
    if (signal.aborted) return;
    const mine = link.membersOf(roomId).some((each) => each.identity === me.identity);
    sawMe ||= mine;
    if (sawMe && !mine && clock.monoMs() - saidMs > sayAgainMs) {
      saidMs = clock.monoMs();
      membership.sayAgain();
    }
    const members = others();
    const { members: known, media, metMs } = store.getState();
    if (JSON.stringify(known) !== JSON.stringify(members)) {
      for (const each of known)
        if (!members.some((other) => other.identity === each.identity)) {
          media?.dropKeys(each.identity);
          box.forget(roomId, each.identity);
        }
      for (const each of members) before.set(each.identity, each);
      store.setState({ members, metMs: metMs ?? (members.length > 0 ? clock.nowMs() : null) });
    }
    media?.admit(new Set(members.map((each) => each.identity)));
    readRings();
    tellAudience();
    judgeEnd();
  };

  /** Told anew when it changed, and looked at again from time to time: a device may be vouched for later. */
  const tellAudience = (): void => {
    const devices = audience();
    const names = devices.map((each) => each.identity).join();
    if (kept.keys === null || (names === told.names && clock.monoMs() - told.atMs < audienceAgainMs)) return;
    told = { names, atMs: clock.monoMs() };
    kept.keys.setAudience(devices);
  };

  const findDevices = async (userId: string): Promise<void> => {
    rungDevices.set(userId, await transport.devicesOf(userId).catch(() => []));
    tellAudience();
  };

  const ring: Ongoing["ring"] = (to) => {
    const untilMs = clock.nowMs() + ringMs;
    const fresh = to.map((userId): Rung => ({ userId, state: "ringing", untilMs }));
    store.setState(({ rung }) => ({
      rung: [...rung.filter((each) => !to.includes(each.userId)), ...fresh],
    }));
    finding = Promise.all(to.map(findDevices));
    const content = ringContent(to, null, clock.nowMs());
    const sending = deps.sendEvent(roomId, ringType, content, crypto.randomUUID()).then((sent) => {
      for (const userId of to) if (sent.ok) ringIds.set(userId, sent.value);
      if (!sent.ok && store.getState().metMs === null) end({ why: "unreachable", code: sent.error });
    });
    drop(sending);
  };

  drop(openMedia());
  /** The first key goes to those who are rung too, so that they have it before they answer. */
  const begin = async (): Promise<void> => {
    await Promise.resolve();
    await Promise.race([finding, clock.wait(findingMs, signal)]);
    await startKeys();
  };
  drop(begin());
  const tick = async (): Promise<void> => {
    while (!signal.aborted) {
      await clock.wait(500, signal);
      look();
    }
  };
  drop(tick());

  return {
    store,
    ring,
    look,
    leave: (ending = { why: "hung-up" }) => end(ending),
  };
}

const final: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "not-a-member",
  "not-allowed",
  "not-found",
  "gate-refused",
  "withdrawn",
  "not-signed-in",
  "case-ended",
]);
const isFinal = (code: ErrorCode): boolean => final.has(code);

function endingOf({ userId, state }: Rung): CallEnding | undefined {
  const parsed = declineReasonSchema.safeParse(state);
  if (parsed.success) return { why: parsed.data, by: userId };
  return state === "no-answer" ? { why: "no-answer", by: userId } : undefined;
}

const untilLost = (media: MediaRoom, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      unsubscribe();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const unsubscribe = media.store.subscribe(({ connection }) => {
      if (connection === "lost") done();
    });
    signal.addEventListener("abort", done);
    if (media.store.getState().connection === "lost" || signal.aborted) done();
  });
