import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A certificate authority of a test's own, and what it certified: PEM files in a folder. */
export function createAuthority(folder: string, name: string) {
  const at = (file: string) => join(folder, `${name}-${file}`);
  openssl(
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name}`,
    ...["-keyout", at("ca.key"), "-out", at("ca.pem")],
  );
  return {
    ca: at("ca.pem"),
    /** A certificate for this very machine, or for another name. */
    certify: (who: string, address = "IP:127.0.0.1") => {
      const key = at(`${who}.key`);
      const cert = at(`${who}.pem`);
      const request = at(`${who}.csr`);
      writeFileSync(at("san.cnf"), `subjectAltName=${address}\nextendedKeyUsage=serverAuth,clientAuth\n`);
      openssl(
        `req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=${who}`,
        ...["-keyout", key, "-out", request],
      );
      openssl(
        "x509 -req -days 2 -CAcreateserial",
        ...["-in", request, "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-extfile", at("san.cnf")],
        ...["-out", cert],
      );
      return { key, cert };
    },
  };
}

const openssl = (options: string, ...files: string[]): void =>
  void execFileSync("openssl", [...options.split(" "), ...files], { stdio: "ignore" });

export const pem = (path: string): string => readFileSync(path, "utf8");
