import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";

const goodEnvironment = {
  COLLOQUE_PORT: "7420",
  COLLOQUE_PUBLIC_URL: "http://localhost:7420/",
  COLLOQUE_DATA: "/tmp/x",
  COLLOQUE_CLIENT_DIR: "dist",
  COLLOQUE_SYNAPSE_SOCKET: "/tmp/s",
  COLLOQUE_SERVER_NAME: "valombre.example",
  COLLOQUE_SYNAPSE_ADMIN_TOKEN: "t",
  COLLOQUE_POLICY_SOCKET: "/tmp/p",
  COLLOQUE_FHIR_URL: "http://localhost:7421/fhir",
  COLLOQUE_BOT_USER: "@archiviste:valombre.example",
  COLLOQUE_BOT_PASSWORD: "p",
  COLLOQUE_BOT_STORE_KEY: Buffer.alloc(32, 1).toString("base64"),
  COLLOQUE_REGISTRY_KEY_FILE: "/tmp/k",
  COLLOQUE_HOSPITAL: JSON.stringify({
    name: "CHU de Valombre",
    address: "1 rue",
    urgentPhones: { surgery: "15 15" },
  }),
};

describe("the configuration", () => {
  test("is read, addresses without the slash at their end", () => {
    const config = readConfig(goodEnvironment);
    expect(config.publicUrl).toBe("http://localhost:7420");
    expect(config.hospital.emergencyNumber).toBe("15");
    expect(config.dicomwebUrl).toBeUndefined();
  });

  test("names each bad variable in plain words", () => {
    const bad = {
      ...goodEnvironment,
      COLLOQUE_PORT: "seventy",
      COLLOQUE_FHIR_URL: "",
      COLLOQUE_BOT_STORE_KEY: "AAAA",
    };
    expect(() => readConfig(bad)).toThrow(/COLLOQUE_PORT is not usable/);
    expect(() => readConfig(bad)).toThrow(/COLLOQUE_FHIR_URL is not set/);
    expect(() => readConfig(bad)).toThrow(/COLLOQUE_BOT_STORE_KEY is not usable: must be 32 bytes/);
  });

  test("does not repeat a secret's value in its message", () => {
    expect(() => readConfig({ ...goodEnvironment, COLLOQUE_BOT_STORE_KEY: "c2VjcmV0" })).not.toThrow(
      /c2VjcmV0/,
    );
  });

  test("lets content leave the messenger after thirty days unless told otherwise", () => {
    const days = (given?: string) =>
      readConfig({ ...goodEnvironment, ...(given === undefined ? {} : { COLLOQUE_RETENTION_DAYS: given }) })
        .retentionDays;
    expect([days(), days("0"), days("90"), days("0.5")]).toEqual([30, 0, 90, 0.5]);
    expect(() => days("-1")).toThrow(/COLLOQUE_RETENTION_DAYS is not usable/);
    expect(() => days("never")).toThrow(/COLLOQUE_RETENTION_DAYS is not usable/);
  });

  test("takes an authority for time stamps only with whom it is trusted by, and a policy only as an OID", () => {
    const url = { COLLOQUE_TIMESTAMP_URL: "https://tsa.test/tsr" };
    const whole = {
      ...url,
      COLLOQUE_TIMESTAMP_CA_FILE: "/etc/tsa.pem",
      COLLOQUE_TIMESTAMP_POLICY: "1.2.250.1",
    };
    expect(readConfig(goodEnvironment).timestamp).toBeUndefined();
    expect(readConfig({ ...goodEnvironment, ...whole }).timestamp).toEqual({
      url: "https://tsa.test/tsr",
      caFile: "/etc/tsa.pem",
      policy: "1.2.250.1",
    });
    expect(() => readConfig({ ...goodEnvironment, ...url })).toThrow(/needs COLLOQUE_TIMESTAMP_CA_FILE/);
    const bad = { ...goodEnvironment, ...whole, COLLOQUE_TIMESTAMP_POLICY: "qualified" };
    expect(() => readConfig(bad)).toThrow(/COLLOQUE_TIMESTAMP_POLICY is not usable: must be an OID/);
  });

  describe("of the hospital's servers", () => {
    const withAccess = (access: object, url = "https://record.test/fhir") =>
      readConfig({
        ...goodEnvironment,
        COLLOQUE_FHIR_URL: url,
        COLLOQUE_FHIR_ACCESS: JSON.stringify(access),
      });
    const bearer = { kind: "bearer", token: { file: "/run/token" } };

    test("asks for no credentials unless told, and enters record and archive apart", () => {
      const config = readConfig({
        ...goodEnvironment,
        COLLOQUE_DICOMWEB_URL: "https://archive.test/dicom-web/",
        COLLOQUE_DICOMWEB_ACCESS: JSON.stringify({ auth: bearer }),
      });
      expect(config.fhirAccess).toEqual({ auth: { kind: "none" }, tls: {} });
      expect(config.dicomwebAccess).toEqual({ auth: bearer, tls: {} });
    });

    test("sends no credentials over http, but to this very machine", () => {
      expect(() => withAccess({ auth: bearer }, "http://record.test/fhir")).toThrow(
        "COLLOQUE_FHIR_ACCESS sends credentials over http, which anybody on the way can read",
      );
      expect(withAccess({ auth: bearer }, "http://127.0.0.1:1/fhir").fhirAccess.auth).toEqual(bearer);
      expect(withAccess({ auth: bearer }).fhirAccess.auth).toEqual(bearer);
      const oauth = { kind: "client-credentials", clientId: "c", secret: { env: "S" } };
      expect(() => withAccess({ auth: { ...oauth, tokenUrl: "http://sso.test/" } })).toThrow(
        /tokenUrl.*https/,
      );
      expect(withAccess({ auth: { ...oauth, tokenUrl: "https://sso.test/" } }).fhirAccess.auth.kind).toBe(
        oauth.kind,
      );
    });

    test("says in words what is wrong, and never repeats a secret that was put in the wrong place", () => {
      for (const [access, words] of [
        [
          { auth: { kind: "basic", user: "u", password: "hunter2" } },
          "where the secret lies, not the secret",
        ],
        [{ auth: { kind: "bearer", token: "hunter2" } }, "where the secret lies, not the secret"],
        [
          { auth: { kind: "digest" } },
          "kind must be none, basic, bearer, client-credentials or smart-backend",
        ],
        [{ auth: { ...bearer, tokn: "x" } }, "tokn"],
        [{ tls: { cert: "/a.pem" } }, "cert and key go together"],
      ] as const) {
        expect(() => withAccess(access)).toThrow(words);
        expect(() => withAccess(access)).not.toThrow("hunter2");
      }
      expect(() => withAccess({ tls: { ca: "/ca.pem" } }, "http://127.0.0.1:1/fhir")).toThrow("not https");
    });

    test("takes no address that says who we are, or that asks something", () => {
      for (const url of [
        "https://u:p@record.test/fhir",
        "https://record.test/fhir?a=1",
        "https://record.test/#x",
      ])
        expect(() => readConfig({ ...goodEnvironment, COLLOQUE_FHIR_URL: url })).toThrow(
          "COLLOQUE_FHIR_URL is not usable: must have no name, password, ? or # in it",
        );
      expect(readConfig({ ...goodEnvironment, COLLOQUE_FHIR_URL: "https://record.test/a/b/" }).fhirUrl).toBe(
        "https://record.test/a/b",
      );
    });
  });

  test("takes the store key from a file as well as from the environment, and not from both", () => {
    const folder = mkdtempSync(join(tmpdir(), "config-"));
    const file = join(folder, "key");
    const { COLLOQUE_BOT_STORE_KEY: key, ...others } = goodEnvironment;
    writeFileSync(file, `${key}\n`);
    const fromFile = { ...others, COLLOQUE_BOT_STORE_KEY_FILE: file };
    expect(readConfig(fromFile).bot.keys).toEqual(readConfig(goodEnvironment).bot.keys);
    expect(() => readConfig({ ...goodEnvironment, COLLOQUE_BOT_STORE_KEY_FILE: file })).toThrow(/both set/);
    rmSync(folder, { recursive: true });
    expect(() => readConfig(fromFile)).toThrow(/cannot be read/);
  });

  test("beside an archivist apart it must not have the archivist's keys, and seals its own queue", () => {
    const { COLLOQUE_BOT_PASSWORD: _p, COLLOQUE_BOT_STORE_KEY: key, ...others } = goodEnvironment;
    const beside = { ...others, COLLOQUE_LINKS: "/run/colloque" };
    expect(readConfig({ ...beside, COLLOQUE_FILING_KEY: key })).toMatchObject({
      bot: { keys: undefined },
      linksDir: "/run/colloque",
    });
    expect(() => readConfig(beside)).toThrow("COLLOQUE_FILING_KEY is not set");
    expect(() => readConfig({ ...goodEnvironment, COLLOQUE_LINKS: "/run/colloque" })).toThrow(
      /belong to the archivist alone/,
    );
    expect(() => readConfig(others)).toThrow("COLLOQUE_BOT_PASSWORD is not set");
    expect(readConfig(goodEnvironment)).toMatchObject({
      bot: { keys: { password: "p" } },
      linksDir: undefined,
    });
  });
});
