import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { withdrawSchema } from "#protocol/api.ts";
import { readIfThere } from "../kit/files.ts";

/** Why a consent is taken back. */
export const whySchema = withdrawSchema.shape.reason;
export type WithdrawalReason = z.infer<typeof whySchema>;

const lineSchema = z.object({
  consentId: z.string(),
  at: z.number(),
  /** A user, or the patient. */
  by: z.string().default("patient"),
  why: whySchema.default("patient-asked"),
});
export type Revocation = z.infer<typeof lineSchema>;

/**
 * Withdrawals in a file of their own, one JSON line each, on the disk before the withdrawal is said to be done. After the database
 * is restored from a backup, replaying it takes back what the backup did not know yet.
 */
export type RevocationLog = {
  add(revocation: Revocation): Promise<void>;
  all(): Promise<Revocation[]>;
};

export function openRevocationLog(path: string): RevocationLog {
  return {
    add: async (revocation) => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await using file = await open(path, "a", 0o600);
      await file.appendFile(`${JSON.stringify(revocation)}\n`);
      await file.sync();
    },
    all: async () => {
      const text = await readIfThere(path);
      return (text ?? "").split("\n").flatMap(parseLine);
    },
  };
}

/** A line cut off by a crash was never acknowledged: it is skipped, as is the nothing after the last line. */
function parseLine(line: string): Revocation[] {
  try {
    return [lineSchema.parse(JSON.parse(line))];
  } catch {
    return [];
  }
}
