import { ColloqueError } from "#protocol/errors.ts";
import type { Certificate } from "#protocol/signed.ts";
import type { Audit } from "../audit/index.ts";
import { type SigningKey, signCompact, thumbprint } from "../kit/jose.ts";
import type { Clock } from "../kit/role.ts";
import type { Database } from "../store/index.ts";
import type { Registry } from "./port.ts";
import { certificateHolder, insertCertificate } from "./store.ts";

/** A certificate's life; the client renews it long before. */
const certificateSeconds = 30 * 24 * 3600;

export function createCertifier(parts: {
  db: Database;
  clock: Clock;
  key: SigningKey;
  name: string;
  audit: Audit;
}): Registry["certify"] {
  const { db, clock, key, name, audit } = parts;
  return async (person, jwk, identity) => {
    const kid = await thumbprint(jwk);
    const iat = Math.floor(clock() / 1000);
    const claims: Certificate = {
      iss: name,
      sub: person.userId,
      device: person.device,
      kid,
      cnf: { jwk },
      name: identity.name,
      rpps: identity.rpps,
      iat,
      exp: iat + certificateSeconds,
    };
    const certificate = await signCompact(key, claims);
    await db.transaction(async (tx) => {
      const holder = await certificateHolder(tx, kid);
      if (holder !== undefined && holder.user_id !== person.userId)
        throw new ColloqueError("not-allowed", { details: { why: "key-of-another" } });
      await insertCertificate(tx, {
        kid,
        userId: person.userId,
        device: person.device,
        certificate,
        expiresAt: claims.exp * 1000,
      });
    });
    await audit.keyCertified({ actor: person.userId, device: person.device, kid });
    return certificate;
  };
}
