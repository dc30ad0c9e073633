import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runArchivist } from "./apart/archivist-process.ts";
import { auditRole } from "./audit/index.ts";
import { recoveryKeyFile } from "./bot/index.ts";
import { startCalls } from "./calls/index.ts";
import { consentRole } from "./consent/index.ts";
import { directoryRole } from "./directory/index.ts";
import { startFederation } from "./federation/index.ts";
import { createGate, gatewayRole } from "./gateway/index.ts";
import { readArchivistConfig } from "./kit/archivist-config.ts";
import { ConfigError, readConfig } from "./kit/config.ts";
import { type Access, type Destinations, openDestination } from "./kit/destination/index.ts";
import { createEventBus } from "./kit/events.ts";
import { createLogger, type Logger, toLog } from "./kit/log.ts";
import type { RoleContext } from "./kit/role.ts";
import { createSynapseClient } from "./kit/synapse-client.ts";
import { patientRole } from "./patient/index.ts";
import { openDatabase } from "./store/index.ts";
import { startArchivistAndFiling } from "./wiring.ts";

/**
 * The Colloque server. Starts the roles in the order in which they need each other and stops them in the opposite one, so that the door
 * closes before what is behind it. Audit, directory and consent are always there; the others may be left out with `--role`.
 */
const optionalRoles = ["gateway", "bot", "filing"] as const;
type OptionalRole = (typeof optionalRoles)[number];

/** Starts and serves until the signal aborts. */
async function serve(context: RoleContext, roles: ReadonlySet<OptionalRole>): Promise<void> {
  const { config, events, clock } = context;
  await using stack = new AsyncDisposableStack();
  stack.use(context.db);
  const synapse = stack.use(createSynapseClient(config.synapseSocket));
  const audit = stack.use(await auditRole.start(context));
  const destinations = openDestinations(context, stack);
  const directory = stack.use(await directoryRole({ fetcher: destinations.record.fetch }).start(context));
  const registry = stack.use(await consentRole({ audit, synapse }).start(context));
  const gate = createGate({ registry, directory, clock });

  const patient = stack.use(await patientRole({ audit, registry, directory }).start(context));

  const withBot = roles.has("bot")
    ? stack.use(
        await startArchivistAndFiling(context, {
          registry,
          directory,
          audit,
          gate,
          destinations,
          withFiling: roles.has("filing"),
        }),
      )
    : undefined;
  if (roles.has("gateway")) {
    const federation = await startFederation(context, { synapse, registry });
    if (federation !== undefined) stack.use(federation);
    const calls = await startCalls(context, {
      synapse,
      mayBeIn: async (roomId, userId) => {
        const found = await registry.caseOfRoom(roomId);
        return found === undefined
          ? { allow: false, reason: "no-consent" }
          : gate.member(found.caseId, userId);
      },
      isEnded: async (roomId) => (await withBot?.hasEnded(roomId)) === true,
      tell: async (roomId, trace) => withBot?.tellCall(roomId, trace),
    });
    if (calls !== undefined) stack.use(calls);
    stack.use(
      await gatewayRole({
        calls,
        synapse,
        registry,
        directory,
        audit,
        gate,
        federation,
        destinations,
        record: withBot?.record,
        desk: withBot?.desk,
        askIn: withBot?.askIn,
        patient,
        botState: () => withBot?.botState() ?? "off",
        onUserReady: (userId) => events.emit("user-ready", { userId }),
      }).start(context),
    );
  }
  await untilAborted(context.signal);
  context.log.info("stopping");
}

/** One each for all roles, so that a token is fetched once. */
function openDestinations({ config, clock }: RoleContext, stack: AsyncDisposableStack): Destinations {
  const open = (name: string, url: string, access: Access) =>
    stack.use(openDestination({ name, url, access }, { env: process.env, clock }));
  const { fhirUrl, dicomwebUrl, auditUrl } = config;
  return {
    record: open("COLLOQUE_FHIR_ACCESS", fhirUrl, config.fhirAccess),
    archive:
      dicomwebUrl === undefined
        ? undefined
        : open("COLLOQUE_DICOMWEB_ACCESS", dicomwebUrl, config.dicomwebAccess),
    audit: auditUrl === undefined ? undefined : open("COLLOQUE_AUDIT_ACCESS", auditUrl, config.auditAccess),
  };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function readArguments(): { roles: ReadonlySet<OptionalRole>; recoveryKey: boolean } {
  const { values } = parseArgs({
    options: {
      role: { type: "string", multiple: true },
      "recovery-key": { type: "boolean", default: false },
    },
  });
  return { roles: rolesOf(values.role), recoveryKey: values["recovery-key"] };
}

function rolesOf(given: readonly string[] | undefined): ReadonlySet<OptionalRole> {
  if (given === undefined) return new Set(optionalRoles);
  const asked = given.flatMap((each) => each.split(","));
  const always = ["audit", "directory", "consent"];
  const unknown = asked.find(
    (each) => !always.includes(each) && !optionalRoles.some((role) => role === each),
  );
  if (unknown !== undefined)
    throw new ConfigError(
      `There is no role "${unknown}". Roles: ${[...always, ...optionalRoles].join(", ")}.`,
    );
  const roles = new Set(optionalRoles.filter((role) => asked.includes(role)));
  if (roles.has("filing") && !roles.has("bot"))
    throw new ConfigError(
      "Filing is told what to file by the archivist in the same process: add the role bot.",
    );
  return roles;
}

/** Gives out the archivist's recovery key, for the hospital's vault. */
function giveRecoveryKey(dataDir: string, storeKey: Uint8Array | undefined): void {
  const key = storeKey === undefined ? undefined : recoveryKeyFile(dataDir, storeKey).read();
  if (key === undefined)
    throw new ConfigError(
      "There is no recovery key here: the archivist makes it at its first start, in its own process (--role bot).",
    );
  process.stdout.write(`${key}\n`);
}

async function main(): Promise<void> {
  const { roles, recoveryKey } = readArguments();
  // By itself, and with sockets to the house: the archivist as a process and a user of its own.
  const isApart = roles.size === 1 && roles.has("bot") && (process.env.COLLOQUE_LINKS ?? "") !== "";
  if (isApart) return await runApart(recoveryKey);
  const config = readConfig(process.env);
  if (recoveryKey) return giveRecoveryKey(config.dataDir, config.bot.keys?.storeKey);
  const log = createLogger(config.logLevel);
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  await serve(
    {
      config,
      log,
      db: openDatabase(join(config.dataDir, "colloque.db")),
      clock: Date.now,
      signal: stopSignal(log),
      events: createEventBus(log),
    },
    roles,
  );
}

async function runApart(recoveryKey: boolean): Promise<void> {
  const config = readArchivistConfig(process.env);
  if (recoveryKey) return giveRecoveryKey(config.dataDir, config.storeKey);
  const log = createLogger(config.logLevel);
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  await runArchivist(config, log, stopSignal(log));
}

/** Aborts when the process is told to end, or cannot go on. */
function stopSignal(log: Logger): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stopping.abort());
  // A promise that nobody waited for is a fault in the program: better to start anew than to go on half.
  process.on("unhandledRejection", (error) => {
    log.fatal(toLog(error), "an unhandled rejection");
    process.exitCode = 70;
    stopping.abort();
  });
  return stopping.signal;
}

try {
  await main();
} catch (error) {
  // Configuration is told in words, everything else without a message that might quote what it was given.
  const words = error instanceof ConfigError ? error.message : JSON.stringify(toLog(error));
  process.stderr.write(`${words}\n`);
  process.exitCode = 78;
}
