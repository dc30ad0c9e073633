import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Request } from "#protocol/events.ts";
import { type Clinician, fullName } from "#protocol/people.ts";
import { Sheet } from "../../ui/index.ts";
import { birthDateInWords } from "../patient/index.ts";
import styles from "./Letter.module.css";
import type { OpinionText } from "./opinion-model.ts";

type Props = {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly text: OpinionText;
  readonly request: Request;
  readonly requester: Clinician | undefined;
  readonly author: Clinician | undefined;
  readonly photos: number;
};

/** The letter as the colleague will read it, before it is signed; what is not written yet is said to be missing. */
export function Letter({ open, onClose, text, request, requester, author, photos }: Props) {
  const { t } = useTranslation("opinion");
  const { patient } = request;
  const context = patient.sex === "female" || patient.sex === "male" ? patient.sex : "other";
  const birth = birthDateInWords(patient.birthDate);
  const written = (value: string): ReactNode =>
    value.trim() === "" ? <em className={styles.missing}>{t("letter.missing")}</em> : value;
  return (
    <Sheet open={open} title={t("letter.title")} onClose={onClose}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long letter must scroll by keyboard */}
      <article className={styles.letter} tabIndex={0}>
        <p className={styles.unsigned}>{t("letter.unsigned")}</p>
        <h3 className={styles.heading}>{t("letter.heading")}</h3>
        <p className={styles.small}>
          {author !== undefined && `${fullName(author)}, ${author.organization}`}
          <br />
          {requester !== undefined &&
            t("letter.to", { name: `${fullName(requester)}, ${requester.organization}` })}
        </p>
        <p className={styles.patient}>
          <bdi>
            <span className={styles.family}>{patient.family}</span> {patient.given}
          </bdi>
          {birth !== null && `, ${t("letter.born", { context, date: birth })}`}
        </p>
        <Part title={t("letter.question")}>{request.question}</Part>
        {text.findings.trim() !== "" && <Part title={t("sections.findings")}>{text.findings}</Part>}
        <Part title={t("sections.assessment")}>
          {written(text.assessment)}
          {text.certainty !== null && (
            <span className={styles.certainty}>
              {t("letter.certainty", { value: t(`certainty.${text.certainty}`) })}
            </span>
          )}
        </Part>
        <Part title={t("sections.plan")}>{written(text.plan)}</Part>
        <Part title={t("sections.ifWorse")}>{written(text.ifWorse)}</Part>
        <Part title={t("inPerson.label", { context })}>
          {text.inPerson === false
            ? t("letter.inPersonNo")
            : written(text.inPerson === null ? "" : text.when)}
        </Part>
        {text.limits.trim() !== "" && <Part title={t("sections.limits")}>{text.limits}</Part>}
        <p className={styles.small}>{t("letter.photos", { count: photos })}</p>
      </article>
    </Sheet>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h4 className={styles.title}>{title}</h4>
      <p className={styles.text}>{children}</p>
    </section>
  );
}
