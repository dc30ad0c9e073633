import { type Consent, grants } from "#protocol/consent.ts";

/** What of a consent decides whether the camera may open. */
export type CameraConsent = Pick<Consent, "consentId" | "decisions" | "collectedAt" | "expiresAt">;

/** Why the camera stays closed. */
export type CameraRefusal = "no-consent" | "pictures-not-granted" | "video-not-granted" | "expired";

/**
 * Whether this consent opens the camera: the opinion and pictures for care, both granted, and still running. Who may then see
 * a picture is the gate's question (`mayDisclose`), asked before a byte leaves; this one comes before the picture exists.
 */
export function picturesAllowed(consent: CameraConsent | null, nowMs: number): CameraRefusal | null {
  if (consent === null) return "no-consent";
  if (nowMs > Date.parse(consent.expiresAt)) return "expired";
  const pictures = (["care-named", "care-team", "care-outside-team"] as const).some((purpose) =>
    grants(consent, purpose),
  );
  return grants(consent, "opinion") && pictures ? null : "pictures-not-granted";
}

/** Whether it lets the patient be filmed: all that a photo needs, and a yes to that. */
export const filmingAllowed = (consent: CameraConsent | null, nowMs: number): CameraRefusal | null =>
  picturesAllowed(consent, nowMs) ??
  (consent !== null && grants(consent, "video") ? null : "video-not-granted");
