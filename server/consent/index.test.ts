import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { expect, test } from "vitest";
import { createAudit } from "../audit/index.ts";
import { readConfig } from "../kit/config.ts";
import { createEventBus } from "../kit/events.ts";
import { newPrivateJwk, signDetached, signingKeyOf } from "../kit/jose.ts";
import { createLogger } from "../kit/log.ts";
import type { SynapseClient } from "../kit/synapse-client.ts";
import { openDatabase } from "../store/index.ts";
import { consentRole } from "./index.ts";
import { consentOf, folder, leroy } from "./testing/a-registry.ts";

test("the registry runs as it is configured: its key, its log, its name, its rules, and the homeserver that it looks through", async () => {
  const dataDir = folder();
  const registryKeyFile = join(dataDir, "registry.json");
  const config = readConfig({
    COLLOQUE_PORT: "0",
    COLLOQUE_PUBLIC_URL: "http://hospital.test",
    COLLOQUE_DATA: dataDir,
    COLLOQUE_CLIENT_DIR: "client",
    COLLOQUE_SYNAPSE_SOCKET: "synapse.sock",
    COLLOQUE_SERVER_NAME: "valombre.example",
    COLLOQUE_SYNAPSE_ADMIN_TOKEN: "admin-token",
    COLLOQUE_POLICY_SOCKET: "policy.sock",
    COLLOQUE_FHIR_URL: "http://record.test/fhir",
    COLLOQUE_BOT_USER: "@archiviste:valombre.example",
    COLLOQUE_BOT_PASSWORD: "unused",
    COLLOQUE_BOT_STORE_KEY: Buffer.alloc(32).toString("base64"),
    COLLOQUE_REGISTRY_KEY_FILE: registryKeyFile,
    COLLOQUE_HOSPITAL: JSON.stringify({ name: "CHU de Valombre", address: "" }),
  });
  const now = Date.parse("2026-03-01T10:00:00Z");
  const clock = () => now;
  const log = createLogger("silent");
  const db = openDatabase(":memory:");
  const asked: string[] = [];
  const call: SynapseClient["call"] = async ({ method = "GET", path, token, answer }) => {
    asked.push(`${method} ${path.split("?")[0]} ${token}`);
    if (path.startsWith("/_synapse/admin/v1/statistics"))
      return answer.parse({ users: [{ user_id: leroy, media_count: 1, media_length: 1 }] });
    if (path.startsWith("/_synapse/admin/v1/users/"))
      return answer.parse({ media: [{ media_id: "stray", media_length: 1, created_ts: now }] });
    return answer.parse({});
  };
  const synapse: Pick<SynapseClient, "call"> = { call };
  const audit = await createAudit({ db, log, clock });
  const events = createEventBus(log);
  const { signal } = new AbortController();
  const role = consentRole({ audit, synapse });
  expect(role.name).toBe("consent");
  await using registry = await role.start({
    config,
    db,
    log,
    clock,
    events,
    signal,
  });

  expect(registry.name).toBe("registry:valombre.example");
  expect(readFileSync(registryKeyFile, "utf8")).toContain(registry.publicKey.x);

  const key = await signingKeyOf(await newPrivateJwk());
  const identity = { name: "N", rpps: "1" };
  const certificate = await registry.certify({ userId: leroy, device: "D" }, key.publicJwk, identity);
  expect(decodeJwt(certificate).iss).toBe("registry:valombre.example");
  const sign = async (payload: ReturnType<typeof consentOf>) => ({
    payload,
    jws: await signDetached(key, payload),
    certificate,
  });
  const tooLong = await sign(consentOf({ expiresAt: "2056-03-01T10:00:00Z" }));
  await expect(registry.registerConsent(leroy, tooLong)).rejects.toMatchObject({ code: "bad-request" });
  const consent = consentOf();
  await registry.registerConsent(leroy, await sign(consent));
  expect(existsSync(join(dataDir, "revocations.log"))).toBe(false);
  await registry.withdraw(leroy, consent.consentId, "patient-asked", false);
  expect(readFileSync(join(dataDir, "revocations.log"), "utf8")).toContain(consent.consentId);

  // The stray that the homeserver holds is taken out by itself, with the administrator's token.
  await expect
    .poll(() => asked)
    .toContain("DELETE /_synapse/admin/v1/media/valombre.example/stray admin-token");
  expect(asked).toContain("GET /_synapse/admin/v1/statistics/users/media admin-token");
});
