import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { PrimaryAction, SecondaryAction, UrgencyMark } from "../../ui/index.ts";
import { useArrivalFocus } from "./arrival.ts";
import styles from "./call.module.css";
import type { CallModel, Ringing } from "./call-model.ts";
import { RingThread } from "./RingThread.tsx";
import { startRinging } from "./ring-sound.ts";
import { useCallWords } from "./use-call-words.ts";

/** Somebody rings: who, for whom, how urgent. Answered by voice first: nobody is filmed unasked. */
export function IncomingCall({ model, ringing }: { readonly model: CallModel; readonly ringing: Ringing }) {
  const { t } = useTranslation("call");
  const { t: caseWord } = useTranslation("cases");
  const { shortPatient } = useCallWords();
  const heading = useArrivalFocus<HTMLHeadingElement>();
  useEffect(startRinging, []);
  const patient = shortPatient(ringing.patient);
  return (
    <section className={styles.incoming} role="dialog" aria-modal="false" aria-labelledby="incoming-call">
      <div className={styles.incomingWords}>
        {ringing.urgency !== null && (
          <UrgencyMark urgency={ringing.urgency} word={caseWord(`urgency.${ringing.urgency}`)} />
        )}
        <h1 id="incoming-call" ref={heading} tabIndex={-1} className={styles.callHeadline}>
          {patient === null
            ? t("incoming.headline", { who: ringing.from })
            : t("incoming.headlineFor", { who: ringing.from, patient })}
        </h1>
        {ringing.organization !== "" && <p className={styles.quiet}>{ringing.organization}</p>}
      </div>
      <div>
        <RingThread />
        <p className={styles.quiet} role="timer" aria-live="off">
          {t("incoming.since", { count: ringing.seconds })}
        </p>
      </div>
      <div className={styles.incomingActions}>
        <PrimaryAction tall onClick={model.answer}>
          {t("incoming.answer")}
        </PrimaryAction>
        <SecondaryAction wide onClick={model.decline}>
          {t("incoming.decline")}
        </SecondaryAction>
      </div>
    </section>
  );
}
