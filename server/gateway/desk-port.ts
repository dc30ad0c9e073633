import type { FiledKind, Resolution } from "#protocol/events.ts";
import type { DeskItem } from "#protocol/filing-desk.ts";

/** A piece of a case as those who file know it: by its room. */
export type DeskPiece = {
  readonly eventId: string;
  readonly roomId: string;
  readonly kind: FiledKind | "unread";
  readonly state: DeskItem["state"];
  /** Why it is parked; null while it only waits. */
  readonly code: string | null;
  readonly sinceMs: number;
  readonly sentBy: string | null;
  readonly sentAtMs: number | null;
  readonly behind: number;
};
export type DeskDecision = { readonly how: Resolution; readonly why: string; readonly by: string };
export type DeskEnded = DeskDecision & {
  readonly eventId: string;
  readonly roomId: string;
  readonly kind: FiledKind | "unread";
  readonly atMs: number;
};

/** What the gateway asks of those who file, for the administrator. */
export type DeskPort = {
  pieces(): Promise<readonly DeskPiece[]>;
  resolved(): Promise<readonly DeskEnded[]>;
  /** False when it waits for nobody any more. */
  retry(eventId: string): Promise<boolean>;
  /** What was ended; nothing when it waits for nobody any more. */
  resolve(eventId: string, decision: DeskDecision): Promise<readonly DeskEnded[]>;
};
