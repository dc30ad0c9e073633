import { readFileSync } from "node:fs";
import { z } from "zod";

const runSchema = z.object({
  publicUrl: z.string(),
  fhirUrl: z.string(),
  dicomwebUrl: z.string().nullish(),
  synapseSocket: z.string(),
  dataDir: z.string(),
  logsDir: z.string(),
  adminToken: z.string(),
});

/** Where the running parts are, as the stack wrote it down for the tests. */
export type Running = z.infer<typeof runSchema>;

export function running(): Running {
  const path = process.env.COLLOQUE_STACK;
  if (path === undefined) throw new Error("COLLOQUE_STACK is not set: run the tests by `npm run e2e`");
  return runSchema.parse(JSON.parse(readFileSync(path, "utf8")));
}
