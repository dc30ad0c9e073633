import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { cached, checkSpace } from "./cache.ts";
import { buildClient, isClientFresh } from "./client-build.ts";
import { listenForControl, type PartControl } from "./control.ts";
import { serverName } from "./demo/hospital.ts";
import { messageOf, StackFailure } from "./failure.ts";
import { fhirUrl, hapi } from "./parts/hapi.ts";
import { livekit } from "./parts/livekit.ts";
import { dicomwebUrl, orthanc } from "./parts/orthanc.ts";
import type { Part, PartContext, PartName } from "./parts/part.ts";
import { server } from "./parts/server.ts";
import { synapse, synapseSocket } from "./parts/synapse.ts";
import { foldersOf, makePrivate, root } from "./paths.ts";
import { checkPorts, portBaseOf, portsFrom } from "./ports.ts";
import { createNursery, type Running, startTicksOf } from "./processes.ts";
import { createProgress, type Progress, silentProgress } from "./progress.ts";
import { claim, type Run, removeRun, writeRun } from "./run-file.ts";
import { loadSecrets, saveSecrets } from "./secrets.ts";
import { seedHomeserver, seedRecord } from "./seed.ts";
import { checkTools } from "./toolchain.ts";

const partsByName = { synapse, livekit, hapi, orthanc, server } as const;
const allParts: readonly PartName[] = ["synapse", "livekit", "hapi", "orthanc", "server"];
const clientLabel = "Client (built for the browser)";

export interface StackOptions {
  readonly profile: string;
  readonly portBase?: number;
  /** Folder that holds the profiles; the checkout's .colloque unless told otherwise. */
  readonly home?: string;
  /** Begin with empty data. */
  readonly reset?: boolean;
  readonly quiet?: boolean;
  readonly progress?: Progress;
  readonly parts?: readonly PartName[];
  /** Fills a new profile's data from elsewhere, before anything starts. */
  readonly prepareData?: (dataFolder: string) => Promise<void>;
  /** Called once the server answers, while the record may still be starting. */
  readonly onUsable?: (run: Run) => void;
  readonly signal?: AbortSignal;
}

/** A running stack. Stop it, or nothing of it will end by itself. */
export interface Stack extends PartControl, AsyncDisposable {
  readonly run: Run;
  readonly publicUrl: string;
  readonly fhirUrl: string;
  readonly dicomwebUrl: string | undefined;
  readonly synapseSocket: string;
  readonly dataDir: string;
  readonly logsDir: string;
  readonly adminToken: string;
  /** Settles when the stack has ended: with what went wrong, or with nothing if it was asked to. */
  readonly ended: Promise<StackFailure | undefined>;
  stop(): Promise<void>;
}

/** Brings up the real parts; on any failure it stops what it had started and throws one sentence. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const progress = options.progress ?? (options.quiet === true ? silentProgress : createProgress());
  const folders = foldersOf(options.profile, options.home);
  const ports = portsFrom(options.portBase ?? portBaseOf(options.profile));
  const wanted = options.parts ?? allParts;
  const parts = wanted.map((name): Part => partsByName[name]);

  mkdirSync(join(folders.data, ".."), { recursive: true, mode: 0o700 });
  await claim(folders.runFile);
  await checkMachine(parts, folders.data);
  await checkPorts(ports);
  if (options.reset === true) rmSync(folders.data, { recursive: true, force: true });
  for (const folder of [folders.data, folders.logs, folders.sockets]) makePrivate(folder);
  if (!existsSync(folders.secretsFile)) await options.prepareData?.(folders.data);

  let secrets = loadSecrets(folders.secretsFile);
  let hasArchive = wanted.includes("orthanc");
  const publicUrl = `http://localhost:${ports.gateway}`;
  const context = (): PartContext => ({ folders, ports, secrets, publicUrl, hasArchive });

  const abort = new AbortController();
  const signal =
    options.signal === undefined ? abort.signal : AbortSignal.any([abort.signal, options.signal]);
  const nursery = createNursery();
  const running = new Map<PartName, Running>();
  const stopping = new Set<PartName>();
  let state: Run["state"] = "starting";
  let isStopping = false;
  const ended = Promise.withResolvers<StackFailure | undefined>();
  const log = (name: string) => join(folders.logs, `${name}.log`);

  const facts = (): Run => ({
    profile: options.profile,
    state,
    owner: { pid: process.pid, ticks: startTicksOf(process.pid) ?? "" },
    parts: Object.fromEntries(
      [...running].map(([name, { pid, startTicks }]) => [name, { pid, ticks: startTicks }]),
    ),
    publicUrl,
    serverName,
    fhirUrl: fhirUrl(ports),
    dicomwebUrl: hasArchive ? dicomwebUrl(ports) : null,
    livekitUrl: `ws://127.0.0.1:${ports.livekit}`,
    synapseSocket: synapseSocket(folders),
    controlSocket: join(folders.sockets, "control"),
    dataDir: folders.data,
    logsDir: folders.logs,
    adminToken: secrets.adminToken ?? null,
  });
  const note = () => writeRun(folders.runFile, facts());

  async function install(part: Part): Promise<void> {
    if (part.installer === undefined || part.installer.isInstalled()) return;
    progress.set(part.label, "installing");
    await part.installer.install(log(`install-${part.name}`), signal);
  }

  async function bringUp(part: Part): Promise<void> {
    signal.throwIfAborted();
    progress.set(part.label, "starting");
    const process_ = await nursery.start(part.launch(context()), log(part.name));
    running.set(part.name, process_);
    note();
    void process_.exited.then((how) => {
      running.delete(part.name);
      if (!stopping.has(part.name) && !isStopping && state === "up")
        void fail(deathOf(part, how, log(part.name)));
    });
    await waitUntilReady(part, process_);
  }

  async function waitUntilReady(part: Part, process_: Running): Promise<void> {
    const deadline = Date.now() + part.startMs;
    while (!(await part.isReady(context()))) {
      signal.throwIfAborted();
      if (process_.hasExited()) throw deathOf(part, await process_.exited, log(part.name));
      if (Date.now() > deadline) {
        throw new StackFailure(
          `${part.label} did not answer within ${part.startMs / 1000} s of its start: see ${log(part.name)}, then try again.`,
        );
      }
      await delay(200, undefined, { signal });
    }
  }

  /** The way of each part, from nothing to up; those that don't need each other go side by side. */
  async function begin(): Promise<void> {
    for (const part of parts) progress.set(part.label, "waiting");
    const has = (name: PartName) => wanted.includes(name);
    const archive = has("orthanc") ? installArchive() : Promise.resolve();
    const ways = [
      has("synapse") ? beginSynapse() : Promise.resolve(),
      has("livekit")
        ? install(livekit)
            .then(() => bringUp(livekit))
            .then(() => up(livekit))
        : undefined,
      has("hapi") ? beginRecord() : undefined,
      archive.then(() => (hasArchive ? bringUp(orthanc).then(() => up(orthanc)) : undefined)),
    ];
    if (has("server")) ways.push(beginServer(Promise.all([ways[0], archive])));
    await firstFailure(ways);
  }

  const up = (part: Part) => progress.set(part.label, "up");

  async function beginSynapse(): Promise<void> {
    await install(synapse);
    await bringUp(synapse);
    secrets = { ...secrets, adminToken: await seedHomeserver(context()) };
    saveSecrets(folders.secretsFile, secrets);
    up(synapse);
  }

  async function beginRecord(): Promise<void> {
    await install(hapi);
    await bringUp(hapi);
    await seedRecord(context());
    up(hapi);
  }

  /** A hospital may have no archive; then the product does without, and says so. */
  async function installArchive(): Promise<void> {
    try {
      await install(orthanc);
    } catch (error) {
      signal.throwIfAborted();
      hasArchive = false;
      progress.set(orthanc.label, "off", messageOf(error));
      progress.say(`Starting without a DICOM archive: ${messageOf(error)}.`);
    }
  }

  async function beginServer(needs: Promise<unknown>): Promise<void> {
    await Promise.all([needs, beginClient()]);
    if (!existsSync(join(root, "server", "main.ts"))) {
      progress.set(server.label, "off", "not written yet");
      return;
    }
    await bringUp(server);
    up(server);
    options.onUsable?.(facts());
  }

  async function beginClient(): Promise<void> {
    if (isClientFresh() || !existsSync(join(root, "index.html"))) return;
    progress.set(clientLabel, "installing");
    // While the client is being written, a stack without it is still of use; to be removed.
    const built = await buildClient(log("client-build"), signal).catch((error: unknown) => messageOf(error));
    progress.set(clientLabel, built === undefined ? "up" : "off", built ?? "");
  }

  async function fail(failure: StackFailure): Promise<void> {
    if (isStopping) return;
    await stopAll();
    ended.resolve(failure);
  }

  async function stopAll(): Promise<void> {
    isStopping = true;
    abort.abort(new StackFailure("The start was interrupted."));
    await control[Symbol.asyncDispose]();
    await nursery[Symbol.asyncDispose]();
    removeRun(folders.runFile);
  }

  const partControl: PartControl = {
    async stopPart(name, how = "term") {
      const process_ = running.get(name);
      if (process_ === undefined) return;
      stopping.add(name);
      if (how === "kill") process.kill(-process_.pid, "SIGKILL");
      else await process_.stop();
      await process_.exited;
      running.delete(name);
      progress.set(partsByName[name].label, "stopped");
      note();
    },
    async startPart(name) {
      if (running.has(name)) return;
      await bringUp(partsByName[name]);
      stopping.delete(name);
      up(partsByName[name]);
      note();
    },
  };

  note();
  const control = await listenForControl(facts().controlSocket, partControl);
  try {
    await begin();
    const dead = parts.find(
      (part) => part.installer !== undefined && !running.has(part.name) && !isOff(part),
    );
    if (dead !== undefined) throw deathOf(dead, "no longer there", log(dead.name));
    state = "up";
    note();
  } catch (error) {
    await stopAll();
    progress.end();
    throw options.signal?.aborted === true ? new StackFailure("Stopped.") : error;
  }

  function isOff(part: Part): boolean {
    return part.name === "orthanc" && !hasArchive;
  }

  const run = facts();
  const stop = async () => {
    if (isStopping) return;
    await stopAll();
    progress.end();
    ended.resolve(undefined);
  };
  return {
    run,
    publicUrl,
    fhirUrl: run.fhirUrl,
    dicomwebUrl: run.dicomwebUrl ?? undefined,
    synapseSocket: run.synapseSocket,
    dataDir: folders.data,
    logsDir: folders.logs,
    adminToken: secrets.adminToken ?? "",
    ended: ended.promise,
    ...partControl,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Everything that can be known to be missing before anything starts. */
async function checkMachine(parts: readonly Part[], dataFolder: string): Promise<void> {
  const installers = parts.map((part) => part.installer).filter((installer) => installer !== undefined);
  const toInstall = installers.filter((installer) => !installer.isInstalled());
  const tools = [
    ...installers.flatMap((installer) => installer.toolsToRun),
    ...toInstall.flatMap((installer) => installer.toolsToInstall),
  ];
  await checkTools([...new Set(tools)]);
  if (toInstall.length > 0) checkSpace(cached(), 4e9, "installing the parts");
  checkSpace(dataFolder, 5e8, "the demo's data");
}

/** Waits for all; at the first failure throws that one, without waiting for the others. */
async function firstFailure(ways: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  await Promise.all(ways);
}

const deathOf = (part: Part, how: string, log: string): StackFailure =>
  new StackFailure(
    `${part.label} stopped unexpectedly (${how}), so everything else was stopped too: the end of ${log} says why; then start again.`,
  );
