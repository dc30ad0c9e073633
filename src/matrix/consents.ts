import { z } from "zod";
import { canonicalJson } from "#protocol/canonical.ts";
import {
  type ConsentEvidence,
  consentEvidenceSchema,
  consentSchema,
  type SignedConsent,
  signedConsentSchema,
} from "#protocol/consent.ts";
import type { Status } from "#protocol/disclose.ts";
import { sha256Hex, utf8 } from "./kit/bytes.ts";
import type { Clock } from "./kit/clock.ts";
import type { DeviceStore } from "./kit/device-store.ts";
import { toJson } from "./kit/json.ts";
import type { Signer } from "./session/signing.ts";
import type { ConsentDraft } from "./types.ts";

/** A consent that this device collected, with the evidence that only encrypted events carry. */
export type KeptConsent = { readonly consent: SignedConsent; readonly evidence: ConsentEvidence };

const keptSchema = z.object({ consent: signedConsentSchema, evidence: consentEvidenceSchema });

/** Consents collected here, kept until sign-out, and what the registry last said of them. */
export type Consents = {
  sign(
    draft: ConsentDraft,
    evidence: ConsentEvidence,
    collector: string,
    signer: Signer,
  ): Promise<KeptConsent>;
  keep(kept: KeptConsent): Promise<void>;
  find(consentId: string): Promise<KeptConsent | null>;
  /** Its case has left the messenger. */
  forget(consentId: string): Promise<void>;
  /** The registry answered for this consent just now. */
  heard(consentId: string, state: "live" | "withdrawn"): void;
  /** The registry's word, while it is fresh; undefined when it must be asked. */
  lastHeard(consentId: string): Status | undefined;
};

/** As long as a lease would be believed. */
const believedMs = 60_000;

export function createConsents(device: DeviceStore, clock: Clock): Consents {
  const heard = new Map<string, Status & { untilMs: number }>();
  return {
    async sign(draft, evidence, collector, signer) {
      const evidenceSha256 = await sha256Hex(utf8(canonicalJson(toJson(evidence))));
      const consent = consentSchema.parse({ ...draft, v: 1, evidenceSha256, collectedBy: collector });
      return { consent: await signer.sign(consent), evidence };
    },
    keep: (kept) => device.set("session", `consent ${kept.consent.payload.consentId}`, kept),
    async find(consentId) {
      const parsed = keptSchema.safeParse(await device.get("session", `consent ${consentId}`));
      return parsed.success ? parsed.data : null;
    },
    async forget(consentId) {
      heard.delete(consentId);
      await device.delete("session", `consent ${consentId}`);
    },
    heard: (consentId, state) => void heard.set(consentId, { state, untilMs: clock.nowMs() + believedMs }),
    lastHeard(consentId) {
      const status = heard.get(consentId);
      return status !== undefined && status.untilMs > clock.nowMs() ? status : undefined;
    },
  };
}
