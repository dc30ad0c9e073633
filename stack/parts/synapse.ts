import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serverName } from "../demo/hospital.ts";
import { synapseInstaller, synapsePython } from "../install.ts";
import { type Folders, root } from "../paths.ts";
import type { Secrets } from "../secrets.ts";
import { unixRequest } from "../unix-http.ts";
import type { Part, PartContext } from "./part.ts";

const policyFolder = join(root, "server", "synapse");

export const synapseSocket = (folders: Folders): string => join(folders.sockets, "synapse");
export const policySocket = (folders: Folders): string => join(folders.sockets, "policy");
const synapseFolder = (folders: Folders): string => join(folders.data, "synapse");

/** The homeserver: on a unix socket only, reached through the gateway. */
export const synapse: Part = {
  name: "synapse",
  label: "Synapse (messages)",
  installer: synapseInstaller,
  startMs: 60_000,
  launch(context) {
    const home = synapseFolder(context.folders);
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const write = (name: string, content: string) =>
      writeFileSync(join(home, name), content, { mode: 0o600 });
    // JSON is YAML, and needs no library.
    write("homeserver.yaml", JSON.stringify(synapseConfig(context, home), null, 2));
    write("log.yaml", JSON.stringify(logConfig, null, 2));
    if (!existsSync(join(home, "signing.key"))) {
      write("signing.key", `ed25519 a_demo ${context.secrets.signingSeed}\n`);
    }
    return {
      command: synapsePython(),
      args: ["-m", "synapse.app.homeserver", "--config-path", join(home, "homeserver.yaml")],
      cwd: home,
      env: policyEnvironment,
    };
  },
  async isReady({ folders }) {
    try {
      return (
        (await unixRequest(synapseSocket(folders), "GET", "/health", { timeoutMs: 2000 })).status === 200
      );
    } catch {
      return false;
    }
  },
};

const synapseConfig = ({ folders, secrets, publicUrl, hasRegistry }: PartContext, home: string) =>
  homeserverConfig({
    serverName,
    publicUrl,
    home,
    secrets,
    socket: synapseSocket(folders),
    ...(hasRegistry ? { registrySocket: policySocket(folders) } : {}),
  });

/** What is one hospital's own about its homeserver. */
export interface Homeserver {
  readonly serverName: string;
  readonly publicUrl: string;
  readonly home: string;
  readonly socket: string;
  readonly secrets: Pick<Secrets, "registrationSecret" | "macaroonSecret" | "formSecret">;
  /** Alone, for the archivist's own tests and for seeding, it has nobody to ask: with the product it never starts without. */
  readonly registrySocket?: string;
  /** The other hospitals, and their certificates' authority. */
  readonly federation?: { peers: readonly string[]; caFile: string };
}

/** The product's own homeserver configuration; docker and production use the same settings. */
export function homeserverConfig(of: Homeserver): Record<string, unknown> {
  const { publicUrl, home, secrets, federation } = of;
  return {
    server_name: of.serverName,
    public_baseurl: `${publicUrl}/`,
    listeners: [
      {
        path: of.socket,
        type: "http",
        x_forwarded: true,
        // "federation" for the openid check of the call tokens, and for what the gateway lets in of other hospitals.
        resources: [{ names: ["client", "federation"] }],
      },
    ],
    // No other server is ever spoken to but these; hospitals may reach each other by private networks.
    federation_domain_whitelist: federation?.peers ?? [],
    ...(federation === undefined
      ? {}
      : { federation_custom_ca_list: [federation.caFile], federation_ip_range_blacklist: [] }),
    trusted_key_servers: [],
    suppress_key_server_warning: true,
    database: { name: "sqlite3", args: { database: join(home, "homeserver.db") } },
    media_store_path: join(home, "media"),
    signing_key_path: join(home, "signing.key"),
    log_config: join(home, "log.yaml"),
    report_stats: false,
    registration_shared_secret: secrets.registrationSecret,
    macaroon_secret_key: secrets.macaroonSecret,
    form_secret: secrets.formSecret,
    ...closedDoors,
    ...rates,
    ...calls(publicUrl),
    ...policyModule(of.registrySocket),
  };
}

const closedDoors = {
  enable_registration: false,
  allow_guest_access: false,
  enable_authenticated_media: true,
  enable_room_list_search: false,
  allow_public_rooms_without_auth: false,
  allow_public_rooms_over_federation: false,
  require_auth_for_profile_requests: true,
  allow_per_room_profiles: false,
  enable_set_avatar_url: false,
  enable_set_displayname: false,
  enable_3pid_changes: false,
  url_preview_enabled: false,
  max_upload_size: "60M",
  // Each photo reserves two addresses before its bytes; one that was given up frees them after an hour.
  max_pending_media_uploads: 100,
  unused_expiration_time: "1h",
  presence: { enabled: false },
  push: { include_content: false },
  encryption_enabled_by_default_for_room_type: "all",
  // A withdrawn message must not live on in the database.
  redaction_retention_period: 0,
  forgotten_room_retention_period: "1d",
} as const;

/** A clinician may open many cases in a row, and one bot serves them all; the gateway limits each person besides. */
const rates = {
  rc_message: { per_second: 20, burst_count: 200 },
  rc_room_creation: { per_second: 2, burst_count: 40 },
  rc_invites: {
    per_room: { per_second: 5, burst_count: 40 },
    per_user: { per_second: 2, burst_count: 40 },
    per_issuer: { per_second: 5, burst_count: 100 },
  },
  rc_joins: { local: { per_second: 5, burst_count: 100 }, remote: { per_second: 1, burst_count: 1 } },
  rc_joins_per_room: { per_second: 5, burst_count: 50 },
  rc_login: {
    // All come through one gateway, so one address may log in often; one account may not be guessed at.
    address: { per_second: 20, burst_count: 200 },
    account: { per_second: 1, burst_count: 30 },
    failed_attempts: { per_second: 0.17, burst_count: 5 },
  },
  rc_media_create: { per_second: 20, burst_count: 200 },
  rc_delayed_event_mgmt: { per_second: 5, burst_count: 50 },
} as const;

const calls = (publicUrl: string) => ({
  max_event_delay_duration: "24h",
  experimental_features: {
    msc3266_enabled: true,
    msc4143_enabled: true,
    msc4222_enabled: true,
    msc4354_enabled: true,
  },
  matrix_rtc: { transports: [{ type: "livekit", livekit_service_url: `${publicUrl}/colloque/v1/calls` }] },
});

const policyModule = (registrySocket: string | undefined) =>
  registrySocket === undefined
    ? {}
    : {
        modules: [{ module: "colloque_policy.ColloquePolicy", config: { registry_socket: registrySocket } }],
      };

/** Where Python finds the policy module, and that it leaves nothing beside it. */
export const policyEnvironment = { PYTHONPATH: policyFolder, PYTHONDONTWRITEBYTECODE: "1" } as const;

export const logConfig = {
  version: 1,
  formatters: { plain: { format: "%(asctime)s %(levelname)s %(name)s %(message)s" } },
  handlers: { console: { class: "logging.StreamHandler", formatter: "plain" } },
  loggers: { "synapse.storage.SQL": { level: "WARNING" } },
  root: { level: "INFO", handlers: ["console"] },
  disable_existing_loggers: false,
} as const;
