import { judgeOrigin, type KeyOrigin } from "./trust.ts";

/**
 * What a Matrix SDK must be able to do so that rule T3 decides about a message and not the order in which its requests came back.
 * `Decrypted` is what the SDK gives for a message that it could read.
 */
export type OriginPorts<Decrypted> = {
  /** Decrypts, and throws when the crypto layer does not believe the device that made the key. */
  readonly strictly: () => Promise<Decrypted>;
  /** Decrypts with any key there is. */
  readonly leniently: () => Promise<Decrypted>;
  /** Whether the crypto layer refused for the device alone. */
  readonly isOfUnknownDevice: (error: unknown) => boolean;
  readonly originOf: (decrypted: Decrypted) => Promise<KeyOrigin>;
  /** The user id of the hospital's archivist. */
  readonly archivist: () => Promise<string>;
  /** The error of a message whose key is somebody else's. */
  readonly mistrusted: () => Error;
};

/**
 * Decrypts a message and believes its sender by `judgeOrigin` alone.
 *
 * The crypto layer (0.19.1) takes a session that came by key bundle or backup for "unknown, from old times". It believes it whoever
 * the event names as its sender; and when it later meets the device that made the session, it marks the session as failed and refuses
 * every event of it for ever, from the next start on. Whether that happens depends on which request is faster.
 *
 * @throws what `strictly` throws, when the message cannot be read or its origin is refused; `mistrusted` when the key is another's.
 */
export async function decryptByOrigin<Decrypted>(ports: OriginPorts<Decrypted>): Promise<Decrypted> {
  let decrypted: Decrypted;
  try {
    decrypted = await ports.strictly();
  } catch (error) {
    if (!ports.isOfUnknownDevice(error)) throw error;
    const unproven = await ports.leniently();
    const origin = await ports.originOf(unproven);
    if (judgeOrigin(origin, await ports.archivist()) === "refuse") throw error;
    return unproven;
  }
  const { sender, maker } = await ports.originOf(decrypted);
  if (maker !== undefined && maker.userId !== sender) throw ports.mistrusted();
  return decrypted;
}

/** What is known of people's devices. */
export type DeviceBook = {
  readonly devicesOf: (
    userId: string,
  ) => Promise<Iterable<{ readonly deviceId: string; readonly identityKey: string | undefined }>>;
  readonly isSigned: (userId: string, deviceId: string) => Promise<boolean>;
};

/** The first of these people whose device has that identity key; undefined when none has, or when there is no key. */
export async function makerAmong(
  people: Iterable<string>,
  identityKey: string | undefined,
  book: DeviceBook,
): Promise<KeyOrigin["maker"]> {
  if (identityKey === undefined) return undefined;
  for (const userId of new Set(people))
    for (const device of await book.devicesOf(userId))
      if (device.identityKey === identityKey)
        return { userId, signed: await book.isSigned(userId, device.deviceId) };
  return undefined;
}
