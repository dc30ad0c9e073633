import { createStore, type StoreApi } from "zustand/vanilla";
import { errorTable } from "#protocol/errors.ts";
import type { Rendition } from "#protocol/receipt.ts";
import type { Door, Picture, PictureRefusal } from "../../matrix/types.ts";

export type PictureState =
  | { readonly step: "loading"; readonly preview: string | null }
  | { readonly step: "shown"; readonly url: string; readonly rendition: Rendition; readonly sha256: string }
  | { readonly step: "refused"; readonly refusal: PictureRefusal };

/** Pictures by event id. */
export type Pictures = ReadonlyMap<string, PictureState>;

/** Who looks: a person, or this device that prepares something small for later. The access log tells them apart. */
export type How = "view" | "machine";

export type PictureModel = {
  readonly store: StoreApi<Pictures>;
  /** Asks for the small rendition. Asking again for what is there or on its way does nothing. */
  preview(eventId: string, how: How): void;
  /** Asks for the whole picture; the small one stays until it is there. */
  full(eventId: string): void;
  /** Asks again; nothing else does, save for what is still arriving. */
  retry(eventId: string): void;
  /** The network or the registry is back: asks again for what lacked only that. */
  retryMendable(): void;
  /** The patient said something new, or the glass was broken: asks again for what the gate refused. */
  retryRefused(): void;
  /** Takes these off the screen at once, also what is on its way: the patient changed their mind. */
  withdraw(eventIds: readonly string[]): void;
  /** Frees the pictures of events that are no more. */
  keepOnly(eventIds: ReadonlySet<string>): void;
  /** Frees every picture. */
  dispose(): void;
};

type Ports = {
  readonly door: Pick<Door, "readPicture" | "mayStillShow">;
  readonly roomId: string;
  /** Runs something later; returns how to call it off. */
  readonly later: (ms: number, run: () => void) => () => void;
};

/** Waits between attempts at a picture that is announced but not there yet. */
const arrivingDelaysMs = [500, 1000, 2000, 4000, 8000, 15_000];
/** How often what is on screen asks its gate again. A lease lives for a minute, and most times it is still the same. */
const lookAgainMs = 20_000;

export function createPictureModel({ door, roomId, later }: Ports): PictureModel {
  const store = createStore<Pictures>(() => new Map());
  const held = new Map<string, Picture>();
  const asked = new Map<string, How>();
  /** Raised when a picture is taken away: an answer to an earlier question is then too late. */
  const rounds = new Map<string, number>();
  const timers = new Set<() => void>();
  let disposed = false;

  const put = (eventId: string, state: PictureState) =>
    store.setState(new Map(store.getState()).set(eventId, state), true);

  const free = (eventId: string) => {
    held.get(eventId)?.release();
    held.delete(eventId);
  };

  const takeAway = (eventId: string, refusal: PictureRefusal) => {
    rounds.set(eventId, (rounds.get(eventId) ?? 0) + 1);
    free(eventId);
    put(eventId, { step: "refused", refusal });
  };

  const after = (ms: number, run: () => void) => {
    const off = later(ms, () => {
      timers.delete(off);
      run();
    });
    timers.add(off);
  };

  const ask = async (eventId: string, rendition: Rendition, how: How, attempt = 0): Promise<void> => {
    const key = `${eventId} ${rendition}`;
    const before = asked.get(key);
    // A person's look is told even where the machine was there before.
    const known = before !== undefined && (before === "view" || how === "machine");
    if (disposed || (known && attempt === 0)) return;
    asked.set(key, how);
    const round = rounds.get(eventId) ?? 0;
    if (store.getState().get(eventId)?.step !== "shown") put(eventId, { step: "loading", preview: null });
    const answer = await door.readPicture(roomId, eventId, rendition, how);
    if (disposed || round !== (rounds.get(eventId) ?? 0)) {
      if (answer.ok) answer.value.release();
      return;
    }
    if (!answer.ok) return refused(eventId, rendition, how, answer.error, attempt);
    const shown = store.getState().get(eventId);
    if (rendition === "preview" && shown?.step === "shown" && shown.rendition === "full") {
      answer.value.release();
      return;
    }
    free(eventId);
    held.set(eventId, answer.value);
    put(eventId, { step: "shown", url: answer.value.url, rendition, sha256: answer.value.sha256 });
  };

  const refused = (
    eventId: string,
    rendition: Rendition,
    how: How,
    refusal: PictureRefusal,
    attempt: number,
  ) => {
    const delayMs = refusal.kind === "arriving" ? arrivingDelaysMs[attempt] : undefined;
    if (delayMs !== undefined) after(delayMs, () => void ask(eventId, rendition, how, attempt + 1));
    // A whole picture that is late leaves the small one where it is; a withdrawn or refused one takes it away.
    if (isMendable(refusal) && store.getState().get(eventId)?.step === "shown") return;
    free(eventId);
    put(eventId, { step: "refused", refusal });
  };

  const retry = (eventId: string) => {
    asked.delete(`${eventId} preview`);
    asked.delete(`${eventId} full`);
    void ask(eventId, "preview", "view").then(() => ask(eventId, "full", "view"));
  };

  const retryWhere = (mends: (refusal: PictureRefusal) => boolean) => {
    for (const [eventId, state] of store.getState())
      if (state.step === "refused" && mends(state.refusal)) retry(eventId);
  };

  /** What is on screen asks its gate again, which knows how long the registry may be silent. */
  const lookAgain = async () => {
    for (const [eventId, picture] of [...held]) {
      const answer = await door.mayStillShow(roomId, eventId);
      if (disposed || held.get(eventId) !== picture) continue;
      if (!answer.ok && answer.error.kind !== "arriving") takeAway(eventId, answer.error);
    }
    if (!disposed) after(lookAgainMs, () => void lookAgain());
  };
  after(lookAgainMs, () => void lookAgain());

  return {
    store,
    preview: (eventId, how) => void ask(eventId, "preview", how),
    full: (eventId) => void ask(eventId, "full", "view"),
    retry,
    retryMendable: () => retryWhere(isMendable),
    retryRefused: () => retryWhere((refusal) => refusal.kind === "refused"),
    withdraw(eventIds) {
      for (const eventId of eventIds) {
        const state = store.getState().get(eventId);
        if (state?.step === "refused" && state.refusal.kind === "withdrawn") continue;
        takeAway(eventId, { kind: "withdrawn" });
      }
    },
    keepOnly(eventIds) {
      const gone = [...store.getState().keys()].filter((eventId) => !eventIds.has(eventId));
      if (gone.length === 0) return;
      for (const eventId of gone) {
        rounds.set(eventId, (rounds.get(eventId) ?? 0) + 1);
        free(eventId);
      }
      store.setState(new Map([...store.getState()].filter(([eventId]) => eventIds.has(eventId))), true);
    },
    dispose() {
      disposed = true;
      for (const off of timers) off();
      for (const eventId of [...held.keys()]) free(eventId);
    },
  };
}

const isMendable = (refusal: PictureRefusal): boolean =>
  (refusal.kind === "unavailable" && errorTable[refusal.code].retry === "later") ||
  refusal.kind === "arriving" ||
  (refusal.kind === "refused" && (refusal.reason === "status-stale" || refusal.reason === "status-unknown"));
