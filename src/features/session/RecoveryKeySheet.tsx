import { createPortal } from "react-dom";
import { useTranslation } from "react-i18next";
import { localeOf } from "../../i18n/locale.ts";
import styles from "./recovery-key-sheet.module.css";
import { keyGroups } from "./session-model.ts";

type Props = { readonly recoveryKey: string; readonly who: string; readonly hospital: string };

/** What comes out of the printer: never on screen, and the only thing on paper. */
export function RecoveryKeySheet({ recoveryKey, who, hospital }: Props) {
  const { t, i18n } = useTranslation("session");
  const date = new Intl.DateTimeFormat(localeOf(i18n.language), { dateStyle: "long" }).format(new Date());
  return createPortal(
    <article className={styles.sheet} aria-hidden="true">
      <h1>{t("key.sheetTitle")}</h1>
      <p>{t("key.sheetFor", { who, hospital, date })}</p>
      <p className={styles.key}>{keyGroups(recoveryKey).join("  ")}</p>
      <p>{t("key.sheetText")}</p>
    </article>,
    document.body,
  );
}
