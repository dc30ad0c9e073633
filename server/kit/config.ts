import { readFileSync } from "node:fs";
import { z } from "zod";
import { type ConsentRules, consentRulesSchema, frenchRules } from "#protocol/consent-rules.ts";
import { userIdSchema } from "#protocol/ids.ts";
import { specialtySchema } from "#protocol/people.ts";
import { publicJwkSchema } from "#protocol/signed.ts";
import { ConfigError } from "./config-error.ts";
import { type Access, accessProblem, accessSchema, isBase } from "./destination/index.ts";

export { ConfigError } from "./config-error.ts";

const port = z.coerce.number().int().min(0).max(65535);
export const base64Key = z.base64().transform((text, ctx) => {
  const key = Buffer.from(text, "base64");
  if (key.length === 32) return new Uint8Array(key);
  ctx.addIssue({ code: "custom", message: "must be 32 bytes in base64" });
  return z.NEVER;
});
/** After how many days the archivist takes a new device; 0: never. */
export const epochDays = z.coerce.number().min(0).max(3650).default(30);
export const logLevel = z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info");
const httpUrl = z.url({ protocol: /^https?$/, error: "must be an http or https address" });
/** The base of a server of the hospital. Who we are is said elsewhere. */
const baseUrl = httpUrl.refine(isBase, "must have no name, password, ? or # in it");

/** What the hospital says of itself, as JSON in COLLOQUE_HOSPITAL. */
export const hospitalSchema = z.object({
  name: z.string().min(1),
  address: z.string(),
  emergencyNumber: z.string().default("15"),
  urgentPhones: z.partialRecord(specialtySchema, z.string()).default({}),
  /** Its Organization in the record: what is filed names it. */
  organizationId: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,64}$/)
    .optional(),
  /** Its FINESS number: secure mail names it by that. */
  finess: z
    .string()
    .regex(/^[0-9][0-9AB][0-9]{7}$/, { error: "must be a FINESS number of nine characters" })
    .optional(),
});
export type Hospital = z.infer<typeof hospitalSchema>;

/** JSON in a variable of the environment. */
const jsonOf = <T>(schema: z.ZodType<T>) =>
  z.string().transform((text, ctx) => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      ctx.addIssue({ code: "custom", message: "must be JSON" });
      return z.NEVER;
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    ctx.addIssue({
      code: "custom",
      message: parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "),
    });
    return z.NEVER;
  });

const peerSchema = z.object({
  /** Its Matrix server name. */
  serverName: z.string().min(1).max(255),
  archivist: userIdSchema,
  /** Where its gateway takes what other hospitals ask. */
  url: z.url({ protocol: /^https$/ }).transform((url) => url.replace(/\/+$/, "")),
  /** Its federation key, as it gave it to us. */
  key: publicJwkSchema,
});
/** Another hospital of the allow-list. */
export type Peer = z.infer<typeof peerSchema>;

/** The other hospitals, and our own door for them, as JSON in COLLOQUE_FEDERATION. */
const federationSchema = z.object({
  host: z.string().default("0.0.0.0"),
  port,
  /** PEM: our certificate and key, and the authority that the hospitals share. */
  certFile: z.string().min(1),
  keyFile: z.string().min(1),
  caFile: z.string().min(1),
  peers: z.array(peerSchema).min(1),
});
export type FederationConfig = z.infer<typeof federationSchema>;

const environment = z.object({
  COLLOQUE_HOST: z.string().default("127.0.0.1"),
  COLLOQUE_PORT: port,
  COLLOQUE_PUBLIC_URL: httpUrl,
  COLLOQUE_DATA: z.string().min(1),
  COLLOQUE_CLIENT_DIR: z.string().min(1),
  COLLOQUE_SYNAPSE_SOCKET: z.string().min(1),
  COLLOQUE_SERVER_NAME: z.string().min(1),
  COLLOQUE_SYNAPSE_ADMIN_TOKEN: z.string().min(1),
  COLLOQUE_POLICY_SOCKET: z.string().min(1),
  COLLOQUE_FHIR_URL: baseUrl,
  COLLOQUE_DICOMWEB_URL: baseUrl.optional(),
  /** The hospital's audit repository, where its record takes no audit events. */
  COLLOQUE_AUDIT_URL: baseUrl.optional(),
  /** How each of them is entered, where it asks for that (docs/destinations.md). */
  COLLOQUE_FHIR_ACCESS: jsonOf(accessSchema).default(accessSchema.parse({})),
  COLLOQUE_DICOMWEB_ACCESS: jsonOf(accessSchema).default(accessSchema.parse({})),
  COLLOQUE_AUDIT_ACCESS: jsonOf(accessSchema).default(accessSchema.parse({})),
  /** How a patient is found again before anything is filed: by PDQm, by PIXm, or by the record's own id alone. */
  COLLOQUE_PATIENT_LOOKUP: z.enum(["pdqm", "pixm", "by-id"]).default("pdqm"),
  /** How documents name author and patient: inside each (IHE MHD Comprehensive, as France has it) or by reference. */
  COLLOQUE_RECORD_DOCUMENTS: z.enum(["contained", "uncontained"]).default("contained"),
  /** Who names documents: the record (IHE MHD ITI-65), or we, for a FHIR server without conditional create. */
  COLLOQUE_RECORD_DOCUMENT_IDS: z.enum(["theirs", "ours"]).default("theirs"),
  /** Who stamps the time on signed opinions (RFC 3161), under which policy, and whom we trust for it. Absent: nobody. */
  COLLOQUE_TIMESTAMP_URL: baseUrl.optional(),
  COLLOQUE_TIMESTAMP_POLICY: z
    .string()
    .regex(/^[0-2](\.\d+)+$/, "must be an OID, like 1.2.250.1.1")
    .optional(),
  COLLOQUE_TIMESTAMP_CA_FILE: z.string().min(1).optional(),
  COLLOQUE_LIVEKIT_URL: z.url().optional(),
  COLLOQUE_LIVEKIT_KEY: z.string().optional(),
  COLLOQUE_LIVEKIT_SECRET: z.string().optional(),
  COLLOQUE_BOT_USER: userIdSchema,
  /** The archivist's own, wherever it is not a process apart. The key itself, or the file that holds it. */
  COLLOQUE_BOT_PASSWORD: z.string().min(1).optional(),
  COLLOQUE_BOT_STORE_KEY: base64Key.optional(),
  COLLOQUE_BOT_EPOCH_DAYS: epochDays,
  /** What filing seals its queue with; the store key where the archivist is in this process. */
  COLLOQUE_FILING_KEY: base64Key.optional(),
  /** The folder of the sockets between this process and the archivist's own. */
  COLLOQUE_LINKS: z.string().min(1).optional(),
  COLLOQUE_REGISTRY_KEY_FILE: z.string().min(1),
  COLLOQUE_HOSPITAL: jsonOf(hospitalSchema),
  /** What a consent must be like here, where that is not what French law asks. */
  COLLOQUE_CONSENT_RULES: jsonOf(consentRulesSchema).optional(),
  /** Days after which the content of an answered and filed case leaves the messenger; 0 keeps it for ever. */
  COLLOQUE_RETENTION_DAYS: z.coerce.number().min(0).max(36_500).default(30),
  /** Absent: no other hospital is ever spoken to. */
  COLLOQUE_FEDERATION: jsonOf(federationSchema).optional(),
  /** Who sees to what could not be filed: Matrix user ids, with commas between them. */
  COLLOQUE_ADMINISTRATORS: z
    .string()
    .default("")
    .transform((text) => text.split(",").map((each) => each.trim()))
    .pipe(z.array(z.literal("").or(userIdSchema)))
    .transform((all) => all.filter((each) => each !== "")),
  /** Where copies of letters go: a folder that the hospital's own sender looks at, or an address that takes them. One of them, or neither. */
  COLLOQUE_SENDER_FOLDER: z.string().min(1).optional(),
  COLLOQUE_SENDER_URL: httpUrl.optional(),
  COLLOQUE_SENDER_TOKEN: z.string().min(1).optional(),
  COLLOQUE_LOG: logLevel,
});

export type SenderConfig =
  | { readonly folder: string }
  | { readonly url: string; readonly token: string | undefined };

/** The server's configuration, read once from the environment. */
export type Config = {
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string;
  /** Folder of everything that must survive a restart. */
  readonly dataDir: string;
  readonly clientDir: string;
  readonly synapseSocket: string;
  readonly serverName: string;
  readonly synapseAdminToken: string;
  readonly policySocket: string;
  /** Base of the FHIR server, without a slash at its end. */
  readonly fhirUrl: string;
  /** Base of DICOMweb, without a slash at its end; undefined where there is no archive. */
  readonly dicomwebUrl: string | undefined;
  /** Base of the audit repository; undefined where audit events go into the record. */
  readonly auditUrl: string | undefined;
  readonly fhirAccess: Access;
  readonly dicomwebAccess: Access;
  readonly auditAccess: Access;
  readonly patientLookup: "pdqm" | "pixm" | "by-id";
  readonly recordDocuments: "contained" | "uncontained";
  readonly recordDocumentIds: "theirs" | "ours";
  /** Undefined where opinions are not time stamped. */
  readonly timestamp:
    | { readonly url: string; readonly policy: string | undefined; readonly caFile: string }
    | undefined;
  readonly livekit: { readonly url: string; readonly key: string; readonly secret: string } | undefined;
  readonly bot: {
    readonly userId: string;
    /** Undefined where the archivist is a process apart: nobody else has them. */
    readonly keys:
      | { readonly password: string; readonly storeKey: Uint8Array; readonly epochMs: number }
      | undefined;
  };
  readonly filingKey: Uint8Array;
  /** Undefined where the archivist is in this process. */
  readonly linksDir: string | undefined;
  readonly registryKeyFile: string;
  readonly hospital: Hospital;
  readonly consentRules: ConsentRules;
  readonly retentionDays: number;
  /** Undefined where no other hospital is spoken to. */
  readonly federation: FederationConfig | undefined;
  /** Matrix user ids of who sees to what could not be filed. */
  readonly administrators: readonly string[];
  /** Undefined where no copies of letters leave the house by us. */
  readonly sender: SenderConfig | undefined;
  readonly logLevel: "trace" | "debug" | "info" | "warn" | "error" | "silent";
};

/** Parses the environment (an empty variable counts as absent). Throws a ConfigError that can be shown as it is. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const e = parseEnvironment(
    environment,
    withKeyFile(withKeyFile(env, "COLLOQUE_BOT_STORE_KEY"), "COLLOQUE_FILING_KEY"),
    "The Colloque server",
  );
  refuseOpenWays(e);
  return {
    host: e.COLLOQUE_HOST,
    port: e.COLLOQUE_PORT,
    publicUrl: withoutSlash(e.COLLOQUE_PUBLIC_URL),
    dataDir: e.COLLOQUE_DATA,
    clientDir: e.COLLOQUE_CLIENT_DIR,
    synapseSocket: e.COLLOQUE_SYNAPSE_SOCKET,
    serverName: e.COLLOQUE_SERVER_NAME,
    synapseAdminToken: e.COLLOQUE_SYNAPSE_ADMIN_TOKEN,
    policySocket: e.COLLOQUE_POLICY_SOCKET,
    fhirUrl: withoutSlash(e.COLLOQUE_FHIR_URL),
    dicomwebUrl: e.COLLOQUE_DICOMWEB_URL === undefined ? undefined : withoutSlash(e.COLLOQUE_DICOMWEB_URL),
    auditUrl: e.COLLOQUE_AUDIT_URL === undefined ? undefined : withoutSlash(e.COLLOQUE_AUDIT_URL),
    fhirAccess: e.COLLOQUE_FHIR_ACCESS,
    dicomwebAccess: e.COLLOQUE_DICOMWEB_ACCESS,
    auditAccess: e.COLLOQUE_AUDIT_ACCESS,
    patientLookup: e.COLLOQUE_PATIENT_LOOKUP,
    recordDocuments: e.COLLOQUE_RECORD_DOCUMENTS,
    recordDocumentIds: e.COLLOQUE_RECORD_DOCUMENT_IDS,
    timestamp: timestampOf(e),
    livekit: livekitOf(e.COLLOQUE_LIVEKIT_URL, e.COLLOQUE_LIVEKIT_KEY, e.COLLOQUE_LIVEKIT_SECRET),
    ...archivistOf(e),
    registryKeyFile: e.COLLOQUE_REGISTRY_KEY_FILE,
    hospital: e.COLLOQUE_HOSPITAL,
    consentRules: e.COLLOQUE_CONSENT_RULES ?? frenchRules,
    retentionDays: e.COLLOQUE_RETENTION_DAYS,
    federation: e.COLLOQUE_FEDERATION,
    administrators: e.COLLOQUE_ADMINISTRATORS,
    sender: senderOf(e.COLLOQUE_SENDER_FOLDER, e.COLLOQUE_SENDER_URL, e.COLLOQUE_SENDER_TOKEN),
    logLevel: e.COLLOQUE_LOG,
  };
}

/** Parses an environment (an empty variable counts as absent). Throws a ConfigError that names each bad variable. */
export function parseEnvironment<T extends z.ZodType>(
  schema: T,
  env: Readonly<Record<string, string | undefined>>,
  who: string,
): z.output<T> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => {
    const name = issue.path.join(".");
    return given[name] === undefined ? `${name} is not set` : `${name} is not usable: ${issue.message}`;
  });
  throw new ConfigError(`${who} cannot start:\n- ${lines.join("\n- ")}`);
}

/** A key may lie in a file that only our user reads, named by the same variable with _FILE, as systemd and others hand out credentials. */
export function withKeyFile(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
): Record<string, string | undefined> {
  const { [`${name}_FILE`]: file = "", ...rest } = env;
  if (file === "") return rest;
  if ((rest[name] ?? "") !== "")
    throw new ConfigError(
      `The Colloque server cannot start:\n- ${name} and ${name}_FILE are both set: one of them is enough`,
    );
  try {
    return { ...rest, [name]: readFileSync(file, "utf8").trim() };
  } catch {
    throw new ConfigError(
      `The Colloque server cannot start:\n- ${name}_FILE names a file that cannot be read`,
    );
  }
}

/** In one process with the archivist we have its keys; beside one that is a process apart we must not. */
function archivistOf(e: z.infer<typeof environment>): Pick<Config, "bot" | "filingKey" | "linksDir"> {
  const { COLLOQUE_BOT_USER: userId, COLLOQUE_BOT_PASSWORD: password, COLLOQUE_BOT_STORE_KEY: storeKey } = e;
  const { COLLOQUE_FILING_KEY: filingKey, COLLOQUE_LINKS: linksDir } = e;
  const refuse = (why: string): never => {
    throw new ConfigError(`The Colloque server cannot start:\n- ${why}`);
  };
  if (linksDir === undefined) {
    if (password === undefined) return refuse("COLLOQUE_BOT_PASSWORD is not set");
    if (storeKey === undefined) return refuse("COLLOQUE_BOT_STORE_KEY is not set");
    const keys = { password, storeKey, epochMs: e.COLLOQUE_BOT_EPOCH_DAYS * 86_400_000 };
    return { bot: { userId, keys }, filingKey: filingKey ?? storeKey, linksDir };
  }
  if (password !== undefined || storeKey !== undefined)
    return refuse(
      "COLLOQUE_BOT_PASSWORD and COLLOQUE_BOT_STORE_KEY belong to the archivist alone where COLLOQUE_LINKS sets it apart: unset them here",
    );
  if (filingKey === undefined) return refuse("COLLOQUE_FILING_KEY is not set");
  return { bot: { userId, keys: undefined }, filingKey, linksDir };
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, "");

function refuseOpenWays(e: z.infer<typeof environment>): void {
  const ways = [
    ["COLLOQUE_FHIR_ACCESS", e.COLLOQUE_FHIR_URL, e.COLLOQUE_FHIR_ACCESS],
    ["COLLOQUE_DICOMWEB_ACCESS", e.COLLOQUE_DICOMWEB_URL, e.COLLOQUE_DICOMWEB_ACCESS],
    ["COLLOQUE_AUDIT_ACCESS", e.COLLOQUE_AUDIT_URL, e.COLLOQUE_AUDIT_ACCESS],
  ] as const;
  const lines = ways.flatMap(([name, url, access]) => {
    const problem = url === undefined ? undefined : accessProblem(url, access);
    return problem === undefined ? [] : [`${name} ${problem}`];
  });
  if (lines.length > 0) throw new ConfigError(`The Colloque server cannot start:\n- ${lines.join("\n- ")}`);
}

function timestampOf(e: z.infer<typeof environment>): Config["timestamp"] {
  if (e.COLLOQUE_TIMESTAMP_URL === undefined) return undefined;
  if (e.COLLOQUE_TIMESTAMP_CA_FILE === undefined)
    throw new ConfigError(
      "The Colloque server cannot start:\n- COLLOQUE_TIMESTAMP_URL needs COLLOQUE_TIMESTAMP_CA_FILE beside it",
    );
  return {
    url: e.COLLOQUE_TIMESTAMP_URL,
    policy: e.COLLOQUE_TIMESTAMP_POLICY,
    caFile: e.COLLOQUE_TIMESTAMP_CA_FILE,
  };
}

function livekitOf(url: string | undefined, key: string | undefined, secret: string | undefined) {
  if (url === undefined) return undefined;
  if (key !== undefined && secret !== undefined) return { url, key, secret };
  throw new ConfigError(
    "The Colloque server cannot start:\n- COLLOQUE_LIVEKIT_URL needs COLLOQUE_LIVEKIT_KEY and COLLOQUE_LIVEKIT_SECRET beside it",
  );
}

function senderOf(
  folder: string | undefined,
  url: string | undefined,
  token: string | undefined,
): SenderConfig | undefined {
  if (folder !== undefined && url !== undefined)
    throw new ConfigError(
      "The Colloque server cannot start:\n- COLLOQUE_SENDER_FOLDER and COLLOQUE_SENDER_URL cannot both be set: copies of letters leave one way",
    );
  if (folder !== undefined) return { folder };
  return url === undefined ? undefined : { url, token };
}
