import { useState } from "react";
import { useTranslation } from "react-i18next";
import { PrimaryAction, TextAction } from "../../ui/index.ts";
import { RecoveryKeySheet } from "./RecoveryKeySheet.tsx";
import styles from "./session.module.css";
import { keyGroups, type SessionModel } from "./session-model.ts";

type Props = {
  readonly model: SessionModel;
  readonly recoveryKey: string;
  readonly userId: string;
  readonly hospital: string;
};

/** The recovery key, once: a sheet to print or to copy by hand. Saying that it is kept makes it disappear from here. */
export function RecoveryKeyScreen({ model, recoveryKey, userId, hospital }: Props) {
  const { t } = useTranslation("session");
  const [copy, setCopy] = useState<"idle" | "done" | "failed">("idle");
  const put = () =>
    navigator.clipboard.writeText(recoveryKey).then(
      () => setCopy("done"),
      () => setCopy("failed"),
    );
  return (
    <main className={styles.letter}>
      <h1 className={styles.headline} tabIndex={-1}>
        {t("key.title")}
      </h1>
      <p className={styles.text}>{t("key.text")}</p>
      <output className={styles.key} aria-label={t("key.label")} translate="no">
        {keyGroups(recoveryKey).map((group, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the groups of one key never move
          <span key={index}>{group} </span>
        ))}
      </output>
      <div className={styles.row}>
        <TextAction icon="print" onClick={() => window.print()}>
          {t("key.print")}
        </TextAction>
        <TextAction icon="file" onClick={() => void put()}>
          {t(copy === "done" ? "key.copied" : "key.copy")}
        </TextAction>
      </div>
      <p role="status" className={styles.error}>
        {copy === "failed" ? t("key.notSaved") : ""}
      </p>
      <PrimaryAction onClick={model.keySaved}>{t("key.saved")}</PrimaryAction>
      <div className={styles.centred}>
        <TextAction onClick={model.putKeyOff}>{t("key.later")}</TextAction>
        <p className={styles.quiet}>{t("key.laterText")}</p>
      </div>
      <RecoveryKeySheet recoveryKey={recoveryKey} who={userId} hospital={hospital} />
    </main>
  );
}
