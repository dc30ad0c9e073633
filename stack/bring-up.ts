import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { healthSchema } from "#protocol/api.ts";
import { buildClient, builtClient, isClientFresh } from "./client-build.ts";
import { messageOf, StackFailure } from "./failure.ts";
import { ensureFfmpeg } from "./install.ts";
import { archivist } from "./parts/archivist.ts";
import { hapi } from "./parts/hapi.ts";
import { livekit } from "./parts/livekit.ts";
import { orthanc } from "./parts/orthanc.ts";
import type { Part, PartContext, PartName } from "./parts/part.ts";
import { server } from "./parts/server.ts";
import { synapse } from "./parts/synapse.ts";
import type { Progress } from "./progress.ts";
import { seedHomeserver, seedRecord } from "./seed.ts";
import type { Supervisor } from "./supervisor.ts";

export const partsByName: Readonly<Record<PartName, Part>> = {
  synapse,
  livekit,
  hapi,
  orthanc,
  server,
  archivist,
};

/** The parts, with a server that gives out the pages in that folder. */
export const partsGiving = (clientFolder: string): typeof partsByName => ({
  ...partsByName,
  server: {
    ...server,
    launch(context) {
      const launch = server.launch(context);
      return { ...launch, env: { ...launch.env, COLLOQUE_CLIENT_DIR: clientFolder } };
    },
  },
});

/** What the order of a start needs to know and may change. */
export interface Scene {
  readonly wanted: ReadonlySet<PartName>;
  readonly supervisor: Supervisor;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Where the pages that the server gives out are. */
  readonly clientFolder: string;
  context(): PartContext;
  setAdminToken(token: string): void;
  /** There is no DICOM archive on this machine. */
  doWithoutArchive(): void;
  onUsable(): void;
}

/**
 * The way of each part from nothing to up. Those that don't need each other go side by side; the server starts as soon
 * as there are messages, the record may follow.
 */
export async function bringUpAll(scene: Scene): Promise<void> {
  const { wanted, progress } = scene;
  for (const name of wanted) progress.set(partsByName[name].label, "waiting");
  const messages = wanted.has("synapse") ? beginMessages(scene) : Promise.resolve();
  const archiveKnown = wanted.has("orthanc") ? installArchive(scene) : Promise.resolve();
  await Promise.all([
    messages,
    wanted.has("livekit") ? beginPart(scene, livekit) : undefined,
    wanted.has("hapi") ? beginRecord(scene) : undefined,
    archiveKnown.then(() => beginArchive(scene)),
    wanted.has("server") ? beginServer(scene, [messages, archiveKnown]) : undefined,
    wanted.has("archivist") ? messages.then(() => beginPart(scene, archivist)) : undefined,
  ]);
  if (wanted.has("server") && wanted.has("hapi")) await untilServerReads(scene);
}

async function beginPart({ supervisor, progress }: Scene, part: Part): Promise<void> {
  await supervisor.install(part);
  await supervisor.bringUp(part);
  progress.set(part.label, "up");
}

async function beginMessages(scene: Scene): Promise<void> {
  await scene.supervisor.install(synapse);
  await scene.supervisor.bringUp(synapse);
  scene.setAdminToken(await seedHomeserver(scene.context()));
  scene.progress.set(synapse.label, "up");
}

async function beginRecord(scene: Scene): Promise<void> {
  await scene.supervisor.install(hapi);
  await scene.supervisor.bringUp(hapi);
  await seedRecord(scene.context());
  scene.progress.set(hapi.label, "up");
}

/** A hospital may have no archive; then the product does without, and says so. */
async function installArchive(scene: Scene): Promise<void> {
  try {
    await scene.supervisor.install(orthanc);
  } catch (error) {
    scene.signal.throwIfAborted();
    scene.doWithoutArchive();
    scene.progress.set(orthanc.label, "off");
    scene.progress.say(
      `Starting without a DICOM archive, photos go to the FHIR record only: ${messageOf(error)}.`,
    );
    return;
  }
  try {
    await ensureFfmpeg(join(scene.context().folders.logs, "ffmpeg-install.log"), scene.signal);
  } catch (error) {
    scene.signal.throwIfAborted();
    scene.progress.say(`Starting without ffmpeg, clips go to the FHIR record only: ${messageOf(error)}.`);
  }
}

async function beginArchive(scene: Scene): Promise<void> {
  if (scene.context().hasArchive) await beginPart(scene, orthanc);
}

async function beginServer(scene: Scene, needs: readonly Promise<void>[]): Promise<void> {
  await Promise.all([...needs, ensureClient(scene)]);
  await scene.supervisor.startPart("server");
  scene.onUsable();
}

/** The server looks for the record every few seconds while it is not there; until it has found it nobody is a clinician. */
async function untilServerReads({ signal, context }: Scene): Promise<void> {
  const health = `http://127.0.0.1:${context().ports.gateway}/colloque/v1/health`;
  const reads = async () =>
    healthSchema.parse(await (await fetch(health, { signal })).json()).parts.record === "up";
  const deadline = Date.now() + 30_000;
  while (!(await reads().catch(() => false))) {
    signal.throwIfAborted();
    if (Date.now() > deadline) throw new StackFailure("The Colloque server does not find the record.");
    await delay(200, undefined, { signal });
  }
}

const clientLabel = "Client (for the browser)";

async function ensureClient({ clientFolder, progress, signal, context }: Scene): Promise<void> {
  if (clientFolder !== builtClient || isClientFresh()) return;
  progress.set(clientLabel, "building");
  const log = join(context().folders.logs, "client-build.log");
  await buildClient(log, signal);
  progress.set(clientLabel, "up");
}
