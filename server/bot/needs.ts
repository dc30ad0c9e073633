import type { Cover } from "#protocol/disclose.ts";
import type { Withdrawn } from "#protocol/events.ts";
import type { Addressee } from "#protocol/people.ts";
import type { Audit } from "../audit/index.ts";
import type { Logger } from "../kit/log.ts";
import type { Clock } from "../kit/role.ts";
import type { Sealer } from "../kit/seal.ts";
import type { Database } from "../store/index.ts";
import type { Tickets } from "./history.ts";
import type { FileCheck } from "./inspect.ts";
import type { Withdrawals } from "./withdrawals.ts";

/** What the archivist asks of the other roles. */
export type BotNeeds = Tickets & {
  /** The registry's word on what was withdrawn. */
  readonly withdrawals: Withdrawals;
  /** Has the record told, too. Awaited before the registry is told that it was; may be asked again for the same one. */
  readonly noteWithdrawal?: (roomId: string, withdrawn: Withdrawn) => Promise<void>;
  readonly audit: Pick<Audit, "note" | "inviteDecided">;
  /** The gate's word: what, if anything, lets this person be shown this case? */
  readonly coverOf: (caseId: string, userId: string) => Promise<Cover>;
  /** Whether a file that an event names is one that a receipt announced for that case. */
  readonly fileCheck: FileCheck;
  /** Whether all of a case is in the record and its opinion given: the next device of the archivist then gets no keys of it. */
  readonly isClosed?: (roomId: string) => Promise<boolean>;
  /** The people whom an addressee stands for, the requester left out. */
  readonly peopleOf: (addressee: Addressee, requester: string) => Promise<readonly string[]>;
  /**
   * The archivist cannot go on and the process must end, for its own safety (a fault of the crypto layer) or because a person must
   * mend something first (`ArchivistRefuses`, whose message says what). The default writes the reason to the log and exits with 70.
   */
  readonly onFatal?: (cause: unknown) => void;
};

/** The same, with what the archivist brings itself. */
export type ArchivistParts = BotNeeds & {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly log: Logger;
  readonly clock: Clock;
};
