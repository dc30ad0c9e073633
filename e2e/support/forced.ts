import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Running } from "./stack.ts";

/** What happens behind every door: for tests of what finds it. */

/**
 * Puts a picture into the homeserver's own store, past the gateway and past the policy in Synapse, as somebody with a shell on the machine
 * or a restored backup would. Gives its address and when it was there.
 */
export function forceMedia(stack: Running, userId: string, bytes: Buffer): { mxc: string; atMs: number } {
  const serverName = userId.slice(userId.indexOf(":") + 1);
  const id = randomBytes(18).toString("base64url").replace(/[-_]/g, "x");
  const folder = join(stack.dataDir, "synapse", "media", "local_content", id.slice(0, 2), id.slice(2, 4));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, id.slice(4)), bytes);
  using database = new DatabaseSync(join(stack.dataDir, "synapse", "homeserver.db"), { timeout: 10_000 });
  const atMs = Date.now();
  database
    .prepare(
      `INSERT INTO local_media_repository (media_id, media_type, media_length, created_ts, user_id, authenticated, sha256)
       VALUES (?, 'application/octet-stream', ?, ?, ?, TRUE, ?)`,
    )
    .run(id, bytes.length, atMs, userId, createHash("sha256").update(bytes).digest("hex"));
  return { mxc: `mxc://${serverName}/${id}`, atMs };
}

const auditSchema = z.array(
  z.object({
    at: z.number(),
    event: z.string(),
    actor: z.string().nullable(),
    details: z.string().transform((text) => z.record(z.string(), z.unknown()).parse(JSON.parse(text))),
  }),
);

/** The rows of the audit trail with this name, oldest first. */
export function audited(stack: Running, event: string) {
  using database = new DatabaseSync(join(stack.dataDir, "server", "colloque.db"), {
    readOnly: true,
    timeout: 10_000,
  });
  const rows = database
    .prepare("SELECT at, event, actor, details FROM audit WHERE event = ? ORDER BY seq")
    .all(event);
  return auditSchema.parse(rows);
}
