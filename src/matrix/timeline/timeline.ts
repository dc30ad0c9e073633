import type { MatrixEvent, Room, SyncState, SyncStateData } from "matrix-js-sdk";
import { ClientEvent } from "matrix-js-sdk/lib/client.js";
import { CryptoEvent } from "matrix-js-sdk/lib/crypto-api/index.js";
import { MatrixEventEvent } from "matrix-js-sdk/lib/models/event.js";
import { RoomEvent as SdkRoomEvent } from "matrix-js-sdk/lib/models/room.js";
import { RoomStateEvent } from "matrix-js-sdk/lib/models/room-state.js";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { RegistryKey } from "#protocol/signed.ts";
import { type Clock, drop } from "../kit/clock.ts";
import type { Sdk } from "../session/sdk.ts";
import { createJoiner } from "./joining.ts";
import type { KeptRooms } from "./kept-rooms.ts";
import { createKeyAsker } from "./keys.ts";
import { createRefresher } from "./refresher.ts";
import { caseIdOf, hasMember, isInvited, isJoined } from "./room-facts.ts";
import { createRoomReader, type RoomView, retrySenders } from "./room-reader.ts";

export type TimelineState = {
  /** Something is known: from the homeserver, or what this device kept. */
  readonly loaded: boolean;
  /** The homeserver's word on every room is in. */
  readonly synced: boolean;
  readonly byRoom: ReadonlyMap<string, RoomView>;
};

export type Timeline = {
  readonly store: StoreApi<TimelineState>;
  /**
   * The room of a case as the homeserver knows it, read or not yet: keeps a case from being created twice. A room without the archivist
   * is none: its creation broke off halfway, and nothing said there could be filed.
   */
  roomOfCase(caseId: string): string | null;
  /** Leaves what broken creations left of a case, once its whole room is there. */
  leaveHalfMade(caseId: string, wholeRoomId: string): void;
};

export type TimelineDeps = {
  readonly sdk: Sdk;
  readonly userId: string;
  readonly bot: string;
  readonly registryKey: RegistryKey;
  readonly kept: KeptRooms;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/**
 * The cases of this person, in this order: what the device kept → the first sync → every case read from its beginning → what comes.
 * Ratchet places that the device saw taken are claimed first, so that no order of events that a homeserver chooses can give them away.
 */
export function createTimeline(deps: TimelineDeps): Timeline {
  const { sdk, kept, bot, signal } = deps;
  const { client } = sdk;
  const roomsOf = (caseId: string): Room[] =>
    client.getRooms().filter((room) => isJoined(room) && caseIdOf(room) === caseId);
  const store = createStore<TimelineState>(() => ({ loaded: false, synced: false, byRoom: new Map() }));
  const reader = createRoomReader(deps);
  const askForKeys = createKeyAsker(deps);
  const join = createJoiner({ ...deps, client });
  let begun = false;

  const publish = (view: RoomView): void =>
    store.setState(({ byRoom }) => ({ byRoom: new Map(byRoom).set(view.roomId, view) }));

  const forget = (roomId: string): void => {
    kept.forget(roomId);
    store.setState(({ byRoom }) => ({ byRoom: new Map([...byRoom].filter(([id]) => id !== roomId)) }));
  };

  const readRoom = async (room: Room): Promise<void> => {
    const caseId = caseIdOf(room);
    if (caseId === null) return;
    if (!isJoined(room)) return forget(room.roomId);
    const { view, raws } = await reader.read(room, caseId);
    if (signal.aborted) return;
    publish(view);
    kept.keep(view, raws);
    if (view.unreadable.some((each) => each.reason !== "sender-not-verified")) askForKeys(room.roomId);
  };
  const refresh = createRefresher<Room>({ ...deps, keyOf: (room) => room.roomId, read: readRoom });

  const consider = (room: Room | null | undefined): void => {
    // Before what was kept is claimed and the first sync is whole, nothing is judged.
    if (!begun || room === null || room === undefined || signal.aborted) return;
    drop(
      isInvited(room) ? join(room).then(() => (isJoined(room) ? refresh(room) : undefined)) : refresh(room),
    );
  };

  const begin = async (): Promise<void> => {
    await showKept(kept, reader.claim, store).catch(() => undefined);
    await firstSync(client, signal);
    if (signal.aborted) return;
    begun = true;
    await Promise.all(client.getRooms().filter(isJoined).map(refresh));
    store.setState({ loaded: true, synced: true });
    for (const room of client.getRooms().filter(isInvited)) consider(room);
  };

  listen(deps, {
    consider,
    decrypted: reader.forget,
    /** Said by a later sync only: the first may be a copy that is older than what was kept. */
    laterSync: () => {
      if (!begun) return;
      for (const roomId of store.getState().byRoom.keys())
        if (!isJoined(client.getRoom(roomId))) forget(roomId);
    },
  });
  drop(begin());

  return {
    store,
    roomOfCase: (caseId) => roomsOf(caseId).find((room) => hasMember(room, bot))?.roomId ?? null,
    leaveHalfMade(caseId, wholeRoomId) {
      for (const room of roomsOf(caseId))
        if (room.roomId !== wholeRoomId && !hasMember(room, bot)) drop(client.leave(room.roomId));
    },
  };
}

/** The SDK's events that may change what a room says. Unheard once the signal ends. */
function listen(
  { sdk, signal }: TimelineDeps,
  on: {
    readonly consider: (room: Room | null | undefined) => void;
    readonly decrypted: (eventId: string) => void;
    readonly laterSync: () => void;
  },
): void {
  const { client } = sdk;
  const onEvent = (_event: MatrixEvent, room: Room | undefined): void => on.consider(room);
  const onMembers = (_event: MatrixEvent, state: { readonly roomId: string }): void =>
    on.consider(client.getRoom(state.roomId));
  const onDecrypted = (event: MatrixEvent): void => {
    on.decrypted(event.getId() ?? "");
    on.consider(client.getRoom(event.getRoomId()));
  };
  const onDevices = (users: string[]): void => drop(retrySenders(sdk, users));
  const onSync = (_state: SyncState, _before: SyncState | null, data?: SyncStateData): void => {
    if (data?.oldSyncToken !== undefined) on.laterSync();
  };
  client.on(ClientEvent.Sync, onSync);
  client.on(ClientEvent.Room, on.consider);
  client.on(SdkRoomEvent.Timeline, onEvent);
  client.on(SdkRoomEvent.MyMembership, on.consider);
  client.on(SdkRoomEvent.Redaction, onEvent);
  client.on(RoomStateEvent.Members, onMembers);
  client.on(MatrixEventEvent.Decrypted, onDecrypted);
  client.on(CryptoEvent.DevicesUpdated, onDevices);
  signal.addEventListener("abort", () => {
    client.off(ClientEvent.Sync, onSync);
    client.off(ClientEvent.Room, on.consider);
    client.off(SdkRoomEvent.Timeline, onEvent);
    client.off(SdkRoomEvent.MyMembership, on.consider);
    client.off(SdkRoomEvent.Redaction, onEvent);
    client.off(RoomStateEvent.Members, onMembers);
    client.off(MatrixEventEvent.Decrypted, onDecrypted);
    client.off(CryptoEvent.DevicesUpdated, onDevices);
  });
}

async function showKept(
  kept: KeptRooms,
  claim: ReturnType<typeof createRoomReader>["claim"],
  store: StoreApi<TimelineState>,
): Promise<void> {
  const rooms = await kept.load();
  for (const { place, eventId } of rooms.flatMap((room) => room.places)) claim(place, eventId);
  if (rooms.length === 0) return;
  store.setState({ loaded: true, byRoom: new Map(rooms.map(({ view }) => [view.roomId, view])) });
}

/** Resolves once the homeserver answered the first sync of this page, or the signal ends. */
function firstSync(client: Sdk["client"], signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!client.isInitialSyncComplete() && !signal.aborted) return;
      client.off(ClientEvent.Sync, look);
      resolve();
    };
    client.on(ClientEvent.Sync, look);
    signal.addEventListener("abort", look, { once: true });
    look();
  });
}
