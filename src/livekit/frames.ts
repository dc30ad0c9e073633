/** A picture that did not change for this long is not presented as live. */
export const staleAfterMs = 1000;

/** When the last picture of each participant was on screen, as the elements that show them tell. */
export type Frames = {
  /** Watches an element; returns how to stop. */
  watch(key: string, element: HTMLVideoElement): () => void;
  /** Since when no new picture came, 0 for a live one; null when none ever came or none is watched. */
  staleMs(key: string, nowMs: number): number | null;
  /** The page was out of sight, when browsers draw nothing: counting begins anew. */
  seenAgain(nowMs: number): void;
  forget(key: string): void;
};

export function createFrames(now: () => number): Frames {
  const last = new Map<string, number>();
  const watchers = new Map<string, number>();

  return {
    watch(key, element) {
      let stopped = false;
      const ask = (): void => {
        element.requestVideoFrameCallback(() => {
          if (stopped) return;
          last.set(key, now());
          ask();
        });
      };
      watchers.set(key, (watchers.get(key) ?? 0) + 1);
      ask();
      return () => {
        stopped = true;
        watchers.set(key, (watchers.get(key) ?? 1) - 1);
        if (watchers.get(key) === 0) watchers.delete(key);
      };
    },
    staleMs(key, nowMs) {
      const at = last.get(key);
      if (at === undefined) return null;
      if (!watchers.has(key)) return 0;
      return nowMs - at > staleAfterMs ? nowMs - at : 0;
    },
    seenAgain(nowMs) {
      for (const key of last.keys()) last.set(key, nowMs);
    },
    forget: (key) => void last.delete(key),
  };
}
