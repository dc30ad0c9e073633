import { err, ok, type Result } from "#protocol/result.ts";
import { trustedScriptUrl } from "../../ui/trusted.ts";
import type { FileRefusal } from "./image-kind.ts";
import workerUrl from "./picture-worker.ts?worker&url";
import type { Ahead, PreparedPicture } from "./prepare-picture.ts";
import type { WorkAnswer, WorkOrder } from "./workshop-messages.ts";

/** Makes pictures ready away from the page's thread. */
export type Workshop = {
  /** `failed`: the device could not do it (memory, a broken worker); trying again may help. */
  prepare(
    source: Blob | ImageBitmap,
    ahead: (ahead: Ahead) => void,
  ): Promise<Result<PreparedPicture, FileRefusal | "failed">>;
  /** Ends the worker. */
  dispose(): void;
};

/** Longest that one picture may take: a file that decodes for ever is refused like a broken one. */
const patienceMs = 20_000;

type Waiting = {
  readonly ahead: (ahead: Ahead) => void;
  readonly settle: (result: Result<PreparedPicture, FileRefusal | "failed">) => void;
};

/** Starts the worker at the first picture. */
export function createWorkshop(): Workshop {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | null = null;
  let last = 0;

  const stop = () => {
    worker?.terminate();
    worker = null;
    for (const each of waiting.values()) each.settle(err("failed"));
    waiting.clear();
  };

  const start = (): Worker => {
    const started = new Worker(trustedScriptUrl(workerUrl), { type: "module", name: "pictures" });
    started.addEventListener("message", ({ data }: MessageEvent<WorkAnswer>) => take(data));
    started.addEventListener("error", stop);
    return started;
  };

  const take = (answer: WorkAnswer) => {
    const asked = waiting.get(answer.id);
    if (asked === undefined) return;
    if (answer.step === "ahead") return asked.ahead(answer.ahead);
    waiting.delete(answer.id);
    if (answer.step === "done") asked.settle(ok(answer.picture));
    else asked.settle(err(answer.step === "failed" ? "failed" : answer.reason));
  };

  return {
    dispose: stop,
    prepare(source, ahead) {
      worker ??= start();
      last += 1;
      const order: WorkOrder = { id: last, source };
      const { promise, resolve } = Promise.withResolvers<Result<PreparedPicture, FileRefusal | "failed">>();
      // A decoder that hangs cannot be asked to stop: its worker is ended, and the next picture starts another.
      const timer = setTimeout(stop, patienceMs);
      waiting.set(order.id, {
        ahead,
        settle: (result) => {
          clearTimeout(timer);
          resolve(result);
        },
      });
      worker.postMessage(order, source instanceof ImageBitmap ? [source] : []);
      return promise;
    },
  };
}
