import { keyIndices, mediaKeyBytes } from "#protocol/call-events.ts";
import { randomBytes } from "../kit/bytes.ts";
import { type Clock, drop } from "../kit/clock.ts";
import type { CallDevice } from "./devices.ts";
import { type KeyEvent, type KeyStep, type MediaKey, nextTickMs, startKeys, stepKeys } from "./key-rules.ts";
import type { KeyTransport } from "./key-transport.ts";

/** This device's own media key in one call: made, told, put into use, as `key-rules` says. */
export type KeyExchange = {
  /** Who has to have the key from now on: the devices of the call and those that are rung, this one not among them. */
  setAudience(devices: readonly CallDevice[]): void;
};

export function createKeyExchange(deps: {
  readonly roomId: string;
  readonly me: CallDevice;
  readonly transport: Pick<KeyTransport, "signed" | "send">;
  /** Encrypts with this key from now on. */
  readonly use: (key: MediaKey) => void;
  /** Sends nothing while this is so. */
  readonly hold: (held: boolean) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly first: readonly CallDevice[];
}): KeyExchange {
  const { transport, clock, signal } = deps;
  const known = new Map<string, CallDevice>();
  let timer = new AbortController();
  const fresh = () => randomBytes(mediaKeyBytes);

  const run = ({ state: next, effects }: KeyStep): void => {
    state = next;
    for (const effect of effects) {
      if (effect.kind === "use") deps.use(effect.key);
      if (effect.kind === "hold") deps.hold(true);
      if (effect.kind === "release") deps.hold(false);
      if (effect.kind === "send") drop(send(effect.key, effect.to));
    }
    wake();
  };

  const step = (event: KeyEvent): void => {
    if (!signal.aborted) run(stepKeys(state, event, clock.monoMs()));
  };

  const send = async (key: MediaKey, to: readonly string[]): Promise<void> => {
    const devices = to.map((identity) => known.get(identity)).filter((each) => each !== undefined);
    try {
      await transport.send(deps.roomId, deps.me, key, devices);
      step({ kind: "sent", index: key.index });
    } catch {
      step({ kind: "failed", index: key.index });
    }
  };

  /** One timer at a time, for what is due next. */
  const wake = (): void => {
    timer.abort();
    timer = new AbortController();
    const atMs = nextTickMs(state);
    if (atMs === null || signal.aborted) return;
    const mine = timer.signal;
    drop(
      clock.wait(Math.max(0, atMs - clock.monoMs()), AbortSignal.any([mine, signal])).then(() => {
        if (!mine.aborted) step({ kind: "tick" });
      }),
    );
  };

  let asked = 0;
  const remember = (devices: readonly CallDevice[]): Set<string> => {
    for (const each of devices) known.set(each.identity, each);
    return new Set(devices.map((each) => each.identity));
  };

  const anyIndex = randomBytes(1)[0] ?? 0;
  const begun = startKeys(fresh(), anyIndex % keyIndices, remember(deps.first), clock.monoMs());
  let state = begun.state;
  run(begun);

  const setAudience: KeyExchange["setAudience"] = (devices) => {
    asked += 1;
    const turn = asked;
    const apply = (vouched: readonly CallDevice[]): void => {
      // A newer list is on its way: this one is of the past.
      if (turn === asked) step({ kind: "audience", devices: remember(vouched), fresh: fresh() });
    };
    // Who is gone is gone at once; who came is asked about first.
    const wanted = new Set(devices.map((each) => each.identity));
    const now = state.rolling?.audience ?? state.audience;
    const stays = [...now].filter((identity) => wanted.has(identity));
    if (stays.length < now.size) step({ kind: "audience", devices: new Set(stays), fresh: fresh() });
    drop(transport.signed(devices).then(apply));
  };

  return { setAudience };
}
