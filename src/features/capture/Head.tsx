import { useTranslation } from "react-i18next";
import type { Patient } from "#protocol/patient.ts";
import { Icon, type IconName, TextAction } from "../../ui/index.ts";
import { ageInYears } from "../patient/index.ts";
import styles from "./Head.module.css";

type Props = {
  readonly patient: Patient;
  readonly nowMs: number;
  /** How many photos of this series are done: with one, "done" is a word of its own. */
  readonly taken?: number;
  readonly back?: { readonly icon: IconName; readonly label: string };
  readonly onDone: () => void;
};

const majority = 18;

/** Whose body it is. It never goes away while pictures are taken. */
export function Head({ patient, nowMs, taken = 0, back, onDone }: Props) {
  const { t } = useTranslation("capture");
  const age = ageInYears(patient.birthDate, nowMs);
  const traits = [
    age === null ? null : t("patient.age", { count: age }),
    t(`patient.${age !== null && age < majority ? "child" : "adult"}.${patient.sex}`),
  ].filter((part) => part !== null);
  return (
    <header className={styles.head}>
      <button type="button" className={styles.close} onClick={onDone} aria-label={back?.label ?? t("close")}>
        <Icon name={back?.icon ?? "close"} />
      </button>
      <p className={styles.who}>
        <bdi>
          <strong className={styles.family}>{patient.family}</strong> <strong>{patient.given}</strong>
        </bdi>{" "}
        <span className={styles.traits}>· {traits.join(", ")}</span>
      </p>
      {taken > 0 && (
        <TextAction tone="link" onClick={onDone}>
          {t("finish", { count: taken })}
        </TextAction>
      )}
    </header>
  );
}
