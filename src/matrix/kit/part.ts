/** A part of the application did not arrive: no network at that moment, or a newer build took its place. Loading the page again mends it. */
export class NotLoadedError extends Error {
  override readonly name = "NotLoadedError";
}

/** A part that is loaded once, by the first who asks. A load that failed is tried again by the next. */
export function createPart<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | null = null;
  return () => {
    loading ??= load().catch((cause: unknown) => {
      loading = null;
      throw new NotLoadedError("A part of the application did not arrive", { cause });
    });
    return loading;
  };
}
