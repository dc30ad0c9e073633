import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { Segmented, TextField } from "../../ui/index.ts";
import { civilName } from "../patient/index.ts";
import type { ConsentModel } from "./consent-model.ts";
import { capacities, type Giver } from "./consent-state.ts";
import styles from "./Oral.module.css";

type Props = {
  readonly model: ConsentModel;
  readonly giver: Extract<Giver, { kind: "representative" }>;
};

/** Who decides for a child or a protected adult, in what capacity, and what the patient says of it. */
export function Representative({ model, giver }: Props) {
  const { t } = useTranslation("consent");
  const assent = useStore(model.store, (state) => state.assent);
  const given = civilName(model.subject.patient.given);
  const name = (key: "name" | "second", label: string) => (
    <TextField
      label={label}
      value={giver[key]}
      maxLength={160}
      autoComplete="off"
      onChange={(event) => model.setGiver({ ...giver, [key]: event.target.value })}
    />
  );
  const both = giver.capacity === "both-parents";
  return (
    <section className={styles.oral} aria-labelledby="representative-title">
      <h2 id="representative-title" className={styles.title}>
        {t("representativeTitle", { given })}
      </h2>
      {model.minor && <p>{t("minor", { given })}</p>}
      <Segmented
        label={t("capacity")}
        options={capacities.map((id) => ({ id, label: t(`capacities.${id}`) }))}
        chosen={giver.capacity}
        onChoose={(capacity) => model.setGiver({ ...giver, capacity })}
      />
      {name("name", t(both ? "firstParentName" : "representativeName"))}
      {both && name("second", t("secondParentName"))}
      <div className={styles.assent}>
        <p id="assent-question">{t("assent", { given })}</p>
        <Segmented
          label={t("assent", { given })}
          options={(["yes", "no", "not-able"] as const).map((id) => ({ id, label: t(`assents.${id}`) }))}
          chosen={assent}
          onChoose={model.setAssent}
        />
        {assent === "no" && <p className={styles.quiet}>{t("assentNo")}</p>}
      </div>
    </section>
  );
}
