import { z } from "zod";
import { userIdSchema } from "#protocol/ids.ts";
import { base64Key, ConfigError, epochDays, logLevel, parseEnvironment, withKeyFile } from "./config.ts";

const environment = z.object({
  COLLOQUE_DATA: z.string().min(1),
  COLLOQUE_LINKS: z.string().min(1),
  COLLOQUE_SYNAPSE_SOCKET: z.string().min(1),
  COLLOQUE_BOT_USER: userIdSchema,
  COLLOQUE_BOT_PASSWORD: z.string().min(1),
  COLLOQUE_BOT_STORE_KEY: base64Key,
  COLLOQUE_BOT_EPOCH_DAYS: epochDays,
  COLLOQUE_LOG: logLevel,
});

/** What the archivist needs where it is a process of its own. */
export type ArchivistConfig = {
  readonly dataDir: string;
  /** The folder of the sockets between the two. */
  readonly linksDir: string;
  readonly synapseSocket: string;
  readonly userId: string;
  readonly password: string;
  readonly storeKey: Uint8Array;
  readonly epochMs: number;
  readonly logLevel: z.infer<typeof logLevel>;
};

/** The way to the record, the homeserver's administration and the registry's key: the house has them. */
const ofTheHouse =
  /^COLLOQUE_(FHIR|DICOMWEB|RECORD|FILING|PATIENT|TIMESTAMP|REGISTRY|SYNAPSE_ADMIN|LIVEKIT|COPIES)/;

/** Refuses to start with anything that would give the archivist more than its own: it shall not be able to reach the record. */
export function readArchivistConfig(env: Readonly<Record<string, string | undefined>>): ArchivistConfig {
  const foreign = Object.keys(env).filter((name) => ofTheHouse.test(name) && env[name] !== "");
  if (foreign.length > 0)
    throw new ConfigError(
      `The archivist cannot start:\n- apart, it must not be given what is the house's: unset ${foreign.join(", ")}`,
    );
  const e = parseEnvironment(environment, withKeyFile(env, "COLLOQUE_BOT_STORE_KEY"), "The archivist");
  return {
    dataDir: e.COLLOQUE_DATA,
    linksDir: e.COLLOQUE_LINKS,
    synapseSocket: e.COLLOQUE_SYNAPSE_SOCKET,
    userId: e.COLLOQUE_BOT_USER,
    password: e.COLLOQUE_BOT_PASSWORD,
    storeKey: e.COLLOQUE_BOT_STORE_KEY,
    epochMs: e.COLLOQUE_BOT_EPOCH_DAYS * 86_400_000,
    logLevel: e.COLLOQUE_LOG,
  };
}
