import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useStore } from "zustand";
import type { CaseState } from "#protocol/case-state.ts";
import type { RefusalReason } from "#protocol/disclose.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import { type Addressee, type Clinician, membersOf } from "#protocol/people.ts";
import { loadedValue, NotAdmitted, standingOf } from "../features/cases/index.ts";
import { ConsentScreen, createConsentModel, PhoneWay } from "../features/consent/index.ts";
import type { CaseRecord } from "../matrix/index.ts";
import { addressOf, type OfCase, useOpenCase } from "./open-case.ts";
import { newConsentId, sha256OfText } from "./random.ts";
import { useOwned } from "./use-owned.ts";

/** `/cas/:key/accord`, and `/cas/:key/accord/:who` when it is asked for a colleague who is to join. */
export function CaseConsentPlace({
  door,
  clock,
  me,
  caseKey,
  who,
}: OfCase & { readonly who: string | null }) {
  const [, go] = useLocation();
  const { i18n } = useTranslation();
  const record = useOpenCase({ door, caseKey });
  const directory = useStore(door.directory, loadedValue);
  const config = useStore(door.config, loadedValue);
  const request = record?.state.request?.request;
  const before = record === null ? null : standingOf(record.state, clock.now());
  const ready = directory !== null && config !== null && record !== null && request !== undefined;
  const back = () => go(addressOf(caseKey));
  /** Why the colleague for whom it was asked is not let in all the same. */
  const [refused, setRefused] = useState<ErrorCode | RefusalReason | null>(null);

  const consent = useOwned(
    () =>
      ready && before !== null
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
              caseId: request.caseId,
              pseudonym: before.consent.pseudonym,
              patient: request.patient,
              recipients: recipientsOf(record, { me, bot: config.bot, who }, directory.clinicians),
              roomId: record.roomId,
              // What was taken back has no place to be taken.
              ...(before.state !== "withdrawn" && { supersedes: before.consent.consentId }),
            },
            onRecorded: () => {
              if (who === null) return back();
              void door
                .addMember(record.roomId, who)
                .then((answer) => (answer.ok ? back() : setRefused(answer.error)));
            },
          })
        : null,
    [ready, record?.roomId, who],
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
    <>
      <ConsentScreen model={consent} onClose={back} phone={<PhoneWay sheet={consent} with={phone} />} />
      {who !== null && refused !== null && (
        <NotAdmitted userId={who} why={refused} directory={directory} onClose={back} />
      )}
    </>
  );
}

/** Everybody who would see it: whom the request went to, who is in the case already, and who is to come. */
function recipientsOf(
  { state, members, invited }: CaseRecord,
  { me, bot, who }: { me: string; bot: string; who: string | null },
  clinicians: readonly Clinician[],
): Addressee[] {
  const named = new Set([...members, ...invited, ...(who === null ? [] : [who])]);
  const pools = addresseesOf(state).filter((each) => each.kind !== "person");
  for (const each of addresseesOf(state)) if (each.kind === "person") named.add(each.userId);
  named.delete(me);
  named.delete(bot);
  // Who is asked as one of a pool is not named besides.
  for (const pool of pools) for (const each of membersOf(pool, clinicians, me)) named.delete(each.userId);
  return [...pools, ...[...named].map((userId) => ({ kind: "person" as const, userId }))];
}

const addresseesOf = ({ request }: CaseState): Addressee[] =>
  request === null ? [] : [request.request.addressee];
