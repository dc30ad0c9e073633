import { createStore, type StoreApi } from "zustand/vanilla";
import type { Rendition } from "#protocol/receipt.ts";
import type { Door, Picture, PictureRefusal } from "../../matrix/types.ts";

export type PictureState =
  | { readonly step: "loading"; readonly preview: string | null }
  | { readonly step: "shown"; readonly url: string; readonly rendition: Rendition; readonly sha256: string }
  | { readonly step: "refused"; readonly refusal: PictureRefusal };

/** Pictures by event id. */
export type Pictures = ReadonlyMap<string, PictureState>;

export type PictureModel = {
  readonly store: StoreApi<Pictures>;
  /** Asks for the small rendition. Asking again for what is there or on its way does nothing. */
  preview(eventId: string): void;
  /** Asks for the whole picture; the small one stays until it is there. */
  full(eventId: string): void;
  /** Asks again; nothing else does, save for what is still arriving. */
  retry(eventId: string): void;
  /** The network or the registry is back: asks again for what lacked only that. */
  retryMendable(): void;
  /** Frees every picture. */
  dispose(): void;
};

type Ports = {
  readonly readPicture: Door["readPicture"];
  readonly roomId: string;
  /** Runs something later; returns how to call it off. */
  readonly later: (ms: number, run: () => void) => () => void;
};

/** Waits between attempts at a picture that is announced but not there yet. */
const arrivingDelaysMs = [500, 1000, 2000, 4000, 8000, 15_000];

export function createPictureModel({ readPicture, roomId, later }: Ports): PictureModel {
  const store = createStore<Pictures>(() => new Map());
  const held = new Map<string, Picture>();
  const asked = new Set<string>();
  const timers = new Set<() => void>();
  let disposed = false;

  const put = (eventId: string, state: PictureState) =>
    store.setState(new Map(store.getState()).set(eventId, state), true);

  const free = (eventId: string) => {
    held.get(eventId)?.release();
    held.delete(eventId);
  };

  const ask = async (eventId: string, rendition: Rendition, attempt = 0): Promise<void> => {
    const key = `${eventId} ${rendition}`;
    if (disposed || (asked.has(key) && attempt === 0)) return;
    asked.add(key);
    const before = store.getState().get(eventId);
    if (before?.step !== "shown") put(eventId, { step: "loading", preview: null });
    const answer = await readPicture(roomId, eventId, rendition);
    if (disposed) {
      if (answer.ok) answer.value.release();
      return;
    }
    if (!answer.ok) return refused(eventId, rendition, answer.error, attempt);
    const now = store.getState().get(eventId);
    if (rendition === "preview" && now?.step === "shown" && now.rendition === "full") {
      answer.value.release();
      return;
    }
    free(eventId);
    held.set(eventId, answer.value);
    put(eventId, { step: "shown", url: answer.value.url, rendition, sha256: answer.value.sha256 });
  };

  const refused = (eventId: string, rendition: Rendition, refusal: PictureRefusal, attempt: number) => {
    const delayMs = refusal.kind === "arriving" ? arrivingDelaysMs[attempt] : undefined;
    if (delayMs !== undefined) {
      const off = later(delayMs, () => {
        timers.delete(off);
        void ask(eventId, rendition, attempt + 1);
      });
      timers.add(off);
    }
    // A whole picture that is late leaves the small one where it is; a withdrawn or refused one takes it away.
    const soft = refusal.kind === "arriving" || refusal.kind === "unavailable";
    if (soft && store.getState().get(eventId)?.step === "shown") return;
    free(eventId);
    put(eventId, { step: "refused", refusal });
  };

  const retry = (eventId: string) => {
    asked.delete(`${eventId} preview`);
    asked.delete(`${eventId} full`);
    void ask(eventId, "preview").then(() => ask(eventId, "full"));
  };

  return {
    store,
    preview: (eventId) => void ask(eventId, "preview"),
    full: (eventId) => void ask(eventId, "full"),
    retry,
    retryMendable() {
      for (const [eventId, state] of store.getState())
        if (state.step === "refused" && isMendable(state.refusal)) retry(eventId);
    },
    dispose() {
      disposed = true;
      for (const off of timers) off();
      for (const eventId of [...held.keys()]) free(eventId);
    },
  };
}

const isMendable = (refusal: PictureRefusal): boolean =>
  refusal.kind === "unavailable" ||
  refusal.kind === "arriving" ||
  (refusal.kind === "refused" && (refusal.reason === "status-stale" || refusal.reason === "status-unknown"));
