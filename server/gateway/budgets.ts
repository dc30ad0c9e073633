import type { Clock } from "../kit/role.ts";
import { createRateLimit, type Rate } from "./rate-limit.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

/**
 * What one account may leave behind, on however many devices. A picture can be cut into small encrypted texts and no gateway can see it:
 * these make it slow, and loud enough for the archivist and the readers.
 */
export const budgetRates = {
  /** Encrypted events that are longer than people write: a consent with its signature and notice, a long letter. */
  largeEvents: { burst: 40, perSecond: 1 / 20 },
  eventBytes: { burst: 1 * MiB, perSecond: 2 * KiB },
  /** Room keys: two kilobytes for each device of each member, at each new session. */
  toDeviceBytes: { burst: 8 * MiB, perSecond: 16 * KiB },
  /** A first backup of many years is several requests; after that a key now and then. */
  backupBytes: { burst: 32 * MiB, perSecond: 16 * KiB },
  /** Account data and filters, which nothing ever deletes. */
  kept: { burst: 120, perSecond: 1 / 10 },
} as const satisfies Record<string, Rate>;

/** From here on an encrypted event is large. */
export const largeEvent = 12 * KiB;
/** Sessions that one backup may hold. */
export const maxBackedUp = 100_000;

/** Each throws `too-many`, with how long to wait, when the account has used up what it may. */
export type Budgets = {
  event(userId: string, bytes: number): void;
  toDevice(userId: string, bytes: number): void;
  backup(userId: string, bytes: number): void;
  kept(userId: string): void;
};

export function createBudgets(clock: Clock): Budgets {
  const large = createRateLimit(budgetRates.largeEvents, clock);
  const eventBytes = createRateLimit(budgetRates.eventBytes, clock);
  const toDeviceBytes = createRateLimit(budgetRates.toDeviceBytes, clock);
  const backupBytes = createRateLimit(budgetRates.backupBytes, clock);
  const kept = createRateLimit(budgetRates.kept, clock);
  return {
    event: (userId, bytes) => {
      eventBytes(userId, bytes);
      if (bytes > largeEvent) large(userId);
    },
    toDevice: toDeviceBytes,
    backup: backupBytes,
    kept,
  };
}
