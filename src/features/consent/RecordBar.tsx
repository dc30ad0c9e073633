import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { PrimaryAction } from "../../ui/index.ts";
import type { ConsentModel } from "./consent-model.ts";
import styles from "./RecordBar.module.css";

/** Records what was decided, and says in the button whether the camera opens next. */
export function RecordBar({ model }: { model: ConsentModel }) {
  const { t } = useTranslation("consent");
  const { t: error } = useTranslation("errors");
  const { step, choices } = useStore(model.store);
  const lack = model.lack();
  const verb = choices.opinion && !choices.pictures ? "recordOpinionOnly" : "record";
  return (
    <footer className={styles.bar}>
      <div className={styles.inner}>
        {step.at === "failed" && (
          <p className={styles.failed} role="alert">
            <strong>{t("failed")}</strong> {error(step.error)}
          </p>
        )}
        <PrimaryAction
          tall
          busy={step.at === "recording"}
          heldBy={lack === null ? null : t(`lack.${lack}`)}
          onClick={() => void model.record()}
        >
          {t(step.at === "recording" ? "recording" : verb)}
        </PrimaryAction>
      </div>
    </footer>
  );
}
