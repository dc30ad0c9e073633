import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { PartControl } from "./control.ts";
import { StackFailure } from "./failure.ts";
import type { Part, PartContext, PartName } from "./parts/part.ts";
import { createNursery, type Running } from "./processes.ts";
import type { Progress } from "./progress.ts";

export interface SupervisorOptions {
  readonly parts: Readonly<Record<PartName, Part>>;
  readonly context: () => PartContext;
  readonly progress: Progress;
  /** Fires when everything must end. */
  readonly signal: AbortSignal;
  /** The set of running processes has changed. */
  readonly onChange: () => void;
  /** A part ended that nobody had asked to. */
  readonly onDeath: (failure: StackFailure) => void;
}

/** Starts and stops the processes of the parts, and notices when one dies. */
export interface Supervisor extends PartControl, AsyncDisposable {
  install(part: Part): Promise<void>;
  /** Starts a part and waits until it answers. */
  bringUp(part: Part): Promise<void>;
  processes(): Record<string, { pid: number; ticks: string }>;
}

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { parts, context, progress, signal, onChange, onDeath } = options;
  const nursery = createNursery();
  const running = new Map<PartName, Running>();
  const asked = new Set<Running>();
  let isClosing = false;
  const logOf = (name: string) => join(context().folders.logs, `${name}.log`);

  async function bringUp(part: Part, settings: Readonly<Record<string, string>> = {}): Promise<void> {
    signal.throwIfAborted();
    progress.set(part.label, "starting");
    const launch = part.launch(context());
    const process_ = await nursery.start(
      { ...launch, env: { ...launch.env, ...settings } },
      logOf(part.name),
    );
    running.set(part.name, process_);
    onChange();
    void process_.exited.then((how) => {
      running.delete(part.name);
      if (!isClosing && !asked.has(process_)) onDeath(deathOf(part, how, logOf(part.name)));
    });
    await waitUntilReady(part);
  }

  /** A death on the way fires the signal, with the death as its reason. */
  async function waitUntilReady(part: Part): Promise<void> {
    const deadlineMs = Date.now() + part.startMs;
    while (!(await part.isReady(context()))) {
      signal.throwIfAborted();
      if (Date.now() > deadlineMs) throw slownessOf(part, logOf(part.name));
      await delay(200);
    }
    signal.throwIfAborted();
  }

  return {
    bringUp,
    async install(part) {
      if (part.installer === undefined || part.installer.isInstalled()) return;
      progress.set(part.label, "installing");
      await part.installer.install(logOf(`install-${part.name}`), signal);
    },
    processes: () =>
      Object.fromEntries(
        [...running].map(([name, { pid, startTicks }]) => [name, { pid, ticks: startTicks }]),
      ),
    async stopPart(name, how = "term") {
      const process_ = running.get(name);
      if (process_ === undefined) return;
      asked.add(process_);
      if (how === "kill") process_.kill();
      else await process_.stop();
      await process_.exited;
      progress.set(parts[name].label, "stopped");
      onChange();
    },
    async startPart(name, settings) {
      if (running.has(name)) return;
      await bringUp(parts[name], settings);
      progress.set(parts[name].label, "up");
    },
    async [Symbol.asyncDispose]() {
      isClosing = true;
      await nursery[Symbol.asyncDispose]();
    },
  };
}

const deathOf = (part: Part, how: string, log: string): StackFailure =>
  new StackFailure(
    `${part.label} stopped unexpectedly (${how}), so everything else was stopped too: ` +
      `the end of ${log} says why; then start again.`,
  );

const slownessOf = (part: Part, log: string): StackFailure =>
  new StackFailure(
    `${part.label} did not answer within ${part.startMs / 1000} s of its start: see ${log}, then try again.`,
  );
