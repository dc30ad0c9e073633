import { z } from "zod";
import { parseCaseEvent } from "#protocol/events.ts";
import type { RatchetPlace } from "#protocol/trust.ts";
import { type Clock, drop } from "../kit/clock.ts";
import type { DeviceStore } from "../kit/device-store.ts";
import type { RoomEvent } from "./admit.ts";
import type { RoomView } from "./room-reader.ts";

/**
 * The cases as they were read last, sealed on this device: the list is there at once, and offline. What is kept was judged before
 * it was kept; the room is read and judged anew as soon as the homeserver answers.
 */
export type KeptRooms = {
  load(): Promise<readonly KeptRoom[]>;
  /** Keeps a room at once, and what follows closely soon after: a busy case is written once for many events. */
  keep(view: RoomView, raws: readonly RoomEvent[]): void;
  forget(roomId: string): void;
};

export type KeptRoom = {
  readonly view: RoomView;
  /** Which event took which place in its sender's ratchet first, as this device saw it. */
  readonly places: readonly { readonly place: RatchetPlace; readonly eventId: string }[];
};

const soonMs = 1500;

const roomSchema = z.object({
  v: z.literal(1),
  roomId: z.string(),
  caseId: z.string(),
  members: z.array(z.string()),
  invited: z.array(z.string()),
  events: z.array(
    z.object({
      eventId: z.string(),
      sender: z.string(),
      atMs: z.number(),
      type: z.string(),
      content: z.unknown(),
      place: z.object({ roomId: z.string(), sessionId: z.string(), messageIndex: z.number() }),
    }),
  ),
});
type StoredRoom = z.infer<typeof roomSchema>;

export function createKeptRooms(deps: {
  readonly device: DeviceStore;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): KeptRooms {
  const { device, clock, signal } = deps;
  const due = new Map<string, StoredRoom>();
  const writing = new Set<string>();

  /** The first is not put off: the page may be gone the next moment, and the network with it. */
  const writeAll = async (roomId: string): Promise<void> => {
    writing.add(roomId);
    try {
      for (let room = due.get(roomId); room !== undefined && !signal.aborted; room = due.get(roomId)) {
        due.delete(roomId);
        // A full device goes without: the homeserver has it all.
        await device.set("cases", roomId, room);
        await clock.wait(soonMs, signal);
      }
    } finally {
      writing.delete(roomId);
    }
  };

  return {
    async load() {
      const rooms = await Promise.all((await device.keys("cases")).map((key) => device.get("cases", key)));
      return rooms.flatMap((stored) => {
        const parsed = roomSchema.safeParse(stored);
        return parsed.success ? [fromStored(parsed.data)] : [];
      });
    },
    keep(view, raws) {
      due.set(view.roomId, toStored(view, raws));
      if (!writing.has(view.roomId)) drop(writeAll(view.roomId));
    },
    forget(roomId) {
      due.delete(roomId);
      drop(device.delete("cases", roomId));
    },
  };
}

function toStored(
  { roomId, caseId, members, invited, events }: RoomView,
  raws: readonly RoomEvent[],
): StoredRoom {
  const admitted = new Set(events.map((event) => event.eventId));
  return {
    v: 1,
    roomId,
    caseId,
    members: [...members],
    invited: [...invited],
    events: raws.flatMap(({ eventId, sender, atMs, clear, place }) =>
      clear !== null && place !== null && admitted.has(eventId)
        ? [{ eventId, sender, atMs, type: clear.type, content: clear.content, place }]
        : [],
    ),
  };
}

function fromStored({ events, ...room }: StoredRoom): KeptRoom {
  return {
    view: {
      roomId: room.roomId,
      caseId: room.caseId,
      members: room.members,
      invited: room.invited,
      events: events.map((event) => parseCaseEvent({ ...event, content: event.content })),
      unreadable: [],
      refused: [],
    },
    places: events.map(({ place, eventId }) => ({ place, eventId })),
  };
}
