import type { Clock } from "../kit/clock.ts";
import { drop } from "../kit/clock.ts";
import type { Sdk } from "../session/sdk.ts";

/** Encrypted to-device message by which a member's new device asks the archivist for a case's keys again. */
const keysRequestType = "fr.colloque.keys.request";

/** Backup and bundle come on their own, as a rule: the archivist is asked only for what is still missing then. */
const patienceMs = 1200;
const againMs = 60_000;
const maxAsks = 5;

/**
 * What was sent while this person had no open device is not in the backup. The archivist holds the keys and hands them over again
 * to a signed device of a member (MSC4268 bundle, accepted by the SDK when it arrives).
 */
export function createKeyAsker(deps: {
  readonly sdk: Sdk;
  readonly bot: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): (roomId: string) => void {
  const { sdk, bot, clock, signal } = deps;
  const asked = new Map<string, { count: number; untilMs: number }>();

  const ask = async (roomId: string): Promise<void> => {
    await clock.wait(patienceMs, signal);
    if (signal.aborted || !stillMissing(sdk, roomId)) return;
    await sdk.crypto.markRoomAsPendingKeyBundle(roomId, bot);
    const devices = (await sdk.crypto.getUserDeviceInfo([bot], true)).get(bot);
    const targets: { userId: string; deviceId: string }[] = [];
    for (const deviceId of devices?.keys() ?? []) {
      const status = await sdk.crypto.getDeviceVerificationStatus(bot, deviceId);
      if (status?.signedByOwner) targets.push({ userId: bot, deviceId });
    }
    const batch = await sdk.crypto.encryptToDeviceMessages(keysRequestType, targets, { room_id: roomId });
    await sdk.client.queueToDevice(batch);
  };

  return (roomId) => {
    const before = asked.get(roomId) ?? { count: 0, untilMs: 0 };
    if (before.count >= maxAsks || clock.nowMs() < before.untilMs) return;
    asked.set(roomId, { count: before.count + 1, untilMs: clock.nowMs() + againMs });
    drop(ask(roomId));
  };
}

const stillMissing = (sdk: Sdk, roomId: string): boolean =>
  sdk.client
    .getRoom(roomId)
    ?.getLiveTimeline()
    .getEvents()
    .some((event) => event.isDecryptionFailure()) ?? false;
