import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate that OpenSSL makes: for time stamps or for something else, alive or over. */
export type CertificateKind = "time-stamping" | "expired" | "code-signing" | "two-purposes" | "not-critical";

const purposes: Readonly<Record<CertificateKind, string>> = {
  "time-stamping": "critical,timeStamping",
  expired: "critical,timeStamping",
  "code-signing": "critical,codeSigning",
  "two-purposes": "critical,timeStamping,codeSigning",
  "not-critical": "timeStamping",
};

/** A time-stamping authority (RFC 3161) made of the `openssl` of the machine: nothing of what it verifies or makes is ours. */
export type Tsa = AsyncDisposable & {
  readonly url: string;
  readonly caFile: string;
  readonly ca: string;
  /** Answers nothing any more, or again. */
  setDown(down: boolean): void;
  /** How many it gave. */
  given(): number;
  /** The answer to a query, as it would come over HTTP. */
  answer(query: Uint8Array): Uint8Array<ArrayBuffer>;
  /** The same stamp, signed anew with another certificate of the same authority, which `openssl ts` itself would refuse to do. */
  signedBy(kind: CertificateKind, answer: Uint8Array): Uint8Array<ArrayBuffer>;
};

export async function aTsa(): Promise<Tsa> {
  const folder = mkdtempSync(join(tmpdir(), "tsa-"));
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void =>
    void execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const certify = (kind: CertificateKind): void => {
    openssl("req", ...newKey, "-keyout", `${kind}.key`, "-out", `${kind}.csr`, "-subj", `/CN=Essai ${kind}`);
    writeFileSync(at(`${kind}.ext`), `extendedKeyUsage=${purposes[kind]}\nbasicConstraints=CA:FALSE\n`);
    const dates =
      kind === "expired"
        ? ["-startdate", "20240101000000Z", "-enddate", "20240201000000Z"]
        : ["-startdate", "20250101000000Z", "-enddate", "20491231000000Z"];
    openssl(
      "ca",
      "-batch",
      "-config",
      "ca.cnf",
      ...dates,
      "-extfile",
      `${kind}.ext`,
      "-in",
      `${kind}.csr`,
      "-out",
      `${kind}.pem`,
    );
  };

  writeFileSync(at("ca.cnf"), caConfig);
  writeFileSync(at("tsa.cnf"), tsaConfig);
  writeFileSync(at("index.txt"), "");
  const usage = [
    "-addext",
    "basicConstraints=critical,CA:TRUE",
    "-addext",
    "keyUsage=critical,keyCertSign,cRLSign",
  ];
  openssl(
    "req",
    "-x509",
    ...newKey,
    "-config",
    "ca.cnf",
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-days",
    "30",
    "-subj",
    "/CN=Autorite d’essai",
    ...usage,
  );
  certify("time-stamping");

  let down = false;
  let count = 0;
  const answer = (query: Uint8Array): Uint8Array<ArrayBuffer> => {
    writeFileSync(at("query.tsq"), query);
    openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-out", "answer.tsr");
    count += 1;
    return new Uint8Array(readFileSync(at("answer.tsr")));
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      if (down) return void response.writeHead(503).end();
      response.writeHead(200, { "content-type": "application/timestamp-reply" });
      response.end(answer(Buffer.concat(parts)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("It listens on a port");

  return {
    url: `http://127.0.0.1:${address.port}/`,
    caFile: at("ca.pem"),
    ca: readFileSync(at("ca.pem"), "utf8"),
    setDown: (next) => {
      down = next;
    },
    given: () => count,
    answer,
    signedBy: (kind, given) => {
      if (kind !== "time-stamping") certify(kind);
      writeFileSync(at("given.tsr"), given);
      openssl("ts", "-reply", "-in", "given.tsr", "-token_out", "-out", "given.der");
      openssl("cms", "-verify", "-noverify", "-inform", "DER", "-in", "given.der", "-out", "info.der");
      const how = ["-binary", "-nodetach", "-cades", "-md", "sha256", "-outform", "DER"];
      openssl(
        "cms",
        "-sign",
        ...how,
        "-econtent_type",
        "1.2.840.113549.1.9.16.1.4",
        "-in",
        "info.der",
        "-signer",
        `${kind}.pem`,
        "-inkey",
        `${kind}.key`,
        "-out",
        "signed.der",
      );
      return new Uint8Array(readFileSync(at("signed.der")));
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const caConfig = `[req]
distinguished_name = dn
[dn]
[ca]
default_ca = authority
[authority]
database = index.txt
new_certs_dir = .
rand_serial = yes
unique_subject = no
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
[any]
commonName = supplied
`;

const tsaConfig = `[tsa]
default_tsa = authority
[authority]
serial = serial
signer_cert = time-stamping.pem
signer_key = time-stamping.key
certs = ca.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.2
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_alg = sha256
`;
