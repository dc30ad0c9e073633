import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  arrivalMs,
  type KeyEffect,
  type KeyEvent,
  type KeyState,
  type KeyStep,
  latestMs,
  nextTickMs,
  startKeys,
  stepKeys,
} from "./key-rules.ts";

const bytes = (n: number) => new Uint8Array(16).fill(n % 256);
const devices = (...names: string[]) => new Set(names);

describe("a media key", () => {
  test("[K3] is a new one for whoever comes, told first and used a moment later", () => {
    const begun = startKeys(bytes(1), 7, devices("a"), 0);
    const sent = stepKeys(begun.state, { kind: "sent", index: 7 }, 50);
    const ripe = stepKeys(sent.state, { kind: "tick" }, 50 + arrivalMs);
    expect(ripe.state.rolling).toBeNull();
    const come = stepKeys(
      ripe.state,
      { kind: "audience", devices: devices("a", "b"), fresh: bytes(2) },
      1000,
    );
    expect(come.effects).toEqual([{ kind: "send", key: { index: 8, bytes: bytes(2) }, to: ["a", "b"] }]);
    expect(come.state.inUse.index).toBe(7);
    const told = stepKeys(come.state, { kind: "sent", index: 8 }, 1040);
    expect(told.effects).toEqual([]);
    const used = stepKeys(told.state, { kind: "tick" }, 1040 + arrivalMs);
    expect(used.effects).toEqual([{ kind: "use", key: { index: 8, bytes: bytes(2) } }]);
  });

  test("[K4] nothing is sent while the others have no key, and it goes on when they have", () => {
    let step = startKeys(bytes(1), 255, devices("a", "b"), 0);
    step = stepKeys(step.state, { kind: "sent", index: 255 }, 0);
    step = stepKeys(step.state, { kind: "tick" }, arrivalMs);
    step = stepKeys(step.state, { kind: "audience", devices: devices("a"), fresh: bytes(2) }, 1000);
    step = stepKeys(step.state, { kind: "failed", index: 0 }, 1100);
    step = stepKeys(step.state, { kind: "tick" }, 1000 + latestMs);
    expect(step.effects).toContainEqual({ kind: "hold" });
    expect(step.effects).toContainEqual({ kind: "use", key: { index: 0, bytes: bytes(2) } });
    step = stepKeys(step.state, { kind: "sent", index: 0 }, 5000);
    expect(step.effects).toEqual([{ kind: "release" }]);
    expect(step.state).toMatchObject({ held: false, rolling: null });
  });

  test("the same people are told nothing anew", () => {
    const begun = startKeys(bytes(1), 0, devices("a"), 0);
    const again = stepKeys(begun.state, { kind: "audience", devices: devices("a"), fresh: bytes(2) }, 10);
    expect(again.effects).toEqual([]);
  });
});

/** What happens to a device's keys: people come and go, messages arrive or do not, time passes. */
type Happening =
  | { readonly kind: "people"; readonly there: readonly string[] }
  | { readonly kind: "network"; readonly works: boolean }
  | { readonly kind: "wait"; readonly ms: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ kind: fc.constant("people" as const), there: fc.subarray(["a", "b", "c", "d"]) }),
  fc.record({ kind: fc.constant("network" as const), works: fc.boolean() }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 3000 }) }),
);

type Rules = { readonly start: typeof startKeys; readonly step: typeof stepKeys };
const real: Rules = { start: startKeys, step: stepKeys };
const answerMs = 40;

/** Lives through it, millisecond by millisecond where something is due, and returns each breach of a rule. */
function live(happenings: readonly Happening[], rules: Rules): string[] {
  const breaches: string[] = [];
  const knows = new Map<string, Set<number>>();
  const goneSince = new Map<string, number>([..."abcd"].map((each) => [each, Number.NEGATIVE_INFINITY]));
  const wasUsed = new Set<number>();
  const answers: { readonly atMs: number; readonly event: KeyEvent }[] = [];
  let there = new Set<string>();
  let works = true;
  let nowMs = 0;
  let serial = 0;
  let useMs = 0;
  const fresh = () => {
    serial += 1;
    return bytes(serial);
  };
  /** Keys are told apart by their bytes: indices come round. */
  const idOf = (key: { readonly bytes: Uint8Array }) => key.bytes[0] ?? -1;

  const take = (effects: readonly KeyEffect[]) => {
    for (const effect of effects) {
      if (effect.kind === "send") {
        for (const device of effect.to) {
          if (!there.has(device)) breaches.push(`K1: told to ${device}, who is not there`);
          if (
            wasUsed.has(idOf(effect.key)) &&
            !knows.get(device)?.has(idOf(effect.key)) &&
            useMs !== nowMs &&
            !state.held
          )
            breaches.push("K3: told a key that was in use before");
          if (works) knows.set(device, (knows.get(device) ?? new Set()).add(idOf(effect.key)));
        }
        answers.push({
          atMs: nowMs + answerMs,
          event: { kind: works ? "sent" : "failed", index: effect.key.index },
        });
      }
      if (effect.kind === "use") {
        wasUsed.add(idOf(effect.key));
        useMs = nowMs;
      }
    }
  };

  const judge = () => {
    if (state.held) return;
    for (const [device, since] of goneSince) {
      const late = nowMs - since > 1000;
      if (late && knows.get(device)?.has(idOf(state.inUse)))
        breaches.push(`K2: ${device} left ${nowMs - since} ms ago and knows the key in use`);
    }
    for (const device of there)
      if (!knows.get(device)?.has(idOf(state.inUse)) && nowMs - changedMs > 1000)
        breaches.push(`K4: sends to ${device}, who has no key`);
  };

  const apply = (step: KeyStep) => {
    state = step.state;
    take(step.effects);
    judge();
  };

  let changedMs = 0;
  const begun = rules.start(fresh(), 250, there, nowMs);
  let state: KeyState = begun.state;
  apply(begun);
  const passTo = (endMs: number) => {
    for (let turns = 0; turns < 10_000; turns += 1) {
      const tick = nextTickMs(state) ?? Number.POSITIVE_INFINITY;
      const answer = Math.min(...answers.map((each) => each.atMs), Number.POSITIVE_INFINITY);
      const next = Math.max(nowMs, Math.min(tick, answer));
      if (next > endMs) break;
      nowMs = next;
      const due = answers.findIndex((each) => each.atMs <= nowMs);
      const [heard] = due === -1 ? [] : answers.splice(due, 1);
      const before = state;
      apply(rules.step(state, heard?.event ?? { kind: "tick" }, nowMs));
      if (heard === undefined && before === state && tick <= nowMs) {
        breaches.push("a tick that does nothing");
        break;
      }
    }
    nowMs = endMs;
    judge();
  };

  for (const each of happenings) {
    if (each.kind === "network") works = each.works;
    if (each.kind === "wait") passTo(nowMs + each.ms);
    if (each.kind === "people") {
      const next = new Set(each.there);
      for (const device of there) if (!next.has(device)) goneSince.set(device, nowMs);
      for (const device of next) goneSince.delete(device);
      if ([...next].join() !== [...there].join()) changedMs = nowMs;
      there = next;
      apply(rules.step(state, { kind: "audience", devices: there, fresh: fresh() }, nowMs));
    }
  }
  works = true;
  passTo(nowMs + 10_000);
  if (state.held) breaches.push("K4: never goes on again");
  if (state.rolling !== null) breaches.push("a roll-out that never ends");
  return breaches;
}

const life = fc.array(happening, { minLength: 1, maxLength: 25 });

describe("no order of comings, goings and failures", () => {
  test("[K1] [K2] [K3] [K4] breaks a rule", () => {
    fc.assert(
      fc.property(life, (happenings) => {
        expect(live(happenings, real)).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  test("[K5] gives two keys one index within 255 of them", () => {
    let step = startKeys(bytes(0), 200, devices(), 0);
    const indices = [step.state.inUse.index];
    for (let n = 1; n < 256; n += 1) {
      const audience = devices(n % 2 === 0 ? "a" : "b");
      step = stepKeys(step.state, { kind: "audience", devices: audience, fresh: bytes(n) }, n * 10_000);
      for (const effect of step.effects) if (effect.kind === "send") indices.push(effect.key.index);
      const index = indices.at(-1) ?? -1;
      step = stepKeys(step.state, { kind: "sent", index }, n * 10_000 + 20);
      step = stepKeys(step.state, { kind: "tick" }, n * 10_000 + 20 + arrivalMs);
    }
    expect(new Set(indices).size).toBe(256);
  });
});

/** Rules with a fault each: the life above must tell. */
const faults: Readonly<Record<string, Rules>> = {
  "who leaves changes nothing": {
    ...real,
    step: (state, event, nowMs) =>
      event.kind === "audience" && [...event.devices].every((each) => state.audience.has(each))
        ? { state, effects: [] }
        : stepKeys(state, event, nowMs),
  },
  "who comes gets the key in use": {
    ...real,
    step(state, event, nowMs) {
      if (event.kind !== "audience" || state.rolling !== null) return stepKeys(state, event, nowMs);
      const to = [...event.devices];
      return {
        state: { ...state, audience: event.devices },
        effects: [{ kind: "send", key: state.inUse, to }],
      };
    },
  },
  "the old key stays until the new one arrived": {
    ...real,
    step(state, event, nowMs) {
      const step = stepKeys(state, event, nowMs);
      if (step.state.held && !state.held)
        return { state: { ...step.state, inUse: state.inUse, held: false }, effects: [] };
      return step;
    },
  },
  "it never holds": {
    ...real,
    step(state, event, nowMs) {
      const step = stepKeys(state, event, nowMs);
      return { ...step, state: { ...step.state, held: false } };
    },
  },
  "it tells those who left too": {
    ...real,
    step(state, event, nowMs) {
      const { effects, ...step } = stepKeys(state, event, nowMs);
      return {
        ...step,
        effects: effects.map((each) =>
          each.kind === "send" ? { ...each, to: [...new Set([...each.to, ...state.audience])] } : each,
        ),
      };
    },
  },
};

describe("the life of keys above tells when", () => {
  test.each(Object.entries(faults))("%s", (_, rules) => {
    const run = () =>
      fc.assert(
        fc.property(life, (happenings) => live(happenings, rules).length === 0),
        {
          numRuns: 600,
          seed: 1,
        },
      );
    expect(run).toThrow();
  });
});
