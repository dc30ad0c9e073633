import { z } from "zod";
import { ColloqueError } from "#protocol/errors.ts";
import { roomIdSchema } from "#protocol/ids.ts";
import type { Clinician } from "#protocol/people.ts";
import type { Registry } from "../consent/index.ts";
import type { DirectoryPort } from "../directory/index.ts";
import type { Memberships } from "./memberships.ts";
import type { Session } from "./sessions.ts";

/** What our own interface checks of each request before it does anything. */

export function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  // Where it is wrong, not what was there.
  const where = parsed.error.issues[0]?.path.join(".") ?? "";
  throw new ColloqueError("bad-request", {
    details: { words: `The request is not well formed at "${where}".` },
  });
}

/** The caller must be in the room now, and the room must be a case. */
export async function memberOf(
  parts: { memberships: Memberships; registry: Registry },
  { userId }: Session,
  params: unknown,
): Promise<{ roomId: string; caseId: string }> {
  const { roomId } = read(z.object({ roomId: roomIdSchema }), params);
  if (!(await parts.memberships.isJoined(userId, roomId))) throw new ColloqueError("not-a-member");
  const inCase = await parts.registry.caseOfRoom(roomId);
  if (inCase === undefined) throw new ColloqueError("not-found");
  return { roomId, caseId: inCase.caseId };
}

/** Only professionals whom the directory knows; before it was ever read, nobody can be told from nobody. */
export function clinician(directory: DirectoryPort, userId: string): Clinician {
  if (!directory.isKnown()) throw new ColloqueError("record-unreachable");
  const person = directory.find(userId);
  if (person !== undefined) return person;
  const words = "The directory does not know you as a clinician.";
  throw new ColloqueError("not-allowed", { details: { words } });
}
