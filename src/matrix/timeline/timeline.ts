import {
  ClientEvent,
  Direction,
  type MatrixEvent,
  MatrixEventEvent,
  type Room,
  RoomStateEvent,
  RoomEvent as SdkRoomEvent,
  type SyncState,
  type SyncStateData,
} from "matrix-js-sdk";
import { CryptoEvent } from "matrix-js-sdk/lib/crypto-api/index.js";
import { createStore, type StoreApi } from "zustand/vanilla";
import { caseIdKey, caseRoomType } from "#protocol/events.ts";
import { caseIdSchema } from "#protocol/ids.ts";
import type { PublicJwk } from "#protocol/signed.ts";
import { judgePlace, placeKey, type RatchetPlace } from "#protocol/trust.ts";
import { type Clock, drop, pauseMs } from "../kit/clock.ts";
import type { Sdk } from "../session/sdk.ts";
import { type Admitted, admitAll, type Judged, judge, type RoomEvent } from "./admit.ts";
import type { KeptRooms } from "./kept-rooms.ts";
import { createKeyAsker } from "./keys.ts";
import { readEvent } from "./read-event.ts";

/** A case room as this device can read it now. */
export type RoomView = Admitted & {
  readonly roomId: string;
  readonly caseId: string;
  readonly members: readonly string[];
  readonly invited: readonly string[];
};

export type TimelineState = {
  /** Something is known: from the homeserver, or what this device kept. */
  readonly loaded: boolean;
  /** The homeserver's word on every room is in. */
  readonly synced: boolean;
  readonly byRoom: ReadonlyMap<string, RoomView>;
};

export type Timeline = {
  readonly store: StoreApi<TimelineState>;
  /** The room of a case as the homeserver knows it, read or not yet: keeps a case from being created twice. */
  roomOfCase(caseId: string): string | null;
  stop(): void;
};

export type TimelineDeps = {
  readonly sdk: Sdk;
  readonly userId: string;
  readonly bot: string;
  readonly registryKey: PublicJwk;
  readonly kept: KeptRooms;
  readonly clock: Clock;
};

/** Longest case that is read whole; a conversation of that length is no case any more. */
const maxEvents = 5000;
const pageSize = 200;

/**
 * Reads every case room from its beginning: joins what the archivist invites to, pages back, decrypts, judges, and tells the store.
 * Each room on its own: what breaks one is retried with its next event, and leaves the others alone.
 */
export function createTimeline(deps: TimelineDeps): Timeline {
  const { sdk, bot, clock, kept } = deps;
  const { client } = sdk;
  const store = createStore<TimelineState>(() => ({ loaded: false, synced: false, byRoom: new Map() }));
  const stopped = new AbortController();
  const judgedById = new Map<string, { raw: RoomEvent; verdict: Judged }>();
  const places = new Map<string, string>();
  const running = new Map<string, { again: boolean }>();
  const joining = new Set<string>();
  let begun = false;
  const askForKeys = createKeyAsker({ sdk, bot, clock, signal: stopped.signal });

  const publish = (roomId: string, view: RoomView | null): void => {
    const byRoom = new Map(store.getState().byRoom);
    if (view === null) byRoom.delete(roomId);
    else byRoom.set(roomId, view);
    store.setState({ byRoom });
  };

  const claim = (place: RatchetPlace, eventId: string): boolean => {
    const key = placeKey(place);
    const verdict = judgePlace(places.get(key), eventId);
    if (verdict === "first") places.set(key, eventId);
    return verdict !== "replay";
  };

  const judgeOnce = async (event: MatrixEvent, caseId: string) => {
    const id = event.getId() ?? "";
    const kept = judgedById.get(id);
    if (kept !== undefined && !event.isRedacted()) return kept;
    const raw = await readEvent(event, sdk.crypto);
    const judged = { raw, verdict: await judge(raw, caseId, deps.registryKey) };
    if (judged.verdict.kind !== "unreadable") judgedById.set(id, judged);
    return judged;
  };

  const readRoom = async (room: Room): Promise<void> => {
    const caseId = caseIdOf(room);
    if (caseId === null || room.getMyMembership() !== "join") {
      if (store.getState().byRoom.has(room.roomId)) publish(room.roomId, null);
      kept.forget(room.roomId);
      return;
    }
    await pageBack(client, room);
    const events = room.getLiveTimeline().getEvents();
    const judged = await Promise.all(events.map((event) => judgeOnce(event, caseId)));
    if (stopped.signal.aborted) return;
    const admitted = admitAll(judged, claim);
    const view: RoomView = {
      ...admitted,
      roomId: room.roomId,
      caseId,
      members: room.getJoinedMembers().map((member) => member.userId),
      invited: room.getMembersWithMembership("invite").map((member) => member.userId),
    };
    publish(room.roomId, view);
    kept.keep(
      view,
      judged.map((each) => each.raw),
    );
    if (admitted.unreadable.some((each) => each.reason !== "sender-not-verified")) askForKeys(room.roomId);
  };

  /** One reading of a room at a time; what comes meanwhile asks for one more. A reading that fails is tried again after a pause. */
  const refresh = async (room: Room): Promise<void> => {
    const mine = running.get(room.roomId);
    if (mine !== undefined) {
      mine.again = true;
      return;
    }
    const run = { again: true };
    running.set(room.roomId, run);
    for (let attempt = 0; run.again && !stopped.signal.aborted; ) {
      run.again = false;
      try {
        await readRoom(room);
        attempt = 0;
      } catch {
        run.again = true;
        await clock.wait(pauseMs(attempt), stopped.signal);
        attempt += 1;
      }
    }
    running.delete(room.roomId);
  };

  /** Follows the archivist into a case. Stays marked as joining until the room says so, so that it is done once. */
  const join = async (room: Room): Promise<void> => {
    if (joining.has(room.roomId)) return;
    joining.add(room.roomId);
    for (let attempt = 0; room.getMyMembership() === "invite" && !stopped.signal.aborted; attempt += 1) {
      // The SDK tells of an invitation before it keeps the room, and looks there for the inviter whose keys it then accepts.
      while (client.getRoom(room.roomId) === null && !stopped.signal.aborted)
        await clock.wait(10, stopped.signal);
      await client.joinRoom(room.roomId).catch(() => undefined);
      await untilMember(room, clock, stopped.signal, pauseMs(attempt));
    }
    joining.delete(room.roomId);
    consider(room);
  };

  const consider = (room: Room): void => {
    // Before the first sync is whole, and what was kept is claimed, nothing is judged.
    if (!begun) return;
    if (room.getMyMembership() !== "invite") drop(refresh(room));
    else if (inviterOf(room, deps.userId) === bot) drop(join(room));
  };

  const readAll = async (): Promise<void> => {
    begun = true;
    const rooms = client.getRooms();
    const joined = rooms.filter((room) => room.getMyMembership() === "join");
    await Promise.all(joined.map((room) => refresh(room)));
    if (stopped.signal.aborted) return;
    store.setState({ loaded: true, synced: true });
    for (const room of rooms) if (room.getMyMembership() === "invite") consider(room);
  };

  /** Cases that this person is no longer in. Said only by a later sync: the first may be a copy that is older than what was kept. */
  const forgetLeft = (): void => {
    for (const roomId of store.getState().byRoom.keys()) {
      if (client.getRoom(roomId)?.getMyMembership() === "join") continue;
      publish(roomId, null);
      kept.forget(roomId);
    }
  };
  const onSync = (_state: SyncState, _before: SyncState | null, data?: SyncStateData): void => {
    if (!begun || data?.oldSyncToken === undefined) return;
    client.off(ClientEvent.Sync, onSync);
    forgetLeft();
  };

  const showKept = async (): Promise<void> => {
    const rooms = await kept.load();
    for (const { place, eventId } of rooms.flatMap((room) => room.places)) claim(place, eventId);
    const { byRoom, synced } = store.getState();
    if (rooms.length === 0 || synced || stopped.signal.aborted) return;
    store.setState({
      loaded: true,
      byRoom: new Map([...rooms.map(({ view }) => [view.roomId, view] as const), ...byRoom]),
    });
  };

  /** What was kept first: places in a ratchet belong to whom this device saw take them, in whatever order they come now. */
  const begin = async (): Promise<void> => {
    await showKept().catch(() => undefined);
    await firstSync(client, stopped.signal);
    await readAll();
  };

  const onEvent = (_event: MatrixEvent, room: Room | undefined): void => {
    if (room !== undefined) consider(room);
  };
  const onDecrypted = (event: MatrixEvent): void => {
    judgedById.delete(event.getId() ?? "");
    const room = client.getRoom(event.getRoomId());
    if (room !== null) consider(room);
  };
  const onMembers = (_event: MatrixEvent, state: { readonly roomId: string }): void => {
    const room = client.getRoom(state.roomId);
    if (room !== null) consider(room);
  };
  // The SDK does not try again what it refused for a device it did not know: a colleague's keys may only now be here.
  const onDevices = (users: string[]): void => {
    for (const room of client.getRooms()) drop(retrySenders(room, new Set(users), sdk));
  };

  client.on(ClientEvent.Sync, onSync);
  client.on(ClientEvent.Room, consider);
  client.on(SdkRoomEvent.Timeline, onEvent);
  client.on(SdkRoomEvent.MyMembership, consider);
  client.on(SdkRoomEvent.Redaction, onEvent);
  client.on(RoomStateEvent.Members, onMembers);
  client.on(MatrixEventEvent.Decrypted, onDecrypted);
  client.on(CryptoEvent.DevicesUpdated, onDevices);
  drop(begin());

  return {
    store,
    roomOfCase: (caseId) =>
      client.getRooms().find((room) => room.getMyMembership() === "join" && caseIdOf(room) === caseId)
        ?.roomId ?? null,
    stop() {
      stopped.abort();
      client.off(ClientEvent.Sync, onSync);
      client.off(ClientEvent.Room, consider);
      client.off(SdkRoomEvent.Timeline, onEvent);
      client.off(SdkRoomEvent.MyMembership, consider);
      client.off(SdkRoomEvent.Redaction, onEvent);
      client.off(RoomStateEvent.Members, onMembers);
      client.off(MatrixEventEvent.Decrypted, onDecrypted);
      client.off(CryptoEvent.DevicesUpdated, onDevices);
    },
  };
}

/** Resolves once the homeserver answered the first sync of this page. */
function firstSync(client: Sdk["client"], signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const isThere = (): boolean => client.isInitialSyncComplete();
    if (isThere()) return resolve();
    const look = (): void => {
      if (!isThere() && !signal.aborted) return;
      client.off(ClientEvent.Sync, look);
      resolve();
    };
    client.on(ClientEvent.Sync, look);
    signal.addEventListener("abort", look, { once: true });
  });
}

/** The case that a room was created for; null for any other kind of room. */
function caseIdOf(room: Room): string | null {
  const content: unknown = room.currentState.getStateEvents("m.room.create", "")?.getContent();
  if (content === null || typeof content !== "object" || !("type" in content)) return null;
  if (content.type !== caseRoomType || !(caseIdKey in content)) return null;
  const parsed = caseIdSchema.safeParse(content[caseIdKey]);
  return parsed.success ? parsed.data : null;
}

/** The answer to a join is a little ahead of the sync that tells of it. */
async function untilMember(room: Room, clock: Clock, signal: AbortSignal, longestMs: number): Promise<void> {
  const endMs = clock.nowMs() + longestMs;
  while (room.getMyMembership() === "invite" && clock.nowMs() < endMs && !signal.aborted)
    await clock.wait(20, signal);
}

const inviterOf = (room: Room, userId: string): string | undefined =>
  room.getMember(userId)?.events.member?.getSender();

async function pageBack(client: Sdk["client"], room: Room): Promise<void> {
  const timeline = room.getLiveTimeline();
  while (
    timeline.getPaginationToken(Direction.Backward) !== null &&
    timeline.getEvents()[0]?.getType() !== "m.room.create" &&
    timeline.getEvents().length < maxEvents
  ) {
    await client.scrollback(room, pageSize);
  }
}

async function retrySenders(room: Room, users: ReadonlySet<string>, sdk: Sdk): Promise<void> {
  for (const event of room.getLiveTimeline().getEvents()) {
    if (event.isDecryptionFailure() && users.has(event.getSender() ?? ""))
      await event.attemptDecryption(sdk.crypto, { isRetry: true });
  }
}
