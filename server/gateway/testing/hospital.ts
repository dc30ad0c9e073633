import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clinician } from "#protocol/people.ts";
import { type Audit, auditRole } from "../../audit/index.ts";
import { consentRole, type Registry } from "../../consent/index.ts";
import type { DirectoryPort } from "../../directory/index.ts";
import { readConfig } from "../../kit/config.ts";
import { createEventBus, type EventBus } from "../../kit/events.ts";
import { newPrivateJwk } from "../../kit/jose.ts";
import { createLogger, type Logger } from "../../kit/log.ts";
import type { RoleContext } from "../../kit/role.ts";
import { createSynapseClient } from "../../kit/synapse-client.ts";
import { type PatientPort, patientRole } from "../../patient/index.ts";
import { type Database, openDatabase } from "../../store/index.ts";
import { createGate, type Gate, type GatewayNeeds, gatewayRole } from "../index.ts";
import { type Homeserver, openHomeserver } from "./homeserver.ts";

/** The server's real roles over a homeserver in memory, with a database file that can be closed, kept aside and put back. */
export type Hospital = AsyncDisposable & {
  readonly homeserver: Homeserver;
  /** What is running now. Throws while the server is down. */
  now(): Running;
  /** What a browser's fetch is to this hospital's address; fails while the server is down. */
  readonly fetch: typeof globalThis.fetch;
  stop(): Promise<void>;
  start(): Promise<void>;
  backUp(): Promise<void>;
  /** Puts the last backup in place of the database, as after a lost disk. The server must be down. */
  restore(): void;
};

export type Running = {
  readonly registry: Registry;
  readonly gate: Gate;
  readonly audit: Audit;
  readonly db: Database;
  readonly events: EventBus;
  readonly address: string;
};

/** Who works there, and what differs from a hospital without a record and a bot. */
export type HospitalParts = {
  readonly clock: () => number;
  readonly bot: string;
  readonly clinicians: readonly Clinician[];
  readonly directory?: Partial<DirectoryPort>;
  readonly patient?: Partial<PatientPort>;
  readonly needs?: Partial<GatewayNeeds>;
  readonly env?: Readonly<Record<string, string>>;
  /** Where it writes what it does; nowhere, unless a test wants to read it. */
  readonly log?: Logger;
};

export const hospitalUrl = "http://hospital.test";

/** The registry's key, one for all hospitals of a run: making one is slow. */
const registryKey = newPrivateJwk();

export async function openHospital({ clock, bot, ...given }: HospitalParts): Promise<Hospital> {
  const directory = { ...directoryOf(given.clinicians), ...given.directory };
  const folder = mkdtempSync(join(tmpdir(), "model-"));
  const path = (name: string): string => join(folder, name);
  mkdirSync(path("client"));
  writeFileSync(path("client/index.html"), "<!doctype html>");
  writeFileSync(path("registry-key.json"), JSON.stringify(await registryKey), { mode: 0o600 });
  const config = readConfig({
    COLLOQUE_PORT: "0",
    COLLOQUE_PUBLIC_URL: hospitalUrl,
    COLLOQUE_DATA: path("data"),
    COLLOQUE_CLIENT_DIR: path("client"),
    COLLOQUE_SYNAPSE_SOCKET: path("synapse.sock"),
    COLLOQUE_SERVER_NAME: "valombre.example",
    COLLOQUE_SYNAPSE_ADMIN_TOKEN: "admin",
    COLLOQUE_POLICY_SOCKET: path("policy.sock"),
    COLLOQUE_FHIR_URL: "http://record.test/fhir",
    COLLOQUE_BOT_USER: bot,
    COLLOQUE_BOT_PASSWORD: "unused",
    COLLOQUE_BOT_STORE_KEY: Buffer.alloc(32).toString("base64"),
    COLLOQUE_REGISTRY_KEY_FILE: path("registry-key.json"),
    COLLOQUE_HOSPITAL: JSON.stringify({ name: "CHU de Valombre", address: "" }),
    COLLOQUE_LOG: "silent",
    ...given.env,
  });
  const homeserver = await openHomeserver(config.synapseSocket, config.policySocket);
  mkdirSync(config.dataDir, { mode: 0o700 });
  const file = join(config.dataDir, "colloque.db");
  let running: (Running & { stack: AsyncDisposableStack }) | undefined;

  async function start(): Promise<void> {
    const log = given.log ?? createLogger("silent");
    const stack = new AsyncDisposableStack();
    const db = stack.use(openDatabase(file));
    const signal = new AbortController().signal;
    const events = createEventBus(log);
    const context: RoleContext = { config, db, log, clock, signal, events };
    const synapse = stack.use(createSynapseClient(homeserver.socket));
    const audit = stack.use(await auditRole.start(context));
    const registry = stack.use(await consentRole({ audit, synapse }).start(context));
    const patient = stack.use(await patientRole({ audit, registry, directory }).start(context));
    const gate = createGate({ registry, directory, clock });
    const door = stack.use(
      await gatewayRole({
        synapse,
        registry,
        directory,
        audit,
        gate,
        record: undefined,
        askIn: undefined,
        patient: { ...patient, ...given.patient },
        botState: () => "off",
        onUserReady: () => undefined,
        ...given.needs,
      }).start(context),
    );
    running = { registry, gate, audit, db, events, address: door.address, stack };
  }

  async function stop(): Promise<void> {
    await running?.stack.disposeAsync();
    running = undefined;
  }

  const now = () => {
    if (running === undefined) throw new Error("The hospital's server is down");
    return running;
  };
  await start();
  return {
    homeserver,
    now,
    start,
    stop,
    fetch: (input, init) => {
      const url = String(input instanceof Request ? input.url : input);
      return globalThis.fetch(url.replace(hospitalUrl, now().address), init);
    },
    backUp: async () => {
      rmSync(path("backup.db"), { force: true });
      await now().db.run("VACUUM INTO ?", path("backup.db"));
    },
    restore: () => {
      if (!existsSync(path("backup.db"))) return;
      for (const end of ["", "-wal", "-shm"]) rmSync(file + end, { force: true });
      cpSync(path("backup.db"), file);
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      await homeserver[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The directory as read from a record that names these clinicians. */
const directoryOf = (clinicians: readonly Clinician[]): DirectoryPort => ({
  current: () => ({ clinicians: [...clinicians], teams: [], updatedAt: new Date(0).toISOString() }),
  clinicians: () => clinicians,
  teams: () => [],
  find: (userId) => clinicians.find((each) => each.userId === userId),
  correspondents: { usualDoctorOf: async () => undefined, colleague: async () => undefined },
  searchPatients: async () => ({ matches: [], more: false }),
  isKnown: () => true,
  recordIsUp: () => true,
  refresh: async () => undefined,
});
