import { useTranslation } from "react-i18next";
import { CopyDetail, PrimaryAction } from "../../ui/index.ts";
import styles from "./session.module.css";
import type { SessionModel } from "./session-model.ts";

/** One tab owns the account, so that nothing is sent twice. */
export function OtherTabScreen({ model }: { model: SessionModel }) {
  const { t } = useTranslation("session");
  return (
    <main className={styles.letter}>
      <h1 className={styles.headline} tabIndex={-1}>
        {t("otherTab.title")}
      </h1>
      <p className={styles.text}>{t("otherTab.text")}</p>
      <PrimaryAction onClick={model.takeOver}>{t("otherTab.here")}</PrimaryAction>
    </main>
  );
}

/** The client stopped rather than lose a message, or a part of it did not arrive: what happened, and the one thing to do. */
export function StoppedScreen({ why, detail }: { why: "storage" | "not-loaded"; detail: string }) {
  const { t } = useTranslation("session");
  return (
    <main className={styles.letter}>
      <h1 className={styles.headline} tabIndex={-1}>
        {t(`stopped.${why}.title`)}
      </h1>
      <p className={styles.text}>{t(`stopped.${why}.text`)}</p>
      <p className={styles.text}>{t(`stopped.${why}.next`)}</p>
      <PrimaryAction onClick={() => location.reload()}>{t("stopped.reload")}</PrimaryAction>
      <CopyDetail detail={detail} />
    </main>
  );
}

/** The first moment, before anything is known: the place of things, without a spinner. */
export function StartingScreen() {
  const { t } = useTranslation("session");
  return (
    <main className={styles.letter} aria-busy="true">
      <p className={styles.quiet} role="status">
        {t("starting")}
      </p>
    </main>
  );
}
