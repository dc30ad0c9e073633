import type { Plugin } from "vitest/config";
import { type PoolOptions, type PoolWorker, ThreadsPoolWorker } from "vitest/node";

const name = "kept";
/** What runs before leaves a little behind, a timer or a socket of a test that failed: a new thread now and then. */
const runsOfAThread = 40;

type Listener = Parameters<PoolWorker["on"]>[1];
type Message = Parameters<PoolWorker["send"]>[0];

/**
 * Runs the tests of one mutant after the other in the same thread: our own modules are loaded anew for each file of tests, those of packages
 * are not, and what is hot stays so. That saves more than half of the time.
 */
export function keptWorker(): Plugin {
  let thread: { readonly worker: ThreadsPoolWorker; runs: number; isBusy: boolean } | undefined;
  let detach = () => {};

  const end = async (): Promise<void> => {
    detach();
    const ended = thread;
    thread = undefined;
    await ended?.worker.stop();
  };

  function createPoolWorker(options: PoolOptions): PoolWorker {
    const listening: [string, Listener][] = [];
    const answer = (type: string) =>
      queueMicrotask(() => {
        for (const [event, listener] of listening)
          if (event === "message") listener({ type, __vitest_worker_response__: true });
      });
    const leave = () => {
      for (const [event, listener] of listening) thread?.worker.off(event, listener);
    };
    const watch: Listener = (message: { type?: string }) => {
      if (thread === undefined) return;
      if (message.type === "testfileFinished") thread.isBusy = false;
    };
    const on = (event: string, listener: Listener) => {
      listening.push([event, listener]);
      thread?.worker.on(event, listener);
    };
    return {
      name,
      start: async () => {
        detach();
        if (thread !== undefined && (thread.isBusy || thread.runs >= runsOfAThread)) await end();
        if (thread === undefined) {
          thread = { worker: new ThreadsPoolWorker(options), runs: 0, isBusy: false };
          await thread.worker.start();
        }
        detach = leave;
        on("message", watch);
      },
      send: (message: Message) => {
        const type = "type" in message ? message.type : undefined;
        // The thread goes on; also for one whose place the next has taken already.
        if (type === "stop") return answer("stopped");
        if (thread === undefined) return;
        // Sent on each time: it brings the names of the tests that are asked.
        if (type === "run") Object.assign(thread, { runs: thread.runs + 1, isBusy: true });
        thread.worker.send(message);
      },
      stop: async () => leave(),
      on,
      off: (event, listener) => thread?.worker.off(event, listener),
      deserialize: (data) => data,
    };
  }

  return {
    name: "kept-worker",
    configureVitest({ vitest, project }) {
      // Stryker asks for threads; these are.
      Object.assign(project.config, { pool: name, poolRunner: { name, createPoolWorker } });
      vitest.onClose(end);
    },
  };
}
