import { execFileSync } from "node:child_process";
import { createHmac, generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { healthSchema } from "#protocol/api.ts";
import { synapsePython } from "../../stack/install.ts";
import { homeserverConfig, logConfig, policyEnvironment } from "../../stack/parts/synapse.ts";
import { root } from "../../stack/paths.ts";
import { createNursery, type Running } from "../../stack/processes.ts";
import { unixRequest } from "../../stack/unix-http.ts";

/**
 * Hospitals with a homeserver and a gateway each, and nothing else, that know each other: for what happens between two of them. Their
 * names are loopback addresses, so that no name has to be resolved, and their certificates are of an authority that is made here.
 */
type Nursery = ReturnType<typeof createNursery>;

/** What a hospital has before it starts. */
export type Ground = {
  readonly folder: string;
  readonly serverName: string;
  readonly archivist: string;
  readonly publicUrl: string;
  readonly port: number;
  readonly federationUrl: string;
  readonly federationKey: { kty: string; crv: string; x: string; y: string };
  readonly socket: string;
  readonly people: readonly string[];
};

export type Hospital = Ground & {
  /** Its homeserver's copies of other hospitals' media are gone, as by its own housekeeping. */
  forgetCopies(): Promise<void>;
  /** Its gateway is gone, as by an accident. */
  cutOff(): Promise<void>;
  comeBack(): Promise<void>;
};

/** Kept when the hospitals are gone. */
function logOf({ serverName }: Ground, part: string): string {
  const folder = join(process.env.COLLOQUE_RESULTS ?? "test-results", "hospitals");
  mkdirSync(folder, { recursive: true });
  return join(folder, `${serverName.split(":")[0]}-${part}.log`);
}

const password = "colloque-demo";
const draw = () => randomBytes(24).toString("base64url");

/** The hospitals' own certificate authority. */
function createAuthority(folder: string): string {
  const file = join(folder, "ca.pem");
  openssl(
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=hospitals",
    ...["-keyout", join(folder, "ca.key"), "-out", file],
  );
  return file;
}

function certify(authority: string, folder: string, address: string): void {
  const at = (name: string) => join(folder, name);
  writeFileSync(at("san.cnf"), `subjectAltName=IP:${address}\nextendedKeyUsage=serverAuth,clientAuth\n`);
  openssl(
    "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=gateway",
    ...["-keyout", at("tls.key"), "-out", at("tls.csr")],
  );
  openssl(
    "x509 -req -days 2 -CAcreateserial",
    ...["-in", at("tls.csr"), "-CA", join(authority, "ca.pem"), "-CAkey", join(authority, "ca.key")],
    ...["-extfile", at("san.cnf"), "-out", at("tls.pem")],
  );
}

const openssl = (options: string, ...files: string[]): void =>
  void execFileSync("openssl", [...options.split(" "), ...files], { stdio: "ignore" });

function prepare(home: string, address: string, port: number, people: readonly string[]): Ground {
  const folder = join(home, address);
  mkdirSync(join(folder, "server"), { recursive: true, mode: 0o700 });
  mkdirSync(join(folder, "synapse"), { mode: 0o700 });
  certify(home, folder, address);
  const jwk = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
  writeFileSync(join(folder, "server", "federation-key.json"), JSON.stringify(jwk), { mode: 0o600 });
  const { kty = "", crv = "", x = "", y = "" } = jwk;
  const serverName = `${address}:${port + 1}`;
  return {
    folder,
    serverName,
    archivist: `@archiviste:${serverName}`,
    publicUrl: `http://127.0.0.1:${port}`,
    port,
    federationUrl: `https://${serverName}`,
    federationKey: { kty, crv, x, y },
    socket: join(folder, "s"),
    people: people.map((name) => `@${name}:${serverName}`),
  };
}

/** Both hospitals, up; each names the other in its allow-list. */
export async function startHospitals(home: string, portBase: number) {
  const nursery = createNursery();
  const caFile = createAuthority(home);
  const grounds = [
    prepare(home, "127.0.0.1", portBase, ["leroy"]),
    prepare(home, "127.0.0.2", portBase + 2, ["martin", "kermarrec", "haddad"]),
  ] as const;
  const directory = await serveDirectory(
    grounds.flatMap((each) => each.people),
    portBase + 4,
  );
  const [a, b] = grounds;
  const scene = { nursery, caFile, fhirUrl: directory.url };
  const hospitals = await Promise.all([start(scene, a, b), start(scene, b, a)]);
  return {
    hospitals,
    caFile,
    stop: async () => {
      await nursery[Symbol.asyncDispose]();
      directory.close();
    },
  };
}

type Scene = { nursery: Nursery; caFile: string; fhirUrl: string };

async function start(scene: Scene, ground: Ground, peer: Ground): Promise<Hospital> {
  const { folder, socket } = ground;
  const secrets = { registrationSecret: draw(), macaroonSecret: draw(), formSecret: draw() };
  const home = join(folder, "synapse");
  const config = homeserverConfig({
    serverName: ground.serverName,
    publicUrl: ground.publicUrl,
    home,
    socket,
    secrets,
    registrySocket: join(folder, "p"),
    federation: { peers: [peer.serverName], caFile: scene.caFile },
  });
  writeFileSync(join(home, "homeserver.yaml"), JSON.stringify(config));
  writeFileSync(join(home, "log.yaml"), JSON.stringify(logConfig));
  const seed = randomBytes(32).toString("base64").replace(/=+$/, "");
  writeFileSync(join(home, "signing.key"), `ed25519 a_test ${seed}\n`, { mode: 0o600 });
  const args = ["-m", "synapse.app.homeserver", "--config-path", join(home, "homeserver.yaml")];
  const launch = { command: synapsePython(), args, cwd: home, env: policyEnvironment };
  await scene.nursery.start(launch, logOf(ground, "synapse"));
  await until("the homeserver", async () => (await unixRequest(socket, "GET", "/health")).status === 200);
  const adminToken = await seedAccounts(ground, secrets.registrationSecret);
  const gateway = () => startGateway(scene, ground, peer, adminToken);
  let running: Running = await gateway();
  return {
    ...ground,
    forgetCopies: async () => {
      const path = `/_synapse/admin/v1/purge_media_cache?before_ts=${Date.now() + 1000}`;
      const { status } = await unixRequest(socket, "POST", path, { body: {}, token: adminToken });
      if (status !== 200) throw new Error(`The copies are still there: ${status}`);
    },
    cutOff: async () => {
      running.kill();
      await running.exited;
    },
    comeBack: async () => {
      running = await gateway();
    },
  };
}

async function startGateway(
  scene: Scene,
  ground: Ground,
  peer: Ground,
  adminToken: string,
): Promise<Running> {
  const { folder, port, publicUrl } = ground;
  const running = await scene.nursery.start(
    {
      command: process.execPath,
      args: [join(root, "server", "main.ts"), "--role", "gateway"],
      cwd: root,
      env: {
        COLLOQUE_PORT: String(port),
        COLLOQUE_PUBLIC_URL: publicUrl,
        COLLOQUE_DATA: join(folder, "server"),
        COLLOQUE_CLIENT_DIR: join(root, "public"),
        COLLOQUE_SYNAPSE_SOCKET: ground.socket,
        COLLOQUE_SERVER_NAME: ground.serverName,
        COLLOQUE_SYNAPSE_ADMIN_TOKEN: adminToken,
        COLLOQUE_POLICY_SOCKET: join(folder, "p"),
        COLLOQUE_FHIR_URL: scene.fhirUrl,
        COLLOQUE_BOT_USER: ground.archivist,
        COLLOQUE_BOT_PASSWORD: password,
        COLLOQUE_BOT_STORE_KEY: randomBytes(32).toString("base64"),
        COLLOQUE_REGISTRY_KEY_FILE: join(folder, "server", "registry-key.json"),
        COLLOQUE_HOSPITAL: JSON.stringify({ name: ground.serverName, address: "" }),
        COLLOQUE_FEDERATION: JSON.stringify({
          host: ground.serverName.split(":")[0],
          port: port + 1,
          certFile: join(folder, "tls.pem"),
          keyFile: join(folder, "tls.key"),
          caFile: scene.caFile,
          peers: [
            {
              serverName: peer.serverName,
              archivist: peer.archivist,
              url: peer.federationUrl,
              key: peer.federationKey,
            },
          ],
        }),
      },
    },
    logOf(ground, "server"),
  );
  // With its directory: before that, nobody is a clinician.
  await until("the gateway", async () => {
    const health = healthSchema.parse(await (await fetch(`${publicUrl}/colloque/v1/health`)).json());
    return health.parts.record === "up";
  });
  return running;
}

async function seedAccounts({ socket, people }: Ground, secret: string): Promise<string> {
  const path = "/_synapse/admin/v1/register";
  const { nonce } = z.object({ nonce: z.string() }).parse((await unixRequest(socket, "GET", path)).body);
  const mac = createHmac("sha1", secret)
    .update([nonce, "service", password, "admin"].join("\0"))
    .digest("hex");
  const body = { nonce, username: "service", password, admin: true, mac };
  const made = await unixRequest(socket, "POST", path, { body });
  const { access_token: token } = z.object({ access_token: z.string() }).parse(made.body);
  const archivist = (people[0] ?? "").replace(/^@[^:]*/, "@archiviste");
  for (const userId of [archivist, ...people])
    await unixRequest(socket, "PUT", `/_synapse/admin/v2/users/${encodeURIComponent(userId)}`, {
      body: { password },
      token,
    });
  return token;
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await isSo().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`${what} did not start`);
    await delay(300);
  }
}

/** The clinicians of both hospitals, as a FHIR server tells of them: each record knows the colleagues that it works with elsewhere. */
async function serveDirectory(people: readonly string[], port: number) {
  const coding = (code: string) => [{ coding: [{ code }] }];
  const resources = people.flatMap((userId, n) => [
    {
      resourceType: "Practitioner",
      id: `p${n}`,
      identifier: [
        { system: "urn:oid:1.2.250.1.71.4.2.1", value: `89900000${String(n).padStart(4, "0")}` },
        { system: "https://matrix.org/user-id", value: userId },
      ],
      name: [{ use: "official", family: `N${n}`, given: ["G"], prefix: ["Dr"] }],
    },
    {
      resourceType: "PractitionerRole",
      id: `r${n}`,
      practitioner: { reference: `Practitioner/p${n}` },
      specialty: coding("SM15"),
    },
  ]);
  const server = createServer((request, response) => {
    const type = /^\/fhir\/(\w+)/.exec(request.url ?? "")?.[1];
    const entry = resources.filter((each) => each.resourceType === type).map((resource) => ({ resource }));
    response.setHeader("content-type", "application/fhir+json");
    response.end(JSON.stringify({ resourceType: "Bundle", type: "searchset", entry }));
  });
  await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${port}/fhir`, close: () => void server.close() };
}
