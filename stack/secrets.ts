import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";

const secretsSchema = z.object({
  registrationSecret: z.string(),
  macaroonSecret: z.string(),
  formSecret: z.string(),
  /** Seed of Synapse's signing key, unpadded base64. */
  signingSeed: z.string(),
  botPassword: z.string(),
  botStoreKey: z.string(),
  servicePassword: z.string(),
  /** Access token of the service account, known once Synapse was seeded. */
  adminToken: z.string().optional(),
  livekitKey: z.string(),
  livekitSecret: z.string(),
});
export type Secrets = z.infer<typeof secretsSchema>;

/** Reads the profile's secrets; draws them at the first start. */
export function loadSecrets(file: string): Secrets {
  if (existsSync(file)) return secretsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  const secrets = drawSecrets();
  saveSecrets(file, secrets);
  return secrets;
}

export function saveSecrets(file: string, secrets: Secrets): void {
  writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
}

function drawSecrets(): Secrets {
  const draw = () => randomBytes(32).toString("base64url");
  return {
    registrationSecret: draw(),
    macaroonSecret: draw(),
    formSecret: draw(),
    signingSeed: randomBytes(32).toString("base64").replace(/=+$/, ""),
    botPassword: draw(),
    botStoreKey: randomBytes(32).toString("base64"),
    servicePassword: draw(),
    livekitKey: `demo${randomBytes(4).toString("hex")}`,
    livekitSecret: draw(),
  };
}
