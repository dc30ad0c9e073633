import { useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useStore } from "zustand";
import { grants } from "#protocol/consent.ts";
import { loadedValue } from "../features/cases/index.ts";
import { ConsentScreen, createConsentModel, PhoneWay } from "../features/consent/index.ts";
import { NewRequestScreen } from "../features/request/index.ts";
import type { OfRequest } from "./place-props.ts";
import { newConsentId, sha256OfText } from "./random.ts";
import { useOwned } from "./use-owned.ts";

/** `/demande` */
export function RequestPlace({ model }: OfRequest) {
  const [, go] = useLocation();
  // What was sent before is over: this place begins a new request, or goes on with the draft.
  useEffect(() => model.begin(), [model]);
  const sent = useCallback((caseId: string) => go(`/cas/${caseId}`), [go]);
  return (
    <NewRequestScreen
      model={model}
      onClose={() => go("/")}
      onConsent={() => go("/demande/accord")}
      onCamera={() => go("/demande/photo")}
      onSent={sent}
    />
  );
}

/** `/demande/accord` */
export function ConsentPlace({ door, clock, me, model }: OfRequest) {
  const [, go] = useLocation();
  const { i18n } = useTranslation();
  const directory = useStore(door.directory, loadedValue);
  const config = useStore(door.config, loadedValue);
  const { loaded, draft } = useStore(model.store);
  const { patient, addressee, caseId, pseudonym } = draft;
  const ready = directory !== null && config !== null && patient !== null && addressee !== null;
  useEffect(() => {
    if (loaded && (patient === null || addressee === null)) go("/demande", { replace: true });
  }, [loaded, patient, addressee, go]);

  const consent = useOwned(
    () =>
      ready
        ? createConsentModel({
            door,
            clinicians: directory.clinicians,
            teams: new Map(directory.teams.map((team) => [team.id, team.name])),
            hospital: config.hospital.name,
            rules: config.consentRules,
            collector: me,
            clock: clock.now,
            newId: newConsentId,
            sha256: sha256OfText,
            language: i18n.language.startsWith("fr") ? "fr" : "en",
            subject: {
              caseId,
              pseudonym,
              patient,
              recipients: [addressee],
              // A word that was said before of the same question: this one takes its place.
              ...(draft.consent?.caseId === caseId && { supersedes: draft.consent.consentId }),
            },
            onRecorded: (recorded) => {
              const pictures = (["care-named", "care-team", "care-outside-team"] as const).some((purpose) =>
                grants(recorded, purpose),
              );
              void model.setConsent(recorded).then(() => go(pictures ? "/demande/photo" : "/demande"));
            },
          })
        : null,
    [ready, caseId],
  );
  if (consent === null) return null;
  const phone = {
    links: door.phoneLinks,
    origin: location.origin,
    collector: me,
    clock: clock.now,
    newId: newConsentId,
  };
  return (
    <ConsentScreen
      model={consent}
      onClose={() => go("/demande")}
      phone={<PhoneWay sheet={consent} with={phone} />}
    />
  );
}
