import { callMemberKey } from "#protocol/call-events.ts";
import { type Clock, drop } from "../kit/clock.ts";
import type { CallDevice } from "./devices.ts";

/** What a membership asks of the homeserver. Each throws when it was not done. */
export type MembershipPort = {
  /** Returns the event's id. */
  put(roomId: string, key: string, content: Record<string, unknown>): Promise<string>;
  /** Leaves by itself after that long (MSC4140); returns what it is called. */
  putLater(roomId: string, key: string, delayMs: number): Promise<string>;
  /** Begins to wait anew. Throws `gone` when it was sent already. */
  putOff(delayId: string): Promise<void>;
  /** It is not wanted any more: kept, it would end a call that begins soon after. */
  cancel(delayId: string): Promise<void>;
  /** Leaves while the page goes away: what was asked is sent even then. */
  sendNow(delayId: string): void;
};

export class DelayGoneError extends Error {
  override readonly name = "DelayGoneError";
}

/** A device that goes silent has left the call after this long. */
const leaveAfterMs = 8000;
const putOffEveryMs = 4000;
/** Longest that a membership counts if even its delayed end should be lost. */
const expiresMs = 4 * 3600_000;
const renewEveryMs = 3 * 3600_000;
const retryMs = 1500;

export type MembershipWord = {
  /** Said, and by which event; again after it was lost. Resolves with the first. */
  readonly joined: Promise<string>;
  /** The room's state says otherwise: says it anew. */
  sayAgain(): void;
  leave(): Promise<void>;
};

/**
 * Keeps a device's word in the room's state that it is in the call: said at once, and beside it an end that the homeserver sends by itself
 * unless it is put off again and again. What fails is tried again until the call is left.
 */
export function keepMembership(deps: {
  readonly roomId: string;
  readonly me: CallDevice;
  readonly serviceUrl: string;
  readonly port: MembershipPort;
  readonly clock: Clock;
}): MembershipWord {
  const { roomId, me, port, clock } = deps;
  const key = callMemberKey(me.userId, me.deviceId);
  const stop = new AbortController();
  const { promise: joined, resolve } = Promise.withResolvers<string>();
  let delayId: string | null = null;
  let saying: Promise<void> | null = null;
  let again = false;

  const content = {
    application: "m.call",
    call_id: "",
    scope: "m.room",
    device_id: me.deviceId,
    membershipID: me.identity,
    expires: expiresMs,
    focus_active: { type: "livekit", focus_selection: "oldest_membership" },
    foci_preferred: [{ type: "livekit", livekit_service_url: deps.serviceUrl }],
  };

  /** Tries until it is done or the call is left. */
  const insist = async <T>(deed: () => Promise<T>): Promise<T | null> => {
    while (!stop.signal.aborted) {
      try {
        return await deed();
      } catch (cause) {
        if (cause instanceof DelayGoneError) return null;
        await clock.wait(retryMs, stop.signal);
      }
    }
    return null;
  };

  const say = async (): Promise<void> => {
    if (delayId !== null) drop(port.cancel(delayId));
    const later = insist(() => port.putLater(roomId, key, leaveAfterMs));
    const event = await insist(() => port.put(roomId, key, content));
    delayId = await later;
    if (event !== null) resolve(event);
  };

  const sayAgain = (): void => {
    again = saying !== null;
    saying ??= say().finally(() => {
      saying = null;
      if (again && !stop.signal.aborted) sayAgain();
    });
    drop(saying);
  };

  const keep = async (): Promise<void> => {
    let saidMs = clock.monoMs();
    while (!stop.signal.aborted) {
      await clock.wait(putOffEveryMs, stop.signal);
      if (stop.signal.aborted || saying !== null) continue;
      if (clock.monoMs() - saidMs > renewEveryMs) {
        saidMs = clock.monoMs();
        sayAgain();
        continue;
      }
      try {
        if (delayId === null) sayAgain();
        else await port.putOff(delayId);
      } catch (cause) {
        // It was sent: the room believes that this device left.
        if (cause instanceof DelayGoneError) sayAgain();
      }
    }
  };

  sayAgain();
  drop(keep());
  const onPageGone = (): void => {
    if (delayId !== null) port.sendNow(delayId);
  };
  globalThis.addEventListener?.("pagehide", onPageGone, { signal: stop.signal });

  return {
    joined,
    sayAgain,
    async leave() {
      stop.abort();
      await saying?.catch(() => undefined);
      if (delayId !== null) drop(port.cancel(delayId));
      for (let attempt = 0; attempt < 3; attempt += 1) {
        try {
          await port.put(roomId, key, {});
          return;
        } catch {
          await clock.wait(retryMs);
        }
      }
      // The homeserver says it by itself in a moment.
    },
  };
}
