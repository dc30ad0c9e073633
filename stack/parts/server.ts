import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { botUserId, hospital, serverName } from "../demo/hospital.ts";
import { otherAccounts } from "../demo/people.ts";
import { idOf } from "../demo/record.ts";
import { StackFailure } from "../failure.ts";
import { type Folders, root } from "../paths.ts";
import { linksFolder } from "./archivist.ts";
import { fhirUrl } from "./hapi.ts";
import { dicomwebUrl } from "./orthanc.ts";
import { answers, type Part, type PartContext } from "./part.ts";
import { policySocket, synapseSocket } from "./synapse.ts";

/** Our own program. */
export const server: Part = {
  name: "server",
  label: "Colloque server",
  startMs: 60_000,
  launch(context) {
    mkdirSync(join(context.folders.data, "server"), { recursive: true, mode: 0o700 });
    return {
      command: process.execPath,
      args: [join(root, "server", "main.ts")],
      cwd: root,
      env: serverEnvironment(context),
      stopMs: 15_000,
    };
  },
  isReady: ({ ports }) => answers(`http://127.0.0.1:${ports.gateway}/colloque/v1/health`),
};

/** Where copies of letters wait for the hospital's own sender. */
export const outgoingFolder = (folders: Folders): string => join(folders.data, "server", "outgoing");

const withArchivist = ({ secrets }: PartContext) => ({
  COLLOQUE_BOT_PASSWORD: secrets.botPassword,
  COLLOQUE_BOT_STORE_KEY: secrets.botStoreKey,
});

/** The archivist's keys are its own then, and what filing keeps is sealed with another. */
const withoutArchivist = ({ folders, secrets }: PartContext) => ({
  COLLOQUE_LINKS: linksFolder(folders),
  COLLOQUE_FILING_KEY: createHash("sha256").update(`filing ${secrets.formSecret}`).digest("base64"),
});

function serverEnvironment(context: PartContext): Record<string, string> {
  const { folders, ports, secrets } = context;
  if (secrets.adminToken === undefined) throw new StackFailure("The homeserver has no service account yet.");
  const data = join(folders.data, "server");
  return {
    NODE_ENV: "production",
    COLLOQUE_PORT: String(ports.gateway),
    COLLOQUE_PUBLIC_URL: context.publicUrl,
    COLLOQUE_DATA: data,
    COLLOQUE_CLIENT_DIR: join(root, "dist"),
    COLLOQUE_SYNAPSE_SOCKET: synapseSocket(folders),
    COLLOQUE_SERVER_NAME: serverName,
    COLLOQUE_SYNAPSE_ADMIN_TOKEN: secrets.adminToken,
    COLLOQUE_POLICY_SOCKET: policySocket(folders),
    COLLOQUE_FHIR_URL: fhirUrl(ports),
    ...(context.hasArchive ? { COLLOQUE_DICOMWEB_URL: dicomwebUrl(ports) } : {}),
    COLLOQUE_LIVEKIT_URL: `ws://127.0.0.1:${ports.livekit}`,
    COLLOQUE_LIVEKIT_KEY: secrets.livekitKey,
    COLLOQUE_LIVEKIT_SECRET: secrets.livekitSecret,
    COLLOQUE_BOT_USER: botUserId,
    ...(context.isApart ? withoutArchivist(context) : withArchivist(context)),
    COLLOQUE_REGISTRY_KEY_FILE: join(data, "registry-key.json"),
    COLLOQUE_ADMINISTRATORS: otherAccounts.map(({ account }) => `@${account}:${serverName}`).join(","),
    // The hospital's own sender would look here.
    COLLOQUE_SENDER_FOLDER: outgoingFolder(folders),
    COLLOQUE_HOSPITAL: JSON.stringify({ ...hospital, organizationId: idOf("Organization", "valombre") }),
  };
}
