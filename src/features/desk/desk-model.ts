import { createStore, type StoreApi } from "zustand/vanilla";
import type { ErrorCode } from "#protocol/errors.ts";
import type { Desk, Resolve } from "#protocol/filing-desk.ts";
import type { Door } from "../../matrix/types.ts";

/** What was just done, or could not be: said once, where the piece stood. */
export type Said =
  | { readonly what: "retried" | "resolved" | "gone"; readonly id: string }
  | { readonly what: "failed"; readonly id: string; readonly code: ErrorCode };

export type DeskView = {
  /** The last list there was; it stays while the server is away. */
  readonly desk: Desk | null;
  readonly readAtMs: number | null;
  readonly reading: boolean;
  /** Why the list could not be read anew. */
  readonly failed: ErrorCode | null;
  /** The piece that something is being done about. */
  readonly acting: string | null;
  readonly said: Said | null;
};

export type DeskModel = {
  readonly store: StoreApi<DeskView>;
  read(): Promise<void>;
  retry(id: string): Promise<void>;
  /** True when it is done. */
  resolve(id: string, decision: Resolve): Promise<boolean>;
  dispose(): void;
};

type Ports = {
  readonly door: Pick<Door, "filingDesk">;
  readonly clock: {
    readonly now: () => number;
    readonly later: (ms: number, run: () => void) => () => void;
  };
};

const everyMs = 60_000;
/** After a retry: a piece that stops again is back soon. */
const soonMs = 5_000;

/** The administrator's list of what could not be filed. It reads itself anew, and keeps what it had while the server is away. */
export function createDeskModel({ door, clock }: Ports): DeskModel {
  const store = createStore<DeskView>(() => ({
    desk: null,
    readAtMs: null,
    reading: false,
    failed: null,
    acting: null,
    said: null,
  }));
  let disposed = false;
  let stop = () => {};

  const again = (ms: number): void => {
    stop();
    if (!disposed) stop = clock.later(ms, () => void read());
  };

  async function read(): Promise<void> {
    if (store.getState().reading) return;
    store.setState({ reading: true });
    const answer = await door.filingDesk.read();
    if (disposed) return;
    store.setState(
      answer.ok
        ? { reading: false, desk: answer.value, readAtMs: clock.now(), failed: null }
        : { reading: false, failed: answer.error },
    );
    // Whom the server refuses does not knock again and again.
    if (answer.ok || answer.error !== "not-allowed") again(everyMs);
  }

  /** One act at a time; what waits for nobody any more was somebody else's. */
  async function act(
    id: string,
    what: "retried" | "resolved",
    run: () => ReturnType<DeskModelAct>,
  ): Promise<boolean> {
    if (store.getState().acting !== null) return false;
    store.setState({ acting: id, said: null });
    const answer = await run();
    if (disposed) return false;
    if (answer.ok) store.setState({ acting: null, said: { what, id } });
    else if (answer.error === "not-found") store.setState({ acting: null, said: { what: "gone", id } });
    else store.setState({ acting: null, said: { what: "failed", id, code: answer.error } });
    const over = answer.ok || answer.error === "not-found";
    if (over) {
      await read();
      if (what === "retried") again(soonMs);
    }
    return over;
  }

  return {
    store,
    read,
    retry: async (id) => void (await act(id, "retried", () => door.filingDesk.retry(id))),
    resolve: (id, decision) => act(id, "resolved", () => door.filingDesk.resolve(id, decision)),
    dispose() {
      disposed = true;
      stop();
    },
  };
}

type DeskModelAct = Door["filingDesk"]["retry"];
