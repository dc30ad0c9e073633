import { createStore, type StoreApi } from "zustand/vanilla";
import { foldCase } from "#protocol/case-state.ts";
import type { CaseEvent } from "#protocol/events.ts";
import { refOfEvent, refOfItem, refOfPicture } from "./outbox/item.ts";
import type { LiveItem, Outbox } from "./outbox/outbox.ts";
import type { RoomView } from "./timeline/room-reader.ts";
import type { TimelineState } from "./timeline/timeline.ts";
import type {
  CaseRecord,
  CasesState,
  ConnectionState,
  OutgoingRequest,
  PendingItem,
  PendingPhoto,
} from "./types.ts";

/**
 * What the screens see of the cases: rooms as read, joined with what this device still has to send. A thing is either pending or
 * in the case, never both and never neither: it passes over when the homeserver has its event and all its bytes.
 */
export type Cases = {
  readonly store: StoreApi<CasesState>;
  /** Follows a timeline until the signal; without one, there are only outgoing items. */
  follow(timeline: StoreApi<TimelineState>, me: { userId: string; bot: string }, signal: AbortSignal): void;
  clear(): void;
};

const nothing: TimelineState = { loaded: false, synced: false, byRoom: new Map() };

export function createCases(
  outbox: Pick<Outbox, "store" | "settle">,
  connection: StoreApi<Pick<ConnectionState, "homeserver">>,
): Cases {
  const store = createStore<CasesState>(() => ({
    loaded: false,
    synced: false,
    byRoom: new Map(),
    outgoing: [],
  }));
  const memo = new Map<string, { view: RoomView; pendingKey: string; record: CaseRecord }>();
  let source: { timeline: StoreApi<TimelineState>; userId: string; bot: string } | null = null;

  const recordOf = (view: RoomView, items: readonly LiveItem[], bot: string, userId: string): CaseRecord => {
    const kept = memo.get(view.roomId);
    // The same object for what did not change: views compare by identity.
    if (kept?.view === view && items.length === 0 && kept.record.pending.length === 0) return kept.record;
    const hidden = refsOf(items);
    const pendingKey = [...hidden].join("\n");
    const state =
      kept !== undefined && kept.view === view && kept.pendingKey === pendingKey
        ? kept.record.state
        : foldCase(
            view.events.filter((event) => !isHidden(event, hidden, userId)),
            bot,
          );
    const { roomId, caseId, members, invited, unreadable, refused } = view;
    const pending = items.map((item) => pendingOf(item, isOffline())).filter((item) => item !== null);
    const record = { roomId, caseId, state, members, invited, unreadable, refused, pending };
    memo.set(roomId, { view, pendingKey, record });
    return record;
  };

  const isOffline = (): boolean => connection.getState().homeserver === "offline";

  const publish = (): void => {
    const { items } = outbox.store.getState();
    const views = source?.timeline.getState() ?? nothing;
    const settled = source === null ? [] : settledItems(items, views.byRoom, source.userId);
    const settledIds = new Set(settled.map((item) => item.localId));
    const open = items.filter((item) => !settledIds.has(item.localId));
    const outgoing = outgoingOf(open, isOffline());
    const notYet = new Set<string>(outgoing.map((request) => request.request.caseId));
    const byRoom = new Map<string, CaseRecord>();
    for (const view of views.byRoom.values()) {
      if (source === null || notYet.has(view.caseId)) continue;
      const mine = open.filter((item) => item.caseId === view.caseId);
      byRoom.set(view.roomId, recordOf(view, mine, source.bot, source.userId));
    }
    store.setState({ loaded: views.loaded, synced: views.synced, byRoom, outgoing });
    if (settled.length > 0) outbox.settle([...settledIds]);
  };

  outbox.store.subscribe(publish);
  connection.subscribe((now, before) => {
    if ((now.homeserver === "offline") !== (before.homeserver === "offline")) publish();
  });
  return {
    store,
    follow(timeline, me, signal) {
      source = { timeline, ...me };
      const stop = timeline.subscribe(publish);
      signal.addEventListener("abort", stop, { once: true });
      publish();
    },
    clear() {
      source = null;
      memo.clear();
      publish();
    },
  };
}

const refsOf = (items: readonly LiveItem[]): ReadonlySet<string> =>
  new Set(
    items
      .flatMap((item) => {
        const ref = refOfItem(item);
        // While a photo is pending here, its preview in the room is no second photo.
        if (isPhoto(item)) return [ref, refOfPicture({ ...item.body.facts, rendition: "preview" })];
        return ref === null ? [] : [ref];
      })
      .filter((ref) => ref !== null),
  );

type PhotoItem = LiveItem & { readonly body: Extract<LiveItem["body"], { kind: "picture" }> };

/** The whole picture of a photo, for which its preview stands in no list of its own. */
const isPhoto = (item: LiveItem): item is PhotoItem =>
  item.body.kind === "picture" && item.body.facts.rendition === "full";

function isHidden(event: CaseEvent, hidden: ReadonlySet<string>, userId: string): boolean {
  if (hidden.size === 0 || event.sender !== userId) return false;
  const ref = refOfEvent(event);
  return ref !== null && hidden.has(ref);
}

/** Done, and the room says so too. */
function settledItems(
  items: readonly LiveItem[],
  views: ReadonlyMap<string, RoomView>,
  userId: string,
): LiveItem[] {
  const done = items.filter((item) => item.done);
  if (done.length === 0) return [];
  const echoes = new Set<string>();
  for (const view of views.values())
    for (const event of view.events) {
      if (event.sender !== userId) continue;
      echoes.add(event.eventId);
    }
  return done.filter((item) => item.eventId !== null && echoes.has(item.eventId));
}

/** A request stays outgoing until its event is in the room: a case without its question is not shown. */
function outgoingOf(items: readonly LiveItem[], isOffline: boolean): OutgoingRequest[] {
  return items.flatMap((item) => {
    if (item.body.kind !== "request") return [];
    const whole = items.filter((each) => each.caseId === item.caseId);
    const failed = whole.find((each) => each.failed !== null);
    return [
      {
        localId: item.localId,
        request: item.body.request,
        photos: whole.filter(isPhoto).length,
        state:
          failed !== undefined
            ? "failed"
            : whole.some((each) => stateOf(each, isOffline) === "sending")
              ? "sending"
              : "waiting",
        error: failed?.failed ?? null,
      },
    ];
  });
}

function pendingOf(item: LiveItem, isOffline: boolean): PendingItem | null {
  const { body } = item;
  if (body.kind === "register" || body.kind === "room") return null;
  if (body.kind === "picture" && !isPhoto(item)) return null;
  return {
    localId: item.localId,
    kind: body.kind === "picture" ? "photo" : body.kind === "withdraw" ? "withdrawal" : body.kind,
    state: stateOf(item, isOffline),
    error: item.failed,
    atMs: item.atMs,
    text: textOf(body),
    photo: photoOf(item),
    progress: item.progress,
  };
}

/** Without a network nothing gets on, although a step that was begun may not have given up yet. */
function stateOf(item: LiveItem, isOffline: boolean): PendingItem["state"] {
  if (item.failed !== null) return "failed";
  return item.done || (item.sending && !isOffline) ? "sending" : "waiting";
}

function textOf(body: LiveItem["body"]): string | null {
  if (body.kind === "message") return body.text;
  if (body.kind !== "response") return null;
  if (body.response.kind === "declined") return body.response.reason;
  return body.response.kind === "more-asked" ? body.response.question : null;
}

function photoOf(item: LiveItem): PendingPhoto | null {
  if (!isPhoto(item) || item.picture === null) return null;
  const { photoId, site, view, clip, rendition } = item.body.facts;
  return { photoId, site, view, jpeg: item.picture, ...(rendition === "full" && clip && { clip }) };
}
