import { ColloqueError } from "#protocol/errors.ts";
import type { Sessions } from "./sessions.ts";

/**
 * Takes a request from the account that makes it, whatever the number of its tokens, and gives the account; from the address it comes from
 * when it is nobody's, or not known yet: tokens that were made up cost the homeserver a question each.
 */
export async function charge(
  sessions: Pick<Sessions, "known" | "lately">,
  request: { readonly ip: string; readonly authorization: string | undefined },
  limit: (key: string) => void,
): Promise<string> {
  const known = sessions.known(request.authorization);
  if (known !== undefined) {
    limit(known);
    return known;
  }
  const address = `ip:${request.ip}`;
  limit(address);
  try {
    const { userId } = await sessions.lately(request.authorization);
    limit(userId);
    return userId;
  } catch (error) {
    if (error instanceof ColloqueError && error.code === "not-signed-in") return address;
    throw error;
  }
}
