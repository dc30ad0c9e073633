import type { MatrixEvent, Room } from "matrix-js-sdk";
import { Direction } from "matrix-js-sdk/lib/models/event-timeline.js";
import type { RegistryKey } from "#protocol/signed.ts";
import { judgePlace, placeKey, type RatchetPlace } from "#protocol/trust.ts";
import type { Sdk } from "../session/sdk.ts";
import { type Admitted, admitAll, type Judged, judge, type RoomEvent } from "./admit.ts";
import { hasExpired, whatStays } from "./expiry.ts";
import { readEvent } from "./read-event.ts";

/** A case room as this device can read it now. */
export type RoomView = Admitted & {
  readonly roomId: string;
  readonly caseId: string;
  readonly members: readonly string[];
  readonly invited: readonly string[];
};

export type RoomReader = {
  /** Reads a case room from its beginning, or from what stays of it: pages back, decrypts, judges. */
  read(room: Room, caseId: string): Promise<{ view: RoomView; raws: readonly RoomEvent[] }>;
  /** This event can be read differently now. */
  forget(eventId: string): void;
  /** Whether the event may have its place in its sender's ratchet: the first that came keeps it. */
  claim(place: RatchetPlace, eventId: string): boolean;
};

/** Longest case that is read whole; a conversation of that length is no case any more. */
const maxEvents = 5000;
const pageSize = 200;

export function createRoomReader({
  sdk,
  bot,
  registryKey,
}: {
  readonly sdk: Sdk;
  readonly bot: string;
  readonly registryKey: RegistryKey;
}): RoomReader {
  const judgedById = new Map<string, { raw: RoomEvent; verdict: Judged }>();
  const places = new Map<string, string>();

  const claim = (place: RatchetPlace, eventId: string): boolean => {
    const key = placeKey(place);
    const verdict = judgePlace(places.get(key), eventId);
    if (verdict === "first") places.set(key, eventId);
    return verdict !== "replay";
  };

  const judgeOnce = async (event: MatrixEvent, caseId: string) => {
    const eventId = event.getId() ?? "";
    const kept = judgedById.get(eventId);
    if (kept !== undefined && !event.isRedacted()) return kept;
    const raw = await readEvent(event, sdk.crypto);
    const judged = { raw, verdict: await judge(raw, caseId, registryKey) };
    // What cannot be read today may be tomorrow.
    if (judged.verdict.kind !== "unreadable") judgedById.set(eventId, judged);
    return judged;
  };

  const judgeAll = (room: Room, caseId: string) =>
    Promise.all(
      room
        .getLiveTimeline()
        .getEvents()
        .map((event) => judgeOnce(event, caseId)),
    );

  /** Lets go of what was read before, here and in the SDK's memory: the homeserver may have taken it out without telling of each event. */
  const letGoOf = (room: Room, gone: readonly { readonly raw: RoomEvent }[]): void => {
    for (const { raw } of gone) {
      judgedById.delete(raw.eventId);
      if (raw.encrypted) room.removeEvent(raw.eventId);
    }
  };

  return {
    claim,
    forget: (eventId) => void judgedById.delete(eventId),
    async read(room, caseId) {
      let all = await judgeAll(room, caseId);
      // Where the content has left the messenger the pages before are gone, or ought to be: they are not asked for.
      if (!hasExpired(all, bot)) {
        await pageBack(sdk, room);
        all = await judgeAll(room, caseId);
      }
      const judged = whatStays(all, bot);
      if (judged.length < all.length)
        letGoOf(
          room,
          all.filter((each) => !judged.includes(each)),
        );
      const view: RoomView = {
        ...admitAll(judged, claim),
        roomId: room.roomId,
        caseId,
        members: room.getJoinedMembers().map((member) => member.userId),
        invited: room.getMembersWithMembership("invite").map((member) => member.userId),
      };
      return { view, raws: judged.map((each) => each.raw) };
    },
  };
}

async function pageBack({ client }: Sdk, room: Room): Promise<void> {
  const timeline = room.getLiveTimeline();
  while (
    timeline.getPaginationToken(Direction.Backward) !== null &&
    timeline.getEvents()[0]?.getType() !== "m.room.create" &&
    timeline.getEvents().length < maxEvents
  ) {
    await client.scrollback(room, pageSize);
  }
}

/**
 * The SDK does not try again what it refused for a device it did not know: asked when these people's devices have changed, since
 * their owner's signature may only now be here.
 */
export async function retrySenders(sdk: Sdk, users: readonly string[]): Promise<void> {
  for (const room of sdk.client.getRooms())
    for (const event of room.getLiveTimeline().getEvents())
      if (event.isDecryptionFailure() && users.includes(event.getSender() ?? ""))
        await event.attemptDecryption(sdk.crypto, { isRetry: true });
}
