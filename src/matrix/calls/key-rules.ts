import { keyIndices } from "#protocol/call-events.ts";

/**
 * When a device's media key changes: pure. A key belongs to a set of devices, its audience; whenever the audience changes there is a
 * new key for the new one. Time and random bytes come as arguments, and what has to be done goes out as effects.
 *
 * - K1: a key is told to devices of its audience and to no other.
 * - K2: a second after somebody left at the latest, no key that they know is in use.
 * - K3: whoever comes learns no key that was in use before.
 * - K4: while the others were not reached with the key in use, nothing is sent: `held`.
 * - K5: indices follow each other modulo 256, so that two keys never meet under one index.
 */
export type MediaKey = { readonly index: number; readonly bytes: Uint8Array<ArrayBuffer> };

/** A key on its way to its audience. */
type Rolling = {
  readonly key: MediaKey;
  readonly audience: ReadonlySet<string>;
  /** When it must be in use, whether it arrived or not. */
  readonly dueMs: number;
  /** When it may be in use, once it was sent: a moment later, so that it is there before the first picture under it. */
  readonly ripeMs: number | null;
  readonly attempts: number;
  /** Not before then is it sent again. */
  readonly againMs: number;
  readonly sending: boolean;
};

export type KeyState = {
  readonly inUse: MediaKey;
  readonly audience: ReadonlySet<string>;
  /** Null when every device of the call has the key in use. */
  readonly rolling: Rolling | null;
  readonly held: boolean;
};

export type KeyEffect =
  | { readonly kind: "send"; readonly key: MediaKey; readonly to: readonly string[] }
  | { readonly kind: "use"; readonly key: MediaKey }
  | { readonly kind: "hold" }
  | { readonly kind: "release" };

export type KeyEvent =
  | {
      readonly kind: "audience";
      readonly devices: ReadonlySet<string>;
      readonly fresh: Uint8Array<ArrayBuffer>;
    }
  | { readonly kind: "sent"; readonly index: number }
  | { readonly kind: "failed"; readonly index: number }
  | { readonly kind: "tick" };

/** A new key is in use this long after somebody came or left at the latest. */
export const latestMs = 900;
/** What a key that was sent is given to arrive before it is used. */
export const arrivalMs = 250;
/** Pause before the nth attempt to send. */
const pauseOf = (attempts: number): number => Math.min(4000, 200 * 2 ** attempts);

export type KeyStep = { readonly state: KeyState; readonly effects: readonly KeyEffect[] };

/** The first key, in use from the beginning and told to whoever is in the call already. Its index is any. */
export function startKeys(
  bytes: Uint8Array<ArrayBuffer>,
  index: number,
  audience: ReadonlySet<string>,
  nowMs: number,
): KeyStep {
  const key = { index: index % keyIndices, bytes };
  const rolling: Rolling = {
    key,
    audience: new Set(audience),
    dueMs: nowMs + latestMs,
    ripeMs: null,
    attempts: 0,
    againMs: nowMs,
    sending: false,
  };
  const begun = onTick({ inUse: key, audience: rolling.audience, rolling, held: false }, nowMs);
  return { state: begun.state, effects: [{ kind: "use", key }, ...begun.effects] };
}

export function stepKeys(state: KeyState, event: KeyEvent, nowMs: number): KeyStep {
  switch (event.kind) {
    case "audience":
      return onAudience(state, event.devices, event.fresh, nowMs);
    case "sent":
      return onSent(state, event.index, nowMs);
    case "failed":
      return onFailed(state, event.index, nowMs);
    case "tick":
      return onTick(state, nowMs);
  }
}

function onAudience(
  state: KeyState,
  devices: ReadonlySet<string>,
  fresh: Uint8Array<ArrayBuffer>,
  nowMs: number,
): KeyStep {
  const meant = state.rolling?.audience ?? state.audience;
  if (same(meant, devices)) return { state, effects: [] };
  const last = state.rolling?.key ?? state.inUse;
  const key = { index: (last.index + 1) % keyIndices, bytes: fresh };
  const rolling: Rolling = {
    key,
    audience: new Set(devices),
    // A second change does not put off what the first one asked for.
    dueMs: Math.min(state.rolling?.dueMs ?? Number.POSITIVE_INFINITY, nowMs + latestMs),
    ripeMs: null,
    attempts: 0,
    againMs: nowMs,
    sending: false,
  };
  return onTick({ ...state, rolling }, nowMs);
}

function onSent(state: KeyState, index: number, nowMs: number): KeyStep {
  const { rolling } = state;
  if (rolling === null || rolling.key.index !== index) return { state, effects: [] };
  return onTick({ ...state, rolling: { ...rolling, sending: false, ripeMs: nowMs + arrivalMs } }, nowMs);
}

function onFailed(state: KeyState, index: number, nowMs: number): KeyStep {
  const { rolling } = state;
  if (rolling === null || rolling.key.index !== index) return { state, effects: [] };
  const attempts = rolling.attempts + 1;
  const again = { ...rolling, sending: false, attempts, againMs: nowMs + pauseOf(attempts) };
  return onTick({ ...state, rolling: again }, nowMs);
}

/** Does what the time has come for: sends, sends again, puts into use, holds and lets go. */
function onTick(state: KeyState, nowMs: number): KeyStep {
  const { rolling } = state;
  if (rolling === null) return { state, effects: [] };
  const effects: KeyEffect[] = [];
  let next: Rolling = rolling;
  // Nobody to tell: told.
  if (next.audience.size === 0 && next.ripeMs === null) next = { ...next, ripeMs: nowMs };
  if (next.ripeMs === null && !next.sending && nowMs >= next.againMs) {
    next = { ...next, sending: true };
    effects.push({ kind: "send", key: next.key, to: [...next.audience].sort() });
  }
  const due = nowMs >= next.dueMs || (next.ripeMs !== null && nowMs >= next.ripeMs);
  if (!due) return { state: { ...state, rolling: next }, effects };
  const { key, audience } = next;
  if (state.inUse.index !== key.index) effects.push({ kind: "use", key });
  const reached = next.ripeMs !== null;
  if (reached && state.held) effects.push({ kind: "release" });
  if (!reached && !state.held) effects.push({ kind: "hold" });
  return {
    state: { inUse: key, audience, rolling: reached ? null : next, held: !reached },
    effects,
  };
}

/** When something has to be done next without any event; null when nothing has. */
export function nextTickMs({ rolling, held }: KeyState): number | null {
  if (rolling === null) return null;
  const times = [
    held ? null : rolling.dueMs,
    rolling.ripeMs,
    rolling.sending || rolling.ripeMs !== null ? null : rolling.againMs,
  ].filter((each) => each !== null);
  return times.length === 0 ? null : Math.min(...times);
}

const same = (one: ReadonlySet<string>, other: ReadonlySet<string>): boolean =>
  one.size === other.size && [...one].every((each) => other.has(each));
