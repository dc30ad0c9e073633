import { z } from "zod";
import type { RefusalReason } from "#protocol/disclose.ts";

const all: Readonly<Record<RefusalReason, true>> = {
  "no-consent": true,
  "opinion-not-granted": true,
  "purpose-not-granted": true,
  "audience-not-covered": true,
  expired: true,
  "not-yet-valid": true,
  withdrawn: true,
  "status-unknown": true,
  "status-stale": true,
  "receipt-of-another-case": true,
  "receipt-of-another-patient": true,
  "receipt-of-another-consent": true,
  "taken-before-consent": true,
};

export const isRefusalReason = (value: unknown): value is RefusalReason =>
  typeof value === "string" && Object.hasOwn(all, value);

/** The gate's reasons, as they come from outside. */
export const refusalReasonSchema = z.custom<RefusalReason>(isRefusalReason);
