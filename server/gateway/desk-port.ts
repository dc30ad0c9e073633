import type { DeskDecision, DeskEnded, DeskPiece } from "#protocol/filing-desk.ts";

/** What the gateway asks of those who file, for the administrator. */
export type DeskPort = {
  pieces(): Promise<readonly DeskPiece[]>;
  resolved(): Promise<readonly DeskEnded[]>;
  /** False when it waits for nobody any more. */
  retry(eventId: string): Promise<boolean>;
  /** What was ended; nothing when it waits for nobody any more. */
  resolve(eventId: string, decision: DeskDecision): Promise<readonly DeskEnded[]>;
};
