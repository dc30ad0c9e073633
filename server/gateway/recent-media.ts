import { maxUploadBytes } from "#protocol/api.ts";
import type { Clock } from "../kit/role.ts";

/**
 * Ciphertext that has just come in whole and right, for the readers who wait for it: they need not wait until Synapse has written it and
 * reads it again. In memory, for some seconds. Whoever asks passes the same gate as for the stored bytes.
 */
export type RecentMedia = {
  put(mxc: string, bytes: Buffer): void;
  get(mxc: string): Buffer | undefined;
  /** Calls back when the bytes come in. */
  onPut(mxc: string, call: () => void): Disposable;
};

const keepMs = 20_000;
/** As much as two of the largest: what is more than that is read back from Synapse. */
const roomBytes = 2 * maxUploadBytes;

export function createRecentMedia(clock: Clock): RecentMedia {
  const kept = new Map<string, { readonly bytes: Buffer; readonly untilMs: number }>();
  const waiting = new Map<string, Set<() => void>>();
  let total = 0;

  const remove = (mxc: string): void => {
    total -= kept.get(mxc)?.bytes.length ?? 0;
    kept.delete(mxc);
  };

  const tidy = (needed: number): void => {
    for (const [mxc, { untilMs }] of kept) if (untilMs <= clock() || total + needed > roomBytes) remove(mxc);
  };

  return {
    put(mxc, bytes) {
      remove(mxc);
      tidy(bytes.length);
      kept.set(mxc, { bytes, untilMs: clock() + keepMs });
      total += bytes.length;
      setTimeout(() => tidy(0), keepMs + 1).unref();
      for (const call of waiting.get(mxc) ?? []) call();
    },
    get(mxc) {
      const found = kept.get(mxc);
      return found === undefined || found.untilMs <= clock() ? undefined : found.bytes;
    },
    onPut(mxc, call) {
      const calls = waiting.get(mxc) ?? new Set();
      waiting.set(mxc, calls.add(call));
      return {
        [Symbol.dispose]: () => {
          calls.delete(call);
          if (calls.size === 0 && waiting.get(mxc) === calls) waiting.delete(mxc);
        },
      };
    },
  };
}
