import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { PrimaryAction, TextAction } from "../../ui/index.ts";
import type { ConsentModel } from "./consent-model.ts";
import { isCare } from "./purposes.ts";
import styles from "./RecordBar.module.css";

/** Records what was decided, and says in the button whether the camera opens next. */
export function RecordBar({ model, onRefuse }: { model: ConsentModel; onRefuse: () => void }) {
  const { t } = useTranslation("consent");
  const { t: error } = useTranslation("errors");
  const { step, granted, proof } = useStore(model.store);
  const lack = model.lack();
  const use = model.useAtFault();
  const pictures = [...granted].some(isCare);
  const verb =
    proof.kind === "emergency"
      ? "recordEmergency"
      : model.subject.roomId !== undefined
        ? "recordInCase"
        : granted.has("opinion") && !pictures
          ? "recordOpinionOnly"
          : "record";
  return (
    <footer className={styles.bar}>
      <div className={styles.inner}>
        {step.at === "failed" && (
          <p className={styles.failed} role="alert">
            <strong>{t("failed")}</strong> {error(step.error)}
          </p>
        )}
        <div className={styles.ways}>
          {proof.kind === "signature" ? (
            <TextAction tone="link" onClick={model.sayYesToBoth}>
              {t(model.care.length > 1 ? "oralAll" : "oral")}
            </TextAction>
          ) : (
            <TextAction tone="link" onClick={() => model.setProof({ kind: "signature", strokes: [] })}>
              {t("sign")}
            </TextAction>
          )}
          <TextAction tone="link" onClick={onRefuse}>
            {t("refuse")}
          </TextAction>
        </div>
        <PrimaryAction
          busy={step.at === "recording"}
          heldBy={lack === null ? null : t(`lack.${lack}`, { use: use === null ? "" : t(`uses.${use}`) })}
          onClick={() => void model.record()}
        >
          {t(step.at === "recording" ? "recording" : verb)}
        </PrimaryAction>
      </div>
    </footer>
  );
}
