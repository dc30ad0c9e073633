import { useState } from "react";
import { useLocation } from "wouter";
import type { Consent } from "#protocol/consent.ts";
import { SecondaryAction, TextAction } from "../../ui/index.ts";
import { AdmissionSheet } from "./AdmissionSheet.tsx";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase } from "./case-view.ts";
import type { ConsentStanding } from "./consent-standing.ts";
import styles from "./people.module.css";
import { useWords } from "./use-words.ts";
import { WithdrawSheet } from "./WithdrawSheet.tsx";
import { caseAddress } from "./WorklistRow.tsx";
import { longMoment, type Words } from "./words.ts";
import { personName } from "./worklist.ts";

type Props = { readonly model: CaseModel; readonly view: OpenCase };

/** Who is in the case, under which word of the patient, and how to change either. */
export function PeopleAndConsent({ model, view }: Props) {
  const words = useWords();
  const { t } = words;
  const [, go] = useLocation();
  const [open, setOpen] = useState<"admission" | "withdraw" | null>(null);
  const { consent } = view;
  const close = () => setOpen(null);
  return (
    <section className={styles.section} aria-labelledby="people-and-consent">
      <h2 id="people-and-consent" className={styles.title}>
        {t("people.title")}
      </h2>
      <p>
        {view.people
          .map(({ userId, invited }) => {
            const who = userId === view.me ? t("people.you") : personName(userId, view.directory);
            return invited ? t("people.invited", { who }) : who;
          })
          .join(", ")}
        {view.archivistPresent && `, ${t("people.archivist")}`}
      </p>
      {consent !== null && <p className={styles.quiet}>{standingInWords(words, consent)}</p>}
      <div className={styles.actions}>
        {view.call.going.length === 0 &&
          view.call.each.length > 1 &&
          view.call.each.map((userId) => (
            <TextAction key={userId} icon="phone" onClick={() => model.call([userId])}>
              {t("call.who", { who: personName(userId, view.directory) })}
            </TextAction>
          ))}
        <TextAction icon="plus" onClick={() => setOpen("admission")}>
          {t("people.add")}
        </TextAction>
        {consent !== null && consent.withdrawable.length > 0 && (
          <TextAction tone="danger" onClick={() => setOpen("withdraw")}>
            {t("people.withdraw")}
          </TextAction>
        )}
        {view.mayMisfile && (
          <TextAction tone="danger" onClick={() => go(`${caseAddress(view.key)}/patient`)}>
            {t("misfiled.action")}
          </TextAction>
        )}
        {consent !== null && consent.state !== "live" && (
          <SecondaryAction onClick={() => go(`${caseAddress(view.key)}/accord`)}>
            {t("people.askAgain")}
          </SecondaryAction>
        )}
      </div>
      {open === "admission" && <AdmissionSheet model={model} view={view} reader={null} onClose={close} />}
      {open === "withdraw" && <WithdrawSheet model={model} view={view} onClose={close} />}
    </section>
  );
}

function standingInWords(words: Words, { consent, state }: ConsentStanding): string {
  const { t } = words;
  const date = longMoment(words, Date.parse(consent.collectedAt));
  const until = longMoment(words, Date.parse(consent.expiresAt));
  return t(`people.consent.${state}`, { how: howInWords(words, consent), date, until });
}

const howInWords = ({ t }: Words, consent: Consent): string => t(`proof.methods.${consent.method}`);
