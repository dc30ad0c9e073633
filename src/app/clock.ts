/** The machine's clock, as the models take it. */
export const clock = {
  now: () => Date.now(),
  later: (ms: number, run: () => void): (() => void) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
