import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { ageInYears, spokenName } from "../patient/index.ts";
import { addresseeInWords } from "./addressee-words.ts";
import type { Blank } from "./blank.ts";
import type { RequestModel } from "./request-model.ts";
import styles from "./Sentence.module.css";
import { useDirectory } from "./use-directory.ts";
import { useSay } from "./use-say.ts";

/** « Pour …, j’aimerais l’avis de … … : » Each blank is a button that opens a sheet. */
export function Sentence({ model, onOpen }: { model: RequestModel; onOpen: (blank: Blank) => void }) {
  const { t } = useTranslation("request");
  const say = useSay();
  const { patient, addressee, urgency } = useStore(model.store, (state) => state.draft);
  const directory = useDirectory(model);
  const words = addressee === null ? null : addresseeInWords(say, addressee, directory);
  const age = patient === null ? null : ageInYears(patient.birthDate, model.clock());
  const who =
    patient === null
      ? null
      : age === null
        ? spokenName(patient)
        : t("sentence.withAge", { name: spokenName(patient), age: t("sentence.age", { count: age }) });

  return (
    <p className={styles.sentence}>
      {t("sentence.for")}{" "}
      <span className={styles.closed}>
        <BlankButton
          value={who}
          blank={t("sentence.patientBlank")}
          label={(value) => t("sentence.patientLabel", { value })}
          onOpen={() => onOpen("patient")}
        />
        ,
      </span>{" "}
      {t("sentence.like")} {words?.of ?? t("sentence.ofBlank")}{" "}
      <BlankButton
        value={words?.name ?? null}
        blank={t("sentence.addresseeBlank")}
        label={(value) => t("sentence.addresseeLabel", { value })}
        onOpen={() => onOpen("addressee")}
      />{" "}
      <span className={styles.closed}>
        <BlankButton
          value={urgency === null ? null : t(`urgency.${urgency}`)}
          blank={t("sentence.urgencyBlank")}
          label={(value) => t("sentence.urgencyLabel", { value })}
          onOpen={() => onOpen("urgency")}
        />
        {t("sentence.colon")}
      </span>
    </p>
  );
}

type BlankProps = {
  readonly value: string | null;
  readonly blank: string;
  readonly label: (value: string) => string;
  readonly onOpen: () => void;
};

function BlankButton({ value, blank, label, onOpen }: BlankProps) {
  return (
    <button
      type="button"
      className={value === null ? styles.empty : styles.filled}
      aria-label={label(value ?? blank)}
      aria-haspopup="dialog"
      onClick={onOpen}
    >
      <bdi>{value ?? blank}</bdi>
    </button>
  );
}
