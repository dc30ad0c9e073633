import { createStore, type StoreApi } from "zustand/vanilla";
import type { RefusalReason } from "#protocol/disclose.ts";
import { type ErrorCode, errorTable, isErrorCode } from "#protocol/errors.ts";
import type { CaseId } from "#protocol/ids.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import type { Bytes } from "../kit/bytes.ts";
import { type Clock, drop, pauseMs } from "../kit/clock.ts";
import { type DeviceStore, type Entry, StorageFullError } from "../kit/device-store.ts";
import {
  holdsUpCase,
  type ItemBody,
  itemSchema,
  mayDiscard,
  type OutboxItem,
  photoOfItem,
  refOfItem,
} from "./item.ts";
import { pictureEntry, readPicture } from "./pictures.ts";
import type { OutboxPorts } from "./ports.ts";
import { type StepContext, takeSteps } from "./steps.ts";

/** An item with what is true of it only while the page lives. */
export type LiveItem = OutboxItem & {
  readonly progress: number | null;
  readonly sending: boolean;
  readonly picture: Bytes | null;
};

export type NewItem = {
  readonly localId: string;
  readonly caseId: CaseId;
  readonly roomId: string | null;
  readonly body: ItemBody;
  readonly picture?: Bytes;
};

export type Outbox = {
  readonly store: StoreApi<{ readonly items: readonly LiveItem[] }>;
  /** Reads what an earlier page left. */
  load(): Promise<void>;
  /** All of it is on the device, in this order, or none of it. */
  add(items: readonly NewItem[]): Promise<Result<void, "storage-full">>;
  /** Begins, or goes on, sending. Ends with the signal. */
  run(ports: OutboxPorts, signal: AbortSignal): void;
  /** The network may be back: waiting items are tried at once. */
  wake(): void;
  retry(localId: string): void;
  discard(localId: string): Promise<void>;
  /** The room has its echoes: these are no longer needed. */
  settle(localIds: readonly string[]): void;
  /** Forgets what is in memory: the device was wiped. */
  clear(): void;
};

export function createOutbox(deps: { readonly device: DeviceStore; readonly clock: Clock }): Outbox {
  const { device, clock } = deps;
  const store = createStore<{ items: readonly LiveItem[] }>(() => ({ items: [] }));
  let running: { ports: OutboxPorts; signal: AbortSignal } | null = null;
  const busy = new Set<string>();
  let wakeUp = new AbortController();
  let lastSeq = 0;

  const find = (localId: string): LiveItem | undefined =>
    store.getState().items.find((item) => item.localId === localId);

  const change = (localId: string, part: Partial<LiveItem>): void => {
    store.setState(({ items }) => ({
      items: items.map((item) => (item.localId === localId ? { ...item, ...part } : item)),
    }));
  };

  const entryOf = (item: LiveItem): Entry => {
    const { progress: _progress, sending: _sending, picture: _picture, ...kept } = item;
    return { area: "outbox", key: item.localId, value: kept };
  };
  const write = (item: LiveItem): Promise<void> => device.setAll([entryOf(item)]);

  const keepChange =
    (localId: string): StepContext["keep"] =>
    async (part) => {
      change(localId, part);
      const item = find(localId);
      if (item === undefined) throw new Error("The item was discarded");
      // Full now is no reason to stop what is half sent: the room itself tells what was reached.
      await write(item).catch((cause) => {
        if (!(cause instanceof StorageFullError)) throw cause;
      });
      return item;
    };

  const remove = async (localIds: readonly string[]): Promise<void> => {
    const gone = new Set(localIds);
    store.setState(({ items }) => ({ items: items.filter((item) => !gone.has(item.localId)) }));
    for (const localId of localIds) {
      await device.delete("outbox", localId);
      await device.delete("pictures", localId);
    }
  };

  /** The first of a case that may move: nothing overtakes what holds up its case. */
  const nextOf = (caseId: string): LiveItem | undefined => {
    for (const item of store.getState().items) {
      if (item.caseId !== caseId || item.done) continue;
      if (item.failed === null) return item;
      if (holdsUpCase(item)) return undefined;
    }
    return undefined;
  };

  const send = async (item: LiveItem, ports: OutboxPorts): Promise<ErrorCode | RefusalReason | null> => {
    const { localId } = item;
    change(localId, { sending: true, failed: null });
    const answer = await takeSteps(item, {
      ports,
      keep: keepChange(localId),
      picture: async () => find(localId)?.picture ?? readPicture(device, localId),
      onProgress: (progress) => change(localId, { progress }),
    });
    return answer.ok ? null : answer.error;
  };

  const afterDone = (item: LiveItem): void => {
    const done = find(item.localId);
    if (done === undefined || !done.done) return;
    if (item.body.kind === "room" && done.roomId !== null) {
      const { roomId } = done;
      for (const each of store.getState().items)
        if (each.caseId === item.caseId && each.roomId === null) change(each.localId, { roomId });
    }
    if (refOfItem(item) === null) drop(remove([item.localId]));
    if (done.body.kind !== "picture" || done.body.facts.rendition !== "full") return;
    // A preview that could not go ahead has no use once its photo is there.
    const late = store.getState().items.filter((each) => each.failed !== null && isPartOf(each, done));
    if (late.length > 0) drop(remove(late.map((each) => each.localId)));
  };

  const drain = async (caseId: string, ports: OutboxPorts, signal: AbortSignal): Promise<void> => {
    let attempt = 0;
    for (let item = nextOf(caseId); item !== undefined && !signal.aborted; item = nextOf(caseId)) {
      const failure = await send(item, ports).catch((): ErrorCode => "internal");
      if (signal.aborted) return;
      if (failure === null) {
        attempt = 0;
        afterDone(item);
        continue;
      }
      if (mayPass(failure)) {
        change(item.localId, { sending: false, progress: null });
        await clock.wait(pauseMs(attempt), AbortSignal.any([signal, wakeUp.signal]));
        attempt += 1;
        continue;
      }
      change(item.localId, { sending: false, progress: null, failed: failure });
      const failed = find(item.localId);
      if (failed !== undefined) await write(failed).catch(() => undefined);
    }
  };

  const work = (): void => {
    if (running === null || running.signal.aborted) return;
    const { ports, signal } = running;
    for (const { caseId } of store.getState().items) {
      if (busy.has(caseId) || nextOf(caseId) === undefined) continue;
      busy.add(caseId);
      drop(
        drain(caseId, ports, signal).finally(() => {
          busy.delete(caseId);
          work();
        }),
      );
    }
  };

  return {
    store,
    async load() {
      const items: LiveItem[] = [];
      for (const localId of await device.keys("outbox")) {
        const parsed = itemSchema.safeParse(await device.get("outbox", localId));
        // What cannot be read is left where it is: never deleted unseen.
        if (!parsed.success) continue;
        const picture = parsed.data.body.kind === "picture" ? await readPicture(device, localId) : null;
        items.push({ ...parsed.data, picture, progress: null, sending: false });
      }
      items.sort((one, other) => one.seq - other.seq);
      lastSeq = items.at(-1)?.seq ?? 0;
      store.setState({ items });
    },
    async add(added) {
      const items = added.map(({ picture, ...item }): LiveItem => {
        lastSeq += 1;
        const fresh = { eventId: null, done: false, failed: null, progress: null, sending: false };
        return {
          ...item,
          ...fresh,
          seq: lastSeq,
          txnId: crypto.randomUUID(),
          atMs: clock.nowMs(),
          picture: picture ?? null,
        };
      });
      const pictured = items.flatMap(({ localId, picture }) =>
        picture === null ? [] : [pictureEntry(localId, picture)],
      );
      try {
        // At once: a page that ends here leaves all of it or nothing, never a case without its question.
        await device.setAll([...pictured, ...items.map(entryOf)]);
      } catch (cause) {
        if (cause instanceof StorageFullError) return err("storage-full");
        throw cause;
      }
      store.setState((before) => ({ items: [...before.items, ...items] }));
      work();
      return ok(undefined);
    },
    run(ports, signal) {
      running = { ports, signal };
      work();
    },
    wake() {
      wakeUp.abort();
      wakeUp = new AbortController();
      work();
    },
    retry(localId) {
      const item = find(localId);
      if (item === undefined) return;
      // A case that was held up moves again as a whole.
      for (const each of store.getState().items)
        if (isPartOf(each, item) || (each.caseId === item.caseId && holdsUpCase(each)))
          change(each.localId, { failed: null });
      this.wake();
    },
    async discard(localId) {
      const item = find(localId);
      if (item === undefined || !mayDiscard(item)) return;
      const whole = item.body.kind === "request" || item.body.kind === "room";
      const { items } = store.getState();
      const gone = items.filter((each) => (whole ? each.caseId === item.caseId : isPartOf(each, item)));
      await remove(gone.map((each) => each.localId));
      work();
    },
    settle: (localIds) => drop(remove(localIds)),
    clear() {
      running = null;
      store.setState({ items: [] });
    },
  };
}

/** The item itself, or the other form of the same photo. */
const isPartOf = (each: OutboxItem, item: OutboxItem): boolean =>
  each.localId === item.localId || (photoOfItem(item) !== null && photoOfItem(each) === photoOfItem(item));

/** Worth another try by itself: the network or a part was away. */
const mayPass = (failure: ErrorCode | RefusalReason): boolean =>
  failure === "status-unknown" ||
  failure === "status-stale" ||
  (isErrorCode(failure) && errorTable[failure].retry === "later");
