import { setTimeout as delay } from "node:timers/promises";
import { type Logger, toLog } from "../kit/log.ts";
import { deviceIdOf, logOut } from "./login.ts";
import { openDevice, type Session, type SessionParts } from "./session.ts";
import { allUnread, type DeviceRow, devices, putDevice, takeTurns } from "./store.ts";
import { destroyStore } from "./store-files.ts";

/**
 * Epochs: the SDK cannot forget single keys, so the archivist's keys end with its device. Every so many days it signs in anew, hands the new
 * device the room keys of the cases that are still open, and destroys the old one.
 *
 *   coming    the new device signs in, is signed by the same identity and reads along, so that every sender learns of it
 *   drained   the old one takes in all that was said: every event is decrypted and lies sealed in the inbox
 *   handed    the keys of open cases go from one to the other, in memory
 *   turned    ONE commit: from here on the new device acts. Before it the old one does, and a crash leaves the new one to be taken away
 *   gone      a new key backup with what is left, in place of the old; the old device is off the homeserver, its store overwritten. Done again
 *             at each start until it is done
 */
/** What the log says on the way, in this order. */
export const steps = {
  coming: "a new device of the archivist is coming",
  handed: "the archivist's new device has the keys of open cases",
  turned: "the archivist's new device acts",
  backup: "the archivist's key backup begins anew",
  loggedOut: "a device of the archivist is off the homeserver",
  destroyed: "the keys of a device of the archivist are destroyed",
} as const;

export type EpochParts = SessionParts & {
  readonly log: Logger;
  /** How long both devices listen. A sender who has not heard of the new one by then encrypts to the old one alone. */
  readonly overlapMs: number;
  /** Whether nothing more is to be read in this case: what it has is in the record. */
  readonly isClosed: (roomId: string) => Promise<boolean>;
};

/** Whether the acting device is older than that. A device of before there were epochs begins now. */
export async function isDue(parts: EpochParts, epochMs: number, nowMs: number): Promise<boolean> {
  const acting = (await devices(parts.db)).find((each) => each.state === "acting");
  if (epochMs === 0 || acting === undefined) return false;
  if (acting.sinceMs === 0) await putDevice(parts.db, acting.number, "acting", acting.token ?? null, nowMs);
  return acting.sinceMs !== 0 && nowMs - acting.sinceMs >= epochMs;
}

/** The new device, up to where both listen. Takes itself away again if that fails. */
export async function come(parts: EpochParts): Promise<Session> {
  const known = await devices(parts.db);
  const number = Math.max(0, ...known.map((each) => each.number)) + 1;
  await putDevice(parts.db, number, "coming", null, Date.now());
  const coming = await openDevice(parts, { number, token: undefined }, false);
  parts.log.info({ deviceId: coming.deviceId }, steps.coming);
  await delay(parts.overlapMs, undefined, { signal: parts.signal });
  return coming;
}

/** Everything of open cases goes to the new device, which then acts. The old one must have been drained, and takes in nothing more. */
export async function turn(parts: EpochParts, acting: Session, coming: Session): Promise<void> {
  const keys = await acting.crypto.exportRoomKeys();
  // A key that is awaited may need the others of its room.
  const open = new Set((await allUnread(parts.db)).map((each) => each.roomId));
  for (const roomId of new Set(keys.map((key) => key.room_id)))
    if (!(await parts.isClosed(roomId))) open.add(roomId);
  await coming.crypto.importRoomKeys(keys.filter((key) => open.has(key.room_id)));
  parts.log.info({ deviceId: coming.deviceId, openCases: open.size }, steps.handed);
  await takeTurns(parts.db, coming.deviceNumber, Date.now());
  parts.log.info({ deviceId: coming.deviceId }, steps.turned);
}

/** Ends every device that is not the acting one: those that a crash left half, and the one before. */
export async function endOthers(parts: EpochParts, acting: Session): Promise<void> {
  for (const device of await devices(parts.db)) {
    if (device.state === "coming") await end(parts, device);
    if (device.state !== "leaving") continue;
    // The backup had all that the old one could read. The new one holds what the new device can: nothing of closed cases.
    await acting.crypto.resetKeyBackup();
    parts.log.info({ deviceId: acting.deviceId }, steps.backup);
    await end(parts, device);
  }
}

async function end(parts: EpochParts, device: DeviceRow): Promise<void> {
  await logOut(parts, device);
  parts.log.info({ deviceId: deviceIdOf(device.number) }, steps.loggedOut);
  destroyStore(parts.dataDir, device.number);
  parts.log.info({ deviceId: deviceIdOf(device.number) }, steps.destroyed);
  await putDevice(parts.db, device.number, "gone", null, Date.now());
}

/** What is left half is ended at the next start at the latest. */
export const endOthersLater = async (parts: EpochParts, acting: Session): Promise<void> => {
  await endOthers(parts, acting).catch((error: unknown) =>
    parts.log.warn(toLog(error), "an old device of the archivist could not be ended yet"),
  );
};
