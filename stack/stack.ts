import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { bringUpAll, partsByName, partsGiving } from "./bring-up.ts";
import { cached, checkSpace } from "./cache.ts";
import { builtClient } from "./client-build.ts";
import { listenForControl, type PartControl } from "./control.ts";
import { serverName } from "./demo/hospital.ts";
import { StackFailure } from "./failure.ts";
import { fhirUrl } from "./parts/hapi.ts";
import { dicomwebUrl } from "./parts/orthanc.ts";
import type { PartContext, PartName } from "./parts/part.ts";
import { synapseSocket } from "./parts/synapse.ts";
import { type Folders, foldersOf, makePrivate } from "./paths.ts";
import { checkPorts, portBaseOf, portsFrom } from "./ports.ts";
import { startTicksOf } from "./processes.ts";
import { createProgress, type Progress, silentProgress } from "./progress.ts";
import { claim, type Run, removeRun, writeRun } from "./run-file.ts";
import { loadSecrets, saveSecrets } from "./secrets.ts";
import { createSupervisor } from "./supervisor.ts";
import { checkTools } from "./toolchain.ts";

const allParts: readonly PartName[] = ["synapse", "livekit", "hapi", "orthanc", "server"];
const partsOf = ({ parts = allParts, isApart }: StackOptions): readonly PartName[] =>
  isApart === true ? [...parts, "archivist"] : parts;

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
  /** With the archivist as a process of its own; by default it is part of the server. */
  readonly isApart?: boolean;
  /** Fills a new profile's data from elsewhere, before anything starts. */
  readonly prepareData?: (dataFolder: string) => Promise<void>;
  /** Pages that the server gives out in place of the built client, which is then not built. */
  readonly clientFolder?: string;
  /** Called once the server answers, while the record may still be starting. */
  readonly onUsable?: (run: Run) => void;
  readonly signal?: AbortSignal;
}

/** A running stack. Stop it, or nothing of it will end by itself. */
export interface Stack extends PartControl, AsyncDisposable {
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
  await prepare(options, folders);
  const attempt = createAttempt(options, folders, progress);
  const control = await listenForControl(attempt.facts().controlSocket, attempt.supervisor);
  const ended = Promise.withResolvers<StackFailure | undefined>();
  let stopping: Promise<void> | undefined;
  const stopAll = () => {
    stopping ??= (async () => {
      attempt.beginStopping();
      await control[Symbol.asyncDispose]();
      await attempt.supervisor[Symbol.asyncDispose]();
      attempt.forget();
      progress.end();
    })();
    return stopping;
  };
  try {
    await attempt.begin();
  } catch (error) {
    await stopAll();
    throw attempt.accident() ?? error;
  }
  attempt.onAccident((failure) => void stopAll().then(() => ended.resolve(failure)));
  const stop = () => stopAll().then(() => ended.resolve(undefined));
  const { publicUrl, adminToken, dicomwebUrl: archive, ...facts } = attempt.facts();
  return {
    publicUrl,
    fhirUrl: facts.fhirUrl,
    dicomwebUrl: archive ?? undefined,
    synapseSocket: facts.synapseSocket,
    dataDir: facts.dataDir,
    logsDir: facts.logsDir,
    adminToken: adminToken ?? "",
    ended: ended.promise,
    stopPart: attempt.supervisor.stopPart,
    startPart: attempt.supervisor.startPart,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Everything that can go wrong before a process is started, and an empty or filled data folder. */
async function prepare(options: StackOptions, folders: Folders): Promise<void> {
  makePrivate(dirname(folders.data));
  await claim(folders.runFile, options.signal);
  await checkMachine(partsOf(options), folders.data);
  await checkPorts(portsFrom(options.portBase ?? portBaseOf(options.profile)));
  if (options.reset === true) rmSync(folders.data, { recursive: true, force: true });
  for (const folder of [folders.data, folders.logs, folders.sockets]) makePrivate(folder);
  if (!existsSync(folders.secretsFile)) await options.prepareData?.(folders.data);
}

async function checkMachine(names: readonly PartName[], dataFolder: string): Promise<void> {
  const installers = names.map((name) => partsByName[name].installer).filter((found) => found !== undefined);
  const toInstall = installers.filter((installer) => !installer.isInstalled());
  const tools = [
    ...installers.flatMap((installer) => installer.toolsToRun),
    ...toInstall.flatMap((installer) => installer.toolsToInstall),
  ];
  await checkTools([...new Set(tools)]);
  if (toInstall.length > 0) checkSpace(cached(), 4e9, "installing the parts");
  checkSpace(dataFolder, 5e8, "the demo's data");
}

/** One start, with what is known and changes on the way: secrets, archive, processes, and the first accident. */
function createAttempt(options: StackOptions, folders: Folders, progress: Progress) {
  const wanted = new Set(partsOf(options));
  const ports = portsFrom(options.portBase ?? portBaseOf(options.profile));
  const publicUrl = `http://localhost:${ports.gateway}`;
  let secrets = loadSecrets(folders.secretsFile);
  let hasArchive = wanted.has("orthanc");
  let state: Run["state"] = "starting";
  const accident = new AbortController();
  const outside = options.signal;
  const signal = outside === undefined ? accident.signal : AbortSignal.any([accident.signal, outside]);
  const clientFolder = options.clientFolder ?? builtClient;
  const context = (): PartContext => ({
    folders,
    ports,
    secrets,
    publicUrl,
    hasArchive,
    hasRegistry: wanted.has("server"),
    isApart: wanted.has("archivist"),
  });
  let isForgotten = false;
  const note = () => {
    if (!isForgotten) writeRun(folders.runFile, facts());
  };
  // From the moment that it was told to stop, nobody may begin to use it.
  const beginStopping = () => {
    state = "stopping";
    note();
  };

  const supervisor = createSupervisor({
    parts: partsGiving(clientFolder),
    context,
    progress,
    signal,
    onChange: note,
    onDeath: (failure) => accident.abort(failure),
  });

  function facts(): Run {
    return {
      profile: options.profile,
      state,
      owner: { pid: process.pid, ticks: startTicksOf(process.pid) ?? "" },
      parts: supervisor.processes(),
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
    };
  }

  return {
    supervisor,
    facts,
    beginStopping,
    /** Nothing runs any more: whatever is still on its way writes no more of it down. */
    forget(): void {
      isForgotten = true;
      removeRun(folders.runFile);
    },
    accident: (): StackFailure | undefined =>
      accident.signal.reason instanceof StackFailure ? accident.signal.reason : undefined,
    onAccident(act: (failure: StackFailure) => void): void {
      accident.signal.addEventListener("abort", () => act(accident.signal.reason), { once: true });
      if (accident.signal.aborted) act(accident.signal.reason);
    },
    async begin(): Promise<void> {
      note();
      signal.addEventListener("abort", beginStopping, { once: true });
      const scene = {
        clientFolder,
        wanted,
        supervisor,
        progress,
        signal,
        context,
        setAdminToken(adminToken: string) {
          secrets = { ...secrets, adminToken };
          saveSecrets(folders.secretsFile, secrets);
        },
        doWithoutArchive() {
          hasArchive = false;
        },
        onUsable: () => options.onUsable?.(facts()),
      };
      await untilFirstFailure(bringUpAll(scene), signal, (reason) => accident.abort(reason));
      signal.throwIfAborted();
      state = "up";
      note();
    },
  };
}

/** Waits for the work; whatever fails first, the signal included, makes all the rest give up. */
async function untilFirstFailure(
  work: Promise<void>,
  signal: AbortSignal,
  giveUp: (reason: unknown) => void,
): Promise<void> {
  const aborted = new Promise<never>((_, fail) => {
    if (signal.aborted) fail(signal.reason);
    signal.addEventListener("abort", () => fail(signal.reason), { once: true });
  });
  try {
    await Promise.race([work, aborted]);
  } catch (error) {
    giveUp(error);
    await work.catch(() => undefined);
    throw error;
  }
}
