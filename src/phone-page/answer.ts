import { canonicalJson } from "#protocol/canonical.ts";
import type { Offer, PhoneLanguage } from "#protocol/patient-phone.ts";
import { fitSignature, judgeSignature, type Stroke } from "../features/consent/signature.ts";
import type { Factor } from "./factor.ts";
import { deriveFrom, type PhoneKey, random, seal, sha256Hex, sign } from "./seal.ts";

/** What the patient has said so far on this page. */
export type Draft = {
  language: PhoneLanguage;
  /** One for each question of the offer. */
  readonly decisions: boolean[];
  strokes: readonly Stroke[];
  /** Who cannot draw writes the name. */
  written: string | null;
  factor: Factor;
};

/** Care stands at yes, and nothing of it counts before the signature; everything else is no until somebody says yes. */
export const newDraft = (offer: Offer, language: PhoneLanguage): Draft => ({
  language,
  decisions: offer.asks.map((each) => each.care),
  strokes: [],
  written: null,
  factor: { kind: "code", text: "" },
});

/** What still lacks, the first first. */
export type DraftLack = "pictures-need-opinion" | "sign" | "sign-larger" | "write-name";

export function lackOf(offer: Offer, draft: Draft): DraftLack | null {
  const yes = (purpose: string) =>
    offer.asks.some((each, at) => each.purpose === purpose && draft.decisions[at] === true);
  // A no needs no form.
  if (!draft.decisions.includes(true)) return null;
  if (offer.asks.some((each) => each.purpose === "opinion") && !yes("opinion"))
    return "pictures-need-opinion";
  if (draft.written !== null) return draft.written.trim().length < 2 ? "write-name" : null;
  const judged = judgeSignature(draft.strokes);
  if (judged === "missing") return "sign";
  return judged === "too-small" ? "sign-larger" : null;
}

export type Finished = {
  readonly body: {
    sealed: string;
    copy: { copyId: string; cover: string; sealed: string; proof: string };
  };
  readonly copyId: string;
  readonly copyKey: string;
};

/**
 * The answer, signed and sealed for the clinician, and the patient's own copy, sealed for the patient. `offerText` is the plaintext as
 * it came: what is signed is the hash of what was shown.
 */
export async function finish(
  { offer, offerText, key, phone }: { offer: Offer; offerText: string; key: string; phone: PhoneKey },
  draft: Draft,
  factor: string,
  answeredAt: string,
): Promise<Finished> {
  const { language } = draft;
  const signature = draft.written === null ? fitSignature(draft.strokes) : [];
  const decisions = offer.asks.map(({ purpose, project }, at) => ({
    purpose,
    granted: draft.decisions[at] === true,
    ...(project !== undefined && { project }),
  }));
  const jws = await sign(
    {
      v: 1,
      linkId: offer.linkId,
      consentId: offer.consentId,
      offerSha256: await sha256Hex(offerText),
      notice: {
        version: offer.notice.version,
        sha256: await sha256Hex(offer.notice.text[language]),
        language,
      },
      decisions,
      signature:
        draft.written === null
          ? { kind: "drawn", sha256: await sha256Hex(canonicalJson(signature)) }
          : { kind: "written", name: draft.written.trim() },
      answeredAt,
    },
    phone,
  );
  const [copyId, copyKey] = [random(16), random(32)];
  const derived = await deriveFrom(factor, copyId, copyKey);
  const cover = JSON.stringify({ initials: offer.initials, factor: draft.factor.kind, language });
  const kept = JSON.stringify({ offer, decisions, language, answeredAt });
  return {
    copyId,
    copyKey,
    body: {
      sealed: await seal(
        JSON.stringify({ key: phone.jwk, jws, signature }),
        key,
        `colloque/answer/${offer.linkId}`,
      ),
      copy: {
        copyId,
        cover: await seal(cover, copyKey, `colloque/cover/${copyId}`),
        sealed: await seal(kept, derived.key, `colloque/copy/${copyId}`),
        proof: derived.proof,
      },
    },
  };
}
