import type { CallDevice } from "./devices.ts";
import type { MediaKey } from "./key-rules.ts";
import type { KeyRefusal, KeyTransport, ReceivedKey } from "./key-transport.ts";

/**
 * The media keys that other devices told this one. They may come before the word that the device is in the call, and while it rings: kept
 * for a moment, they are used only once it is.
 */
export type KeyBox = {
  /** Keys of the devices that are in the call of a room now and as they come; returns how to stop. */
  follow(roomId: string, onKey: (from: CallDevice, key: MediaKey) => void): () => void;
  /** Keys of a device that left are of no use: what it says anew counts. */
  forget(roomId: string, identity: string): void;
  has(roomId: string, identity: string): boolean;
};

/** A device that rolls its key on every coming and going has some on their way at once. */
const keptOfDevice = 4;
const keptDevices = 64;

export function createKeyBox(deps: {
  readonly transport: Pick<KeyTransport, "listen">;
  readonly signal: AbortSignal;
  readonly onRefused?: (why: KeyRefusal) => void;
}): KeyBox {
  const kept = new Map<string, ReceivedKey[]>();
  const followers = new Set<(received: ReceivedKey) => void>();
  const placeOf = (roomId: string, identity: string) => `${roomId} ${identity}`;

  const stop = deps.transport.listen((received) => {
    const place = placeOf(received.roomId, received.from.identity);
    const before = kept.get(place) ?? [];
    kept.delete(place);
    kept.set(place, [...before, received].slice(-keptOfDevice));
    for (const oldest of kept.keys()) {
      if (kept.size <= keptDevices) break;
      kept.delete(oldest);
    }
    for (const follower of followers) follower(received);
  }, deps.onRefused);
  deps.signal.addEventListener("abort", stop, { once: true });

  return {
    follow(roomId, onKey) {
      const tell = (received: ReceivedKey): void => {
        if (received.roomId === roomId) onKey(received.from, received.key);
      };
      for (const each of [...kept.values()].flat()) tell(each);
      followers.add(tell);
      return () => void followers.delete(tell);
    },
    forget: (roomId, identity) => void kept.delete(placeOf(roomId, identity)),
    has: (roomId, identity) => kept.has(placeOf(roomId, identity)),
  };
}
