import { useTranslation } from "react-i18next";
import { Segmented, TextField } from "../../ui/index.ts";
import { civilName } from "../patient/index.ts";
import type { ConsentModel, Giver } from "./consent-model.ts";
import styles from "./Oral.module.css";

type Props = {
  readonly model: ConsentModel;
  readonly giver: Extract<Giver, { kind: "representative" }>;
};

/** Who decides for a child or a protected adult, and in what capacity. */
export function Representative({ model, giver }: Props) {
  const { t } = useTranslation("consent");
  const given = civilName(model.subject.patient.given);
  return (
    <section className={styles.oral} aria-labelledby="representative-title">
      <h2 id="representative-title" className={styles.title}>
        {t("representativeTitle", { given })}
      </h2>
      {model.minor && <p>{t("minor", { given })}</p>}
      <TextField
        label={t("representativeName")}
        value={giver.name}
        maxLength={160}
        autoComplete="off"
        onChange={(event) => model.setGiver({ ...giver, name: event.target.value })}
      />
      <Segmented
        label={t("capacity")}
        options={(["mother", "father", "guardian"] as const).map((id) => ({ id, label: t(id) }))}
        chosen={giver.capacity}
        onChoose={(capacity) => model.setGiver({ ...giver, capacity })}
      />
    </section>
  );
}
