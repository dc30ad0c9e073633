import type { Rendition } from "#protocol/receipt.ts";
import type { Bytes } from "../kit/bytes.ts";
import { type Clock, drop } from "../kit/clock.ts";
import type { DeviceStore } from "../kit/device-store.ts";

/** One picture on this device, as it came: ciphertext. */
export type OnShelf = {
  readonly consentId: string;
  readonly photoId: string;
  readonly rendition: Rendition;
};

/**
 * The pictures that this device was given, for when the registry is silent: still encrypted, sealed once more where they outlive the page.
 * They are for no other use: while the registry answers, each look goes through the gateway, which writes it down.
 */
export type Shelf = {
  /** What finds no room is not kept. */
  put(of: OnShelf, ciphertext: Bytes): void;
  has(of: OnShelf): Promise<boolean>;
  take(of: OnShelf): Promise<Bytes | null>;
  /** Takes out the pictures of a consent that was taken back. */
  forget(consentId: string): void;
  /** Forgets what is in memory: nobody is signed in any more, and the device was wiped. */
  clear(): void;
};

const maxInMemory = 12;
const maxOnDevice = 40;
/** After a day without the registry a picture is no longer here, not even for an emergency. */
const keptMs = 24 * 3_600_000;

export function createShelf(deps: {
  readonly device: DeviceStore;
  /** Beyond the page; not on a shared station. */
  readonly mayKeep: () => Promise<boolean>;
  readonly clock: Clock;
}): Shelf {
  const { device, clock } = deps;
  const inMemory = new Map<string, { readonly ciphertext: Bytes; readonly atMs: number }>();
  /** One thing at a time: what is forgotten is not written a moment later. */
  let line: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = line.then(work, work);
    line = turn.catch(() => undefined);
    return turn;
  };

  const isOld = (atMs: number): boolean => clock.nowMs() - atMs > keptMs;

  /** The entries on the device, oldest first; what is too old goes. */
  const entries = async (): Promise<string[]> => {
    const all = (await device.keys("shelf")).sort();
    const old = all.filter((key) => isOld(Number(key.split(" ")[0])));
    for (const key of old) await device.delete("shelf", key);
    return all.filter((key) => !old.includes(key));
  };
  const find = async (name: string): Promise<string | undefined> =>
    (await entries()).find((key) => key.endsWith(` ${name}`));

  const write = async (name: string, ciphertext: Bytes): Promise<void> => {
    if (!(await deps.mayKeep()) || !inMemory.has(name)) return;
    const before = await entries();
    const same = before.filter((key) => key.endsWith(` ${name}`));
    await device.set("shelf", `${String(clock.nowMs()).padStart(15, "0")} ${name}`, ciphertext);
    const others = before.filter((key) => !same.includes(key));
    for (const key of [...same, ...others.slice(0, Math.max(0, others.length + 1 - maxOnDevice))])
      await device.delete("shelf", key);
  };

  const read = async (name: string): Promise<Bytes | null> => {
    const own = inMemory.get(name);
    if (own !== undefined && !isOld(own.atMs)) return own.ciphertext;
    const key = await find(name);
    const kept = key === undefined ? undefined : await device.get("shelf", key);
    return kept instanceof Uint8Array ? new Uint8Array(kept) : null;
  };

  return {
    put(of, ciphertext) {
      const name = nameOf(of);
      inMemory.delete(name);
      inMemory.set(name, { ciphertext, atMs: clock.nowMs() });
      drop(
        inTurn(async () => {
          await write(name, ciphertext);
          const oldest = inMemory.size > maxInMemory ? inMemory.keys().next().value : undefined;
          if (oldest !== undefined) inMemory.delete(oldest);
        }),
      );
    },
    has: async (of) => (await inTurn(() => read(nameOf(of)).catch(() => null))) !== null,
    take: (of) => inTurn(() => read(nameOf(of)).catch(() => null)),
    clear: () => inMemory.clear(),
    forget(consentId) {
      for (const name of inMemory.keys()) if (name.startsWith(`${consentId} `)) inMemory.delete(name);
      drop(
        inTurn(async () => {
          const under = (await device.keys("shelf")).filter((key) => key.split(" ")[1] === consentId);
          for (const key of under) await device.delete("shelf", key);
        }),
      );
    },
  };
}

const nameOf = ({ consentId, photoId, rendition }: OnShelf): string => `${consentId} ${photoId} ${rendition}`;
