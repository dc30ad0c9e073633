import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Reads the record as an expert would in twenty years: with FHIR's own links, and José, a JOSE tool in C (https://github.com/latchset/jose).
 * Nothing of ours is imported here.
 */
type Fields = { readonly [member: string]: unknown };

/** What a compact JWS says, when José finds it signed by that key. Throws when it does not. */
export function verified(jws: Buffer, jwk: unknown): Fields {
  const folder = mkdtempSync(join(tmpdir(), "jose-"));
  try {
    const [signed, key] = [join(folder, "signed.jws"), join(folder, "key.jwk")];
    writeFileSync(signed, jws);
    writeFileSync(key, JSON.stringify(jwk));
    const payload = execFileSync("jose", ["jws", "ver", "-i", signed, "-k", key, "-O", "-"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    return JSON.parse(payload.toString("utf8"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const keySetType = "application/jwk-set+json";

/** What OpenSSL says of a time stamp over these bytes. Throws when it does not hold. */
function timeStampOf(token: Buffer, data: Buffer, authorities: Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), "stamp-"));
  try {
    const given = { "token.der": token, "opinion.jws": data, "ca.pem": authorities };
    for (const [name, bytes] of Object.entries(given)) writeFileSync(join(folder, name), bytes);
    const files = ["-token_in", "-in", "token.der", "-data", "opinion.jws", "-CAfile", "ca.pem"];
    return execFileSync("openssl", ["ts", "-verify", ...files], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

export function stockReader(fhirUrl: string, registryKey: unknown) {
  const read = async (path: string): Promise<Fields> => {
    const answer = await fetch(`${fhirUrl}/${path}`, {
      headers: { accept: "application/fhir+json", "cache-control": "no-cache" },
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer.json();
  };
  /** The bytes of a DocumentReference's one attachment. */
  const bytesOf = async (document: Fields): Promise<Buffer> => {
    const url = String(at(document, "content", 0, "attachment", "url"));
    const binary = await read(url.slice(url.indexOf("Binary/")));
    return Buffer.from(String(binary.data), "base64");
  };
  /** The signatures over a resource that its Provenance holds, by their kind in ASTM E1762. */
  const signatures = async (target: string): Promise<Map<string, Buffer>> => {
    const found = await read(`Provenance?${new URLSearchParams({ target })}`);
    const all = list(found.entry).flatMap((entry) => list(at(entry, "resource", "signature")));
    return new Map(
      all.map((each) => [
        String(at(each, "type", 0, "code")),
        Buffer.from(String(at(each, "data")), "base64"),
      ]),
    );
  };
  /** The bytes of the file of that type that the Provenance of a resource names among its sources. */
  const sourceOf = async (target: string, type: string): Promise<Buffer | undefined> => {
    const found = await read(`Provenance?${new URLSearchParams({ target })}`);
    const named = list(found.entry)
      .flatMap((entry) => list(at(entry, "resource", "entity")))
      .map((entity) => String(at(entity, "what", "reference") ?? ""))
      .filter((each) => each.startsWith("Binary/"));
    for (const each of named) {
      const binary = await read(each);
      if (binary.contentType === type) return Buffer.from(String(binary.data), "base64");
    }
    return undefined;
  };
  /** The key that the registry certified for whoever signed. */
  const keyOf = (signed: ReadonlyMap<string, Buffer>): unknown =>
    at(verified(signed.get("1.2.840.10065.1.12.1.10") ?? Buffer.of(), registryKey), "cnf", "jwk");

  return {
    /** What the source document of a Consent says, and the key that it was verified with. */
    async consent(reference: string) {
      const consent = await read(reference);
      const source = await read(String(at(consent, "sourceReference", "reference")));
      const jws = await bytesOf(source);
      const key = keyOf(await signatures(reference));
      return {
        type: String(at(source, "content", 0, "attachment", "contentType")),
        says: verified(jws, key),
        jws,
        key,
      };
    },
    /**
     * What a filed opinion says, with nothing but what the record holds: its signature, the certificate of the key, and the registry's keys;
     * and what OpenSSL says of its time stamp, which comes with the authorities that it leads to.
     */
    async opinion(reference: string) {
      const signed = await signatures(reference);
      const jws = signed.get("1.2.840.10065.1.12.1.5") ?? Buffer.of();
      const [keys, authorities] = await Promise.all(
        [keySetType, "application/pem-certificate-chain"].map((type) => sourceOf(reference, type)),
      );
      const certificate = verified(
        signed.get("1.2.840.10065.1.12.1.10") ?? Buffer.of(),
        JSON.parse(String(keys)),
      );
      const token = signed.get("1.2.840.10065.1.12.1.18");
      return {
        says: verified(jws, at(certificate, "cnf", "jwk")),
        timeStamp: (data = jws) => timeStampOf(token ?? Buffer.of(), data, authorities ?? Buffer.of()),
      };
    },
    /** What the receipt of a filed photo says, and the hash of the photo as it is filed. */
    async photo(reference: string) {
      const signed = await signatures(reference);
      const jws = signed.get("1.2.840.10065.1.12.1.5") ?? Buffer.of();
      const key = keyOf(signed);
      return { says: verified(jws, key), jws, key, sha256: sha256(await bytesOf(await read(reference))) };
    },
    /** What the registry itself says in the source document of a Consent. */
    async word(reference: string) {
      const consent = await read(reference);
      const source = await read(String(at(consent, "sourceReference", "reference")));
      return verified(await bytesOf(source), registryKey);
    },
  };
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (found, step) => (typeof found === "object" && found !== null ? Reflect.get(found, step) : undefined),
    value,
  );
}
