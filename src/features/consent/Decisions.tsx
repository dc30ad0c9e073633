import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { Switch } from "../../ui/index.ts";
import { civilName } from "../patient/index.ts";
import type { Choice, ConsentModel } from "./consent-model.ts";
import styles from "./Decisions.module.css";
import { ofRecipient } from "./sheet-words.ts";

/** Each purpose its own decision, each off until somebody chooses; each says who would see. */
export function Decisions({ model }: { model: ConsentModel }) {
  const { t } = useTranslation("consent");
  const choices = useStore(model.store, (state) => state.choices);
  const { patient, recipients } = model.subject;
  const words = [t("yes"), t("no")] as const;
  const row = (choice: Choice, label: string, detail: string | null) => (
    <Switch
      label={label}
      detail={detail}
      words={words}
      checked={choices[choice]}
      onChange={(granted) => model.choose(choice, granted)}
    />
  );
  const say = (key: string, values: Readonly<Record<string, string | number>> = {}) => t(key, values);
  return (
    <section className={styles.decisions} aria-label={t("choices")}>
      {row(
        "opinion",
        t("opinion", { of: ofRecipient(say, recipients[0], model.clinicians, model.teams) }),
        null,
      )}
      {row(
        "pictures",
        model.minor ? t("picturesChild", { given: civilName(patient.given) }) : t("pictures"),
        t("picturesHelp", { who: model.readers().join(", ") }),
      )}
      {row("teaching", t("teaching"), t("teachingHelp", { hospital: model.hospital }))}
      <Switch
        label={t("research")}
        words={words}
        checked={false}
        onChange={() => {}}
        lockedBy={t("researchHelp")}
      />
    </section>
  );
}
