import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Certificate = { readonly key: string; readonly cert: string };

/** The certificate that processes under test know, and one of the same name that they do not. */
export type Certificates = Disposable & {
  readonly known: Certificate;
  readonly stranger: Certificate;
  /** What a process under test takes for its authority. */
  readonly authorityFile: string;
};

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "chaos-certificates-"));
  const make = (name: string): Certificate => {
    const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
    const options =
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=record -addext subjectAltName=IP:127.0.0.1";
    execFileSync("openssl", [...options.split(" "), "-keyout", key, "-out", cert], { stdio: "ignore" });
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  };
  return {
    known: make("known"),
    stranger: make("stranger"),
    authorityFile: join(folder, "known.pem"),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
