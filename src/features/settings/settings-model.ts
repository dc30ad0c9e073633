import { createStore, type StoreApi } from "zustand/vanilla";
import type { Config, Health } from "#protocol/api.ts";
import type { Clinician } from "#protocol/people.ts";
import type { Door } from "../../matrix/types.ts";

export type SettingsView = {
  readonly userId: string;
  readonly deviceId: string;
  /** Null when the directory does not know the person. */
  readonly person: Clinician | null;
  /** Who only administers has no key and no cases. */
  readonly hasKey: boolean;
  readonly keyToSave: boolean;
  readonly administrator: boolean;
  readonly health: Health | null;
  readonly hospital: Config["hospital"] | null;
  /** What this device has not sent yet: it would be lost at sign-out. */
  readonly unsent: number;
  /** Emergencies opened here that the registry does not know of yet: nobody leaves before it does. */
  readonly journal: number;
};

export type SettingsModel = {
  readonly store: StoreApi<SettingsView>;
  signOut(): Promise<void>;
  dispose(): void;
};

type Ports = {
  readonly door: Pick<Door, "session" | "me" | "directory" | "connection" | "config" | "cases" | "signOut">;
};

export function createSettingsModel({ door }: Ports): SettingsModel {
  const tell = (): SettingsView => {
    const session = door.session.getState();
    const directory = door.directory.getState();
    const config = door.config.getState();
    const cases = door.cases.getState();
    const pending = [...cases.byRoom.values()].flatMap((record) => record.pending);
    const ready = session.step === "ready" ? session : null;
    const account = session.step === "administrator" ? session : ready;
    const me = door.me.getState();
    const people = directory.state === "loaded" ? directory.value.clinicians : [];
    return {
      userId: account?.userId ?? "",
      deviceId: account?.deviceId ?? "",
      person: people.find((each) => each.userId === ready?.userId) ?? null,
      hasKey: ready !== null,
      administrator: me.state === "loaded" && me.value.administrator,
      keyToSave: ready?.recoveryKeyToSave != null,
      health: door.connection.getState().health,
      hospital: config.state === "loaded" ? config.value.hospital : null,
      unsent: cases.outgoing.length + pending.length,
      journal: pending.filter(({ kind }) => kind === "journal").length,
    };
  };
  const store = createStore<SettingsView>(tell);
  const update = () => store.setState(tell(), true);
  const stops = [door.session, door.me, door.directory, door.connection, door.config, door.cases].map(
    (each) => each.subscribe(update),
  );
  return {
    store,
    signOut: async () => {
      if (tell().journal === 0) await door.signOut();
    },
    dispose: () => {
      for (const stop of stops) stop();
    },
  };
}
