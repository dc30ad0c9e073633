import type { StoreApi } from "zustand/vanilla";
import type { ErrorCode } from "#protocol/errors.ts";
import type { MediaRoom } from "../../livekit/types.ts";
import type { CallMember } from "./devices.ts";
import type { Incoming } from "./rings.ts";

export type { CallMember, Incoming };

/** Somebody who is rung for the call that this person is in. */
export type Rung = {
  readonly userId: string;
  readonly state: "ringing" | "declined" | "busy" | "no-answer";
  readonly untilMs: number;
};

/** Why a call is over for this person. */
export type CallEnding =
  | { readonly why: "hung-up" | "all-left" | "removed" | "elsewhere" }
  /** Whoever was rung did not come. */
  | { readonly why: "declined" | "busy" | "no-answer"; readonly by: string }
  /** The server does not let this person in, or nothing of it can be reached. */
  | { readonly why: "refused" | "unreachable"; readonly code: ErrorCode }
  /** This browser cannot encrypt calls, or the part of the application did not arrive. */
  | { readonly why: "not-possible" };

/** The one call that this person is in. */
export type CallNow = {
  readonly roomId: string;
  readonly sinceMs: number;
  readonly rung: readonly Rung[];
  /** The other devices that are in the call by the word of Matrix. */
  readonly members: readonly CallMember[];
  /** Since when somebody else is, or was, there; null while nobody came yet. */
  readonly metMs: number | null;
  /** Null until its code is here. */
  readonly media: MediaRoom | null;
  /** This device's name in it. */
  readonly identity: string;
  readonly ended: CallEnding | null;
};

/** What became of a ring that was not answered here. */
export type RingNotice = {
  readonly kind: "missed" | "elsewhere";
  readonly roomId: string;
  readonly from: string;
  readonly atMs: number;
};

export type CallsState = {
  /** Rooms in which a call goes on, with the devices that are in it. */
  readonly inRooms: ReadonlyMap<string, readonly CallMember[]>;
  /** When two people were last seen in the call of a room, since this page began. */
  readonly lastMet: ReadonlyMap<string, number>;
  readonly incoming: Incoming | null;
  readonly call: CallNow | null;
  readonly notice: RingNotice | null;
};

export const noCalls: CallsState = {
  inRooms: new Map(),
  lastMet: new Map(),
  incoming: null,
  call: null,
  notice: null,
};

/** Calls as the screens see them. One at a time: what would begin a second one does nothing. */
export type CallDoor = {
  readonly store: StoreApi<CallsState>;
  /** Enters the call of a case and rings these colleagues. */
  start(roomId: string, to: readonly string[]): void;
  /** Answers the ring, or enters a call that goes on. */
  enter(roomId: string): void;
  /** Rings one more colleague of the case. */
  ring(userId: string): void;
  decline(): void;
  hangUp(): void;
  /** The end of the call, or the notice, was read. */
  dismiss(): void;
};
