import type { Database } from "../store/index.ts";
import type { Config } from "./config.ts";
import type { EventBus } from "./events.ts";
import type { Logger } from "./log.ts";

/** Milliseconds since the epoch; a test brings its own. */
export type Clock = () => number;

/** What every role is given. */
export type RoleContext = {
  readonly config: Config;
  readonly db: Database;
  readonly log: Logger;
  readonly clock: Clock;
  /** Aborts when the process is asked to stop. */
  readonly signal: AbortSignal;
  readonly events: EventBus;
};

/**
 * A part of the server that can run alone or beside the others. What `start` gives is the role's port, and disposing it stops the
 * role. A role that needs other roles' ports is made by a factory that takes them: `gatewayRole({ registry, … })`.
 */
export type Role<Port extends AsyncDisposable = AsyncDisposable> = {
  readonly name: string;
  start(context: RoleContext): Promise<Port>;
};
