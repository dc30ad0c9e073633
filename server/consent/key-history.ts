import { z } from "zod";
import { publicJwkSchema, type RegistryKey } from "#protocol/signed.ts";
import type { RegistryParts } from "./port.ts";

const keyRow = z
  .object({
    kid: z.string(),
    jwk: z.string().transform((text) => publicJwkSchema.parse(JSON.parse(text))),
    since: z.number(),
    until: z.number().nullable(),
  })
  .transform(({ jwk, since, until, ...row }) => ({
    ...row,
    jwk,
    nbf: Math.floor(since / 1000),
    exp: until === null ? undefined : Math.ceil(until / 1000),
  }));
const oldestRow = z.object({ at: z.number().nullable() });
/** Life of a certificate: the oldest one tells since when a key was there of which no beginning was written down. */
const certificateMs = 30 * 24 * 3600_000;

/**
 * Writes down which key the registry has now, and gives it with those before it. Another key file than at the last start is a new key: the
 * one before is over at this moment, certifies nobody any more, and stays as what its certificates are verified with.
 */
export async function noteKey({
  db,
  key,
  clock,
  audit,
}: Pick<RegistryParts, "db" | "key" | "clock" | "audit">): Promise<RegistryKey> {
  const nowMs = clock();
  const ended = await db.transaction(async (tx) => {
    const before = await tx.run(
      "UPDATE registry_keys SET until = ? WHERE until IS NULL AND kid <> ?",
      nowMs,
      key.kid,
    );
    const oldest = (await tx.one(oldestRow, "SELECT MIN(expires_at) AS at FROM certificates"))?.at ?? null;
    const isFirst =
      (await tx.one(keyRow, "SELECT kid, jwk, since, until FROM registry_keys LIMIT 1")) === undefined;
    const since = isFirst && oldest !== null ? Math.min(nowMs, oldest - certificateMs) : nowMs;
    await tx.run(
      "INSERT INTO registry_keys (kid, jwk, since) VALUES (?, ?, ?) ON CONFLICT (kid) DO UPDATE SET until = NULL",
      key.kid,
      JSON.stringify(key.publicJwk),
      since,
    );
    return before;
  });
  if (ended > 0) await audit.note({ event: "registry-key-changed", details: { kid: key.kid } });
  const rows = await db.all(
    keyRow,
    "SELECT kid, jwk, since, until FROM registry_keys ORDER BY since DESC, kid",
  );
  return {
    ...key.publicJwk,
    nbf: rows.find((row) => row.kid === key.kid)?.nbf,
    former: rows.flatMap(({ jwk, nbf, exp }) => (exp === undefined ? [] : [{ ...jwk, nbf, exp }])),
  };
}
