import type { Auth } from "./access.ts";
import { basic, type CredentialParts, type Credentials } from "./header.ts";
import { readSecret } from "./secret.ts";
import { createTokens } from "./tokens.ts";

/** Throws when a secret cannot be read, or is not what it should be. */
export function createCredentials(auth: Auth, parts: CredentialParts): Credentials {
  switch (auth.kind) {
    case "none":
      return { header: async () => undefined, afterRefusal: async () => undefined, fingerprint: () => "" };
    case "basic":
      return fixed(() => basic(auth.user, readSecret(auth.password, parts.env)));
    case "bearer":
      return fixed(() => `Bearer ${readSecret(auth.token, parts.env)}`);
    default:
      return createTokens(auth, parts);
  }
}

/** A secret that is sent as it lies there, and read again when it was refused. */
function fixed(read: () => string): Credentials {
  let current = read();
  return {
    header: async () => current,
    afterRefusal: async (refused) => {
      current = read();
      return current === refused ? undefined : current;
    },
    fingerprint: read,
  };
}
