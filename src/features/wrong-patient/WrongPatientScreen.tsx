import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { maxMisfiledReason } from "#protocol/misfiling.ts";
import type { Patient } from "#protocol/patient.ts";
import { Icon, PrimaryAction, SecondaryAction, TextAction, TextArea } from "../../ui/index.ts";
import { namedApart } from "../patient/index.ts";
import { PatientCard, PatientFinder, type PatientSearchModel } from "../request/index.ts";
import styles from "./WrongPatientScreen.module.css";
import type { WrongPatientModel } from "./wrong-patient-model.ts";

type Props = {
  readonly model: WrongPatientModel;
  readonly newSearch: () => PatientSearchModel;
  /** Who is told by it, and who of them had something of the case on screen: full names. */
  readonly told: string;
  readonly seen: string;
  /** Who got a copy of the letter outside of the case: nobody tells them but people. */
  readonly copies: string;
  readonly requester: string;
  readonly nowMs: number;
  readonly onClose: () => void;
};

/** One guided action: what happened, whose the case is, what follows, one signature. */
export function WrongPatientScreen({ model, onClose, ...facts }: Props) {
  const { t } = useTranslation("cases");
  const { t: error } = useTranslation("errors");
  const { reason, whose, step } = useStore(model.store);
  useEffect(() => {
    if (step.at === "told") onClose();
  }, [step, onClose]);
  const hold = model.hold();
  const right = whose === null || whose === "unknown" ? null : whose;
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <button type="button" className={styles.close} onClick={onClose} aria-label={t("misfiled.keep")}>
          <Icon name="close" />
        </button>
        <h1 className={styles.title} tabIndex={-1}>
          {t(model.isSaid ? "misfiled.sheetWhose" : "misfiled.sheet", { name: namedApart(model.wrong) })}
        </h1>
      </header>
      <main className={styles.main}>
        {!model.isSaid && (
          <TextArea
            label={t("misfiled.reason")}
            hint={t("misfiled.reasonHint")}
            rows={2}
            maxLength={maxMisfiledReason}
            value={reason}
            onChange={(event) => model.explain(event.target.value)}
          />
        )}
        {model.saysWhose ? (
          <Whose model={model} whose={whose} newSearch={facts.newSearch} nowMs={facts.nowMs} />
        ) : (
          <p>{t("misfiled.whoseByRequester", { who: facts.requester })}</p>
        )}
        {right !== null && (
          <p className={styles.attest}>{t("misfiled.attest", { name: namedApart(right) })}</p>
        )}
        <section className={styles.part} aria-labelledby="what-follows">
          <h2 id="what-follows" className={styles.subtitle}>
            {t("misfiled.follows")}
          </h2>
          <ul className={styles.consequences}>
            <li>{t("misfiled.record", { name: namedApart(model.wrong) })}</li>
            <li>{right === null ? t("misfiled.next") : t("misfiled.anew", { name: namedApart(right) })}</li>
            <li>{t("misfiled.tells", { who: facts.told })}</li>
            {facts.seen !== "" && <li>{t("misfiled.seen", { who: facts.seen })}</li>}
            {facts.copies !== "" && <li>{t("misfiled.copies", { who: facts.copies })}</li>}
          </ul>
        </section>
      </main>
      <footer className={styles.foot}>
        {step.at === "failed" && <p role="alert">{error(step.error)}</p>}
        <p className={styles.quiet}>{t("misfiled.final")}</p>
        <PrimaryAction
          tall
          busy={step.at === "telling"}
          heldBy={hold === null ? null : t(`misfiled.hold.${hold}`)}
          onClick={() => void model.tell()}
        >
          {right === null ? t("misfiled.confirm") : t("misfiled.confirmWhose", { name: namedApart(right) })}
        </PrimaryAction>
      </footer>
    </div>
  );
}

type WhoseProps = Pick<Props, "model" | "newSearch" | "nowMs"> & {
  readonly whose: Patient | "unknown" | null;
};

/** The right patient, found in the record and confirmed as for a new request; or that this has to wait. */
function Whose({ model, whose, newSearch, nowMs }: WhoseProps) {
  const { t } = useTranslation("cases");
  const [finding, setFinding] = useState(false);
  const find = () => setFinding(true);
  return (
    <section className={styles.part} aria-labelledby="whose">
      <h2 id="whose" className={styles.subtitle}>
        {t("misfiled.whose")}
      </h2>
      {whose !== null && whose !== "unknown" ? (
        <>
          <PatientCard patient={whose} nowMs={nowMs} large />
          <TextAction tone="link" onClick={find}>
            {t("misfiled.another")}
          </TextAction>
        </>
      ) : (
        <>
          {whose === "unknown" && <p>{t("misfiled.later")}</p>}
          <SecondaryAction wide onClick={find}>
            {t("misfiled.find")}
          </SecondaryAction>
          {!model.isSaid && whose === null && (
            <TextAction tone="link" onClick={() => model.choose("unknown")}>
              {t("misfiled.unknown")}
            </TextAction>
          )}
        </>
      )}
      <PatientFinder
        newSearch={newSearch}
        nowMs={nowMs}
        open={finding}
        onClose={() => setFinding(false)}
        onChosen={model.choose}
      />
    </section>
  );
}
