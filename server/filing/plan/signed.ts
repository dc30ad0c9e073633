import { canonicalJson, type Json } from "#protocol/canonical.ts";
import type { Signed } from "#protocol/signed.ts";

/**
 * A signed statement as one compact JWS with its payload inside (RFC 7515 §7.1): what travels without its payload is filed with it, so
 * that whoever reads the record in twenty years needs a JOSE tool and nothing of ours.
 */
export function attachedJws({ payload, jws }: Pick<Signed<Json>, "payload" | "jws">): string {
  const [header = "", , signature = ""] = jws.split(".");
  return `${header}.${Buffer.from(canonicalJson(payload)).toString("base64url")}.${signature}`;
}
