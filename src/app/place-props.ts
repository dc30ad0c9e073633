import type { RequestModel } from "../features/request/index.ts";
import type { SessionModel } from "../features/session/index.ts";
import type { Door } from "../matrix/index.ts";
import type { Clock } from "./clock.ts";

/** What every place of a signed-in person is given. */
export type PlaceProps = {
  readonly door: Door;
  readonly clock: Clock;
  readonly session: SessionModel;
  readonly me: string;
};

/** What a place of the new request is given. */
export type OfRequest = PlaceProps & {
  /** The one request that is being written; it outlives the screens. */
  readonly model: RequestModel;
};
