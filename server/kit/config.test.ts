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
});
