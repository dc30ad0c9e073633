import { canonicalJson } from "#protocol/canonical.ts";
import { grants, inForce } from "#protocol/consent.ts";
import { clockSkewMs } from "#protocol/disclose.ts";
import { ColloqueError } from "#protocol/errors.ts";
import { type Glass, glassSchema } from "#protocol/glass.ts";
import { verifySigned } from "../kit/jose.ts";
import type { Queries } from "../store/index.ts";
import { liveOnes } from "./consents.ts";
import type { OpenParts, Registry } from "./port.ts";
import * as store from "./store.ts";

const refused = (why: string) => new ColloqueError("bad-request", { details: { why } });

/**
 * Broken glasses. One that was broken while the registry was away is brought later, when it is over: it is kept for the patient and the
 * audit, and opens nothing.
 */
export function createGlasses(parts: OpenParts): Pick<Registry, "breakGlass"> {
  const { db, clock, trusted, rules, audit } = parts;

  return {
    breakGlass: async (caller, signed) => {
      const now = clock();
      const { payload: glass, certificate } = await verifySigned(glassSchema, signed, trusted, now);
      if (certificate.sub !== caller || glass.openedBy !== caller)
        throw new ColloqueError("bad-signature", { details: { why: "not-the-opener" } });
      const opened = Date.parse(glass.openedAt);
      const ends = Date.parse(glass.endsAt);
      if (opened > now + clockSkewMs) throw refused("opened-in-the-future");
      const late = opened < now - clockSkewMs;
      const longestMs = (late ? rules.localGlassMinutes : rules.glassMinutes) * 60_000;
      if (ends <= opened || ends - opened > longestMs)
        throw refused(late ? "opened-too-long-ago" : "glass-too-long");
      // By this clock, whatever the opener's says: a glass is never open longer than the rules have it.
      const untilMs = Math.min(ends, late ? now : now + longestMs);

      const fresh = await db.transaction(async (tx) => {
        const known = await store.glassById(tx, glass.glassId);
        if (known !== undefined) {
          if (canonicalJson(known.glass) === canonicalJson(glass)) return false;
          throw refused("another-glass-of-this-id");
        }
        await checkConsent(tx, glass, late);
        await store.insertGlass(tx, {
          glassId: glass.glassId,
          consentId: glass.consentId,
          reader: glass.reader,
          signed: { ...signed, payload: glass },
          untilMs,
          at: now,
        });
        return true;
      });
      const answer = { open: untilMs > now };
      if (!fresh) return answer;
      const { caseId, consentId, glassId, reader, reasonSha256 } = glass;
      await audit.glassBroken({
        actor: caller,
        caseId,
        consentId,
        glassId,
        reader,
        reasonSha256,
        untilMs,
        late,
      });
      return answer;
    },
  };
}

/** An emergency overrides where a consent ends and how far it reaches, never a no (rule G11). */
async function checkConsent(tx: Queries, glass: Glass, late: boolean): Promise<void> {
  const row = await store.consentById(tx, glass.consentId);
  if (row === undefined) throw new ColloqueError("gate-refused", { details: { reason: "no-consent" } });
  if (row.caseId !== glass.caseId) throw refused("glass-of-another-case");
  if (late) return;
  if (row.state !== "live") throw new ColloqueError("withdrawn", { details: { reason: "withdrawn" } });
  const word = inForce(row.consent, liveOnes(await store.consentsOfCase(tx, row.caseId)));
  if (!grants(word, "opinion"))
    throw new ColloqueError("gate-refused", { details: { reason: "opinion-not-granted" } });
}
