import { type CaseState, notYetInformed } from "#protocol/case-state.ts";
import type { Consent } from "#protocol/consent.ts";
import { clockSkewMs } from "#protocol/disclose.ts";
import type { Informed, Withdrawn } from "#protocol/events.ts";

/** Where the patient's word stands in a case. */
export type ConsentStanding = {
  /** The newest that was not taken back; the last of all when every one was. */
  readonly consent: Consent;
  readonly state: "live" | "expired" | "withdrawn";
  /** What taking the consent back here takes back, the newest first: every word that counts. Any clinician of the case may hear it. */
  readonly withdrawable: readonly string[];
  /** What a glass has to be broken over for it to open all of the case: the words that its pictures were taken under, and the newest. */
  readonly glassOver: readonly string[];
};

export function standingOf(state: CaseState, nowMs: number): ConsentStanding | null {
  const takenBack = new Set<string>(state.withdrawals.map((each) => each.withdrawn.consentId));
  const consents = state.consents
    .map((each) => each.consent)
    .sort((one, other) => Date.parse(one.collectedAt) - Date.parse(other.collectedAt));
  const live = consents.filter((each) => !takenBack.has(each.consentId));
  const consent = live.at(-1) ?? consents.at(-1);
  if (consent === undefined) return null;
  const taken = new Set<string>(
    [...state.photos, ...state.previews].map((each) => each.photo.receipt.payload.consentId),
  );
  return {
    consent,
    state:
      live.length === 0
        ? "withdrawn"
        : nowMs > Date.parse(consent.expiresAt) + clockSkewMs
          ? "expired"
          : "live",
    withdrawable: live.map((each) => each.consentId).reverse(),
    glassOver: live.map((each) => each.consentId).filter((id) => id === consent.consentId || taken.has(id)),
  };
}

/** A glass that was broken: everybody sees for whom, why and until when, and whether the patient knows. */
export type BrokenGlass = {
  /** One for each consent that it had to be broken over. */
  readonly glassIds: readonly string[];
  readonly reader: string;
  readonly openedBy: string;
  readonly openedMs: number;
  readonly endsMs: number;
  readonly reason: string;
  readonly over: boolean;
  readonly told: boolean;
};

export function glassesOf(state: CaseState, nowMs: number): BrokenGlass[] {
  const owed = new Set(
    notYetInformed(state).flatMap((each) => (each.kind === "glass" ? [each.glassId] : [])),
  );
  const broken = new Map<string, BrokenGlass>();
  for (const { glass, reason } of state.glasses) {
    const key = JSON.stringify([glass.reader, glass.openedBy, reason]);
    const known = broken.get(key);
    const told = !owed.has(glass.glassId) && (known?.told ?? true);
    const endsMs = Math.max(Date.parse(glass.endsAt), known?.endsMs ?? 0);
    broken.set(key, {
      glassIds: [...(known?.glassIds ?? []), glass.glassId],
      reader: glass.reader,
      openedBy: glass.openedBy,
      openedMs: known?.openedMs ?? Date.parse(glass.openedAt),
      endsMs,
      reason,
      over: nowMs > endsMs,
      told,
    });
  }
  return [...broken.values()];
}

/** What the case reminds everybody of until it is mended: open or untold glasses, and emergencies that the patient does not know of. */
export type Reminders = {
  readonly glasses: readonly BrokenGlass[];
  readonly emergencies: readonly Emergency[];
};

/** An emergency in which nobody could be asked: everybody sees who decided, why and until when. */
export type Emergency = {
  readonly of: Extract<Informed["of"], { kind: "emergency" }>;
  readonly by: string;
  readonly untilMs: number;
  readonly reason: string | undefined;
};

export function remindersOf(state: CaseState, nowMs: number): Reminders {
  return {
    glasses: glassesOf(state, nowMs).filter((each) => !each.over || !each.told),
    emergencies: notYetInformed(state).flatMap((of) =>
      of.kind === "emergency" ? emergencyOf(state, of) : [],
    ),
  };
}

function emergencyOf({ consents }: CaseState, of: Emergency["of"]): Emergency[] {
  const found = consents.find(({ consent }) => consent.consentId === of.consentId);
  if (found === undefined) return [];
  const { consent, emergencyReason: reason } = found;
  return [{ of, by: consent.collectedBy, untilMs: Date.parse(consent.expiresAt), reason }];
}

/** What was taken back here, summed up over its consents. */
export type TakenBack = Pick<Withdrawn, "reason" | "photos" | "inRecord"> & { readonly atMs: number };

export function takenBackOf(state: CaseState): TakenBack | null {
  const [first, ...rest] = state.withdrawals;
  if (first === undefined) return null;
  return rest.reduce<TakenBack>(
    (sum, { atMs, withdrawn }) => ({
      atMs,
      reason: withdrawn.reason,
      photos: sum.photos + withdrawn.photos,
      inRecord: sum.inRecord + withdrawn.inRecord,
    }),
    { ...first.withdrawn, atMs: first.atMs },
  );
}
