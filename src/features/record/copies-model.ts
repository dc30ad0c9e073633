import { createStore, type StoreApi } from "zustand/vanilla";
import type { AskCopy, Copies, CopyTo } from "#protocol/copies.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import type { CopyRefusal, Door } from "../../matrix/types.ts";

export type CopiesState = {
  readonly copies: Copies | null;
  readonly failed: ErrorCode | null;
  /** What is being asked for. The same id goes with every try, so that a lost answer makes no second copy. */
  readonly asking:
    | { readonly at: "no" }
    | {
        readonly at: "choosing" | "asking";
        readonly copyId: string;
        readonly to: CopyTo | null;
        readonly told: boolean;
        readonly refused: CopyRefusal | null;
      };
};

export type CopiesModel = {
  readonly store: StoreApi<CopiesState>;
  read(): Promise<void>;
  begin(): void;
  choose(to: CopyTo): void;
  tell(told: boolean): void;
  ask(entryId: string): Promise<void>;
  leave(): void;
  dispose(): void;
};

type Ports = {
  readonly door: Pick<Door, "readCopies" | "askCopy">;
  readonly roomId: string;
  readonly newId: () => string;
  /** For the look at what still waits. */
  readonly later?: (call: () => void, ms: number) => () => void;
};

/** While a copy is on its way to the sender, it is looked after: soon at first, then not for ever. */
const looksMs = [700, 1_500, 3_000, 6_000, 12_000, 24_000];

const byTimer = (call: () => void, ms: number) => {
  const timer = setTimeout(call, ms);
  return () => clearTimeout(timer);
};

/** Copies of the letter: which there are, and asking for one. */
export function createCopiesModel({ door, roomId, newId, later = byTimer }: Ports): CopiesModel {
  const store = createStore<CopiesState>(() => ({ copies: null, failed: null, asking: { at: "no" } }));
  let disposed = false;
  let stopLooking = () => {};

  async function read(): Promise<void> {
    const answer = await door.readCopies(roomId);
    if (disposed) return;
    store.setState(answer.ok ? { copies: answer.value, failed: null } : { failed: answer.error });
  }

  function look(turn: number): void {
    stopLooking();
    const waitMs = looksMs[turn];
    const waits = store.getState().copies?.copies.some((copy) => copy.state === "waiting") ?? false;
    if (disposed || !waits || waitMs === undefined) return;
    stopLooking = later(() => void read().then(() => look(turn + 1)), waitMs);
  }

  const change = (changed: { to?: CopyTo; told?: boolean }): void => {
    const { asking } = store.getState();
    if (asking.at === "choosing") store.setState({ asking: { ...asking, ...changed, refused: null } });
  };

  return {
    store,
    read: async () => {
      await read();
      look(0);
    },
    begin: () =>
      store.setState({
        asking: { at: "choosing", copyId: newId(), to: null, told: false, refused: null },
      }),
    choose: (to) => change({ to }),
    tell: (told) => change({ told }),
    ask: async (entryId) => {
      const { asking } = store.getState();
      if (asking.at !== "choosing" || asking.to === null || !asking.told) return;
      store.setState({ asking: { ...asking, at: "asking", refused: null } });
      const asked: AskCopy = { copyId: asking.copyId, entryId, to: asking.to, patientTold: true };
      const answer = await door.askCopy(roomId, asked);
      if (disposed) return;
      if (!answer.ok) {
        store.setState({ asking: { ...asking, at: "choosing", refused: answer.error } });
        return;
      }
      store.setState({ asking: { at: "no" } });
      await read();
      look(0);
    },
    leave: () => store.setState({ asking: { at: "no" } }),
    dispose: () => {
      disposed = true;
      stopLooking();
    },
  };
}
