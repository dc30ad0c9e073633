import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { Icon } from "../../ui/index.ts";
import { AddresseeSheet } from "./AddresseeSheet.tsx";
import type { Blank } from "./blank.ts";
import { CallInstead } from "./CallInstead.tsx";
import { ConsentAndPhotos } from "./ConsentAndPhotos.tsx";
import { Details } from "./Details.tsx";
import { History } from "./History.tsx";
import styles from "./NewRequestScreen.module.css";
import { PatientSheet } from "./PatientSheet.tsx";
import { Question } from "./Question.tsx";
import type { Hold, RequestModel } from "./request-model.ts";
import { SendBar } from "./SendBar.tsx";
import { Sentence } from "./Sentence.tsx";
import { UrgencySheet } from "./UrgencySheet.tsx";

type Props = {
  readonly model: RequestModel;
  readonly onClose: () => void;
  readonly onConsent: () => void;
  readonly onCamera: () => void;
  readonly onSent: (caseId: string) => void;
};

/** A request is one sentence with blanks, the question in the person's own words, and what folds away under it. */
export function NewRequestScreen({ model, onClose, onConsent, onCamera, onSent }: Props) {
  const { t } = useTranslation("request");
  const loaded = useStore(model.store, (state) => state.loaded);
  const kept = useStore(model.store, (state) => state.kept);
  const step = useStore(model.store, (state) => state.step);
  const urgency = useStore(model.store, (state) => state.draft.urgency);
  const [open, setOpen] = useState<Blank | null>(null);
  const close = () => setOpen(null);
  useEffect(() => {
    if (step.at === "sent") onSent(step.caseId);
  }, [step, onSent]);

  const onHeld = (hold: Hold) => {
    if (hold === "patient" || hold === "addressee" || hold === "urgency") setOpen(hold);
    else if (hold === "question" || hold === "history")
      document.getElementById(`request-${hold}`)?.querySelector("textarea")?.focus();
    else if (hold === "consent" || hold === "consent-for-others" || hold === "consent-expired") onConsent();
  };

  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <button type="button" className={styles.close} onClick={onClose} aria-label={t("close")}>
          <Icon name="close" />
        </button>
        <h1 className={styles.title} tabIndex={-1}>
          {t("title")}
        </h1>
        <p className={styles.kept} role="status">
          {kept === "nothing" ? "" : t(`kept.${kept}`)}
        </p>
      </header>
      <main className={styles.main} aria-busy={!loaded}>
        <div className={styles.letter}>
          <Sentence model={model} onOpen={setOpen} />
          {urgency === "now" ? (
            <CallInstead model={model} onChange={() => setOpen("urgency")} />
          ) : (
            <>
              <Question model={model} />
              <History model={model} />
            </>
          )}
        </div>
        {urgency !== "now" && (
          <div className={styles.beside}>
            <ConsentAndPhotos model={model} onConsent={onConsent} onCamera={onCamera} onOpen={setOpen}>
              <Details model={model} />
            </ConsentAndPhotos>
          </div>
        )}
      </main>
      {urgency !== "now" && <SendBar model={model} onHeld={onHeld} />}
      <PatientSheet model={model} open={open === "patient"} onClose={close} />
      <AddresseeSheet model={model} open={open === "addressee"} onClose={close} />
      <UrgencySheet model={model} open={open === "urgency"} onClose={close} />
    </div>
  );
}
