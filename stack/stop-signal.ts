import { StackFailure } from "./failure.ts";

/** A signal that fires on Ctrl-C, SIGTERM, a closed terminal, and the death of the program that started this one. */
export function stopSignal(): { readonly signal: AbortSignal; dispose(): void } {
  const abort = new AbortController();
  const stop = () => abort.abort(new StackFailure("Stopped."));
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of signals) process.on(name, stop);
  process.on("disconnect", stop);
  return {
    signal: abort.signal,
    dispose() {
      for (const name of signals) process.off(name, stop);
      process.off("disconnect", stop);
    },
  };
}
