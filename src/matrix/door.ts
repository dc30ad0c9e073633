import { createConsenting } from "./consenting.ts";
import { type DoorCore, openCore } from "./core.ts";
import { createDeeds } from "./deeds.ts";
import { createFilingDesk } from "./filing-desk.ts";
import type { Clock } from "./kit/clock.ts";
import { drop, systemClock } from "./kit/clock.ts";
import { createPhoneLinks } from "./phone-links.ts";
import { createReadings } from "./readings.ts";
import type { Door } from "./types.ts";
import type { Language } from "./words.ts";

export type DoorOptions = {
  /** The Colloque server's public address, without a slash at the end. */
  readonly baseUrl: string;
  /** The language of the readable text of events. */
  readonly language: Language;
  readonly clock?: Clock;
};

/** Opens the door and starts at once: from here on, its stores tell everything. One per page. */
export function createDoor(options: DoorOptions): Door {
  const core: DoorCore = openCore({ ...options, clock: options.clock ?? systemClock });
  drop(core.start());
  const { session } = core;
  return {
    config: core.config.store,
    session: session.state,
    connection: core.connection.store,
    directory: core.directory.store,
    cases: core.cases.store,
    me: core.me.store,
    filingDesk: createFilingDesk(core.api),
    vault: core.vault,
    phoneLinks: createPhoneLinks(core.api),
    calls: {
      store: core.calls,
      start: (roomId, to) => core.live()?.calls.start(roomId, to),
      enter: (roomId) => core.live()?.calls.enter(roomId),
      ring: (userId) => core.live()?.calls.ring(userId),
      decline: () => core.live()?.calls.decline(),
      hangUp: () => core.live()?.calls.hangUp(),
      dismiss: () => core.live()?.calls.dismiss(),
    },
    signIn: (localpart, password, station) =>
      core.whenStarted(async () => {
        await core.station.keep(station);
        return session.signIn(localpart, password);
      }),
    unlock: session.unlock,
    startAnew: session.startAnew,
    recoveryKeySaved: session.recoveryKeySaved,
    signOut: () => session.signOut(),
    takeOver: session.takeOver,
    ...createConsenting(core),
    ...createDeeds(core),
    ...createReadings(core),
  };
}
