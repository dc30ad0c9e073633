import { useTranslation } from "react-i18next";
import { Thread } from "../../ui/index.ts";
import styles from "./session.module.css";

/** After this many seconds the screen says how long it has taken. */
const longS = 10;

/** Keys are being set up: what happens, in plain words, and that there is nothing to do. */
export function SettingUpScreen({ forS }: { forS: number | null }) {
  const { t } = useTranslation("session");
  return (
    <main className={styles.letter}>
      <h1 className={styles.headline} tabIndex={-1}>
        {t("settingUp.title")}
      </h1>
      <p className={styles.text}>{t("settingUp.text")}</p>
      <Thread
        direction="vertical"
        size="letter"
        label={t("settingUp.title")}
        knots={[
          { key: "sign-in", state: "tied", word: t("settingUp.steps.signIn") },
          { key: "protect", state: "next", word: t("settingUp.steps.protect") },
          { key: "cases", state: "to-come", word: t("settingUp.steps.cases") },
        ]}
      />
      <p role="status" className={styles.quiet}>
        {forS !== null && forS >= longS ? t("settingUp.long", { seconds: forS }) : ""}
      </p>
    </main>
  );
}
