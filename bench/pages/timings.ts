/** Where the time of one photo went, for `--verbose`: marks of the page, and the requests that ended after the shutter. */
export type Timings = {
  /** Begins anew at the shutter. */
  begin(startedAtMs: number): void;
  mark(name: string): void;
  /** In milliseconds from the shutter, which may have been another page's. */
  since(startedAtMs: number): string;
};

export function createTimings(): Timings {
  let marks: string[] = [];
  let beganAtMs = 0;
  return {
    begin(startedAtMs) {
      beganAtMs = startedAtMs;
      marks = [];
      performance.clearResourceTimings();
    },
    mark: (name) => void marks.push(`${Date.now() - beganAtMs} ${name}`),
    since(startedAtMs) {
      const requests = performance.getEntriesByType("resource").flatMap((entry) => {
        if (!(entry instanceof PerformanceResourceTiming) || entry.name.startsWith("blob:")) return [];
        const from = Math.round(performance.timeOrigin + entry.startTime - startedAtMs);
        const to = Math.round(performance.timeOrigin + entry.responseEnd - startedAtMs);
        return to < 0 ? [] : [`${from}-${to} ${nameOf(new URL(entry.name).pathname)}`];
      });
      return [...marks, ...requests].join(" | ");
    },
  };
}

/** The step of a path that tells what it is for. */
const nameOf = (path: string): string =>
  /\/(permits|leases|upload|download|send|sync|sendToDevice|claim|query)\b/.exec(path)?.[1] ?? path;
