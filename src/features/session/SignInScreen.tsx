import { useTranslation } from "react-i18next";
import { FullThread, LanguageSwitch, Logo } from "../../ui/index.ts";
import { SignInForm } from "./SignInForm.tsx";
import styles from "./session.module.css";
import type { SessionModel, SessionView } from "./session-model.ts";

/** The first screen: the hospital, what this is, the thread, and the account. */
export function SignInScreen({ model, view }: { model: SessionModel; view: SessionView }) {
  const { t } = useTranslation("session");
  const { config, session, offline } = view;
  const hospital = config.state === "loaded" ? config.value.hospital : null;
  const notice = session.step === "signed-out" ? session.notice : null;
  return (
    <main className={styles.letter}>
      <p className={styles.hospital}>{hospital?.name ?? "\u00a0"}</p>
      <h1 className={styles.logo} tabIndex={-1}>
        <Logo size={76} />
      </h1>
      <p className={styles.promise}>{t("promise")}</p>
      <FourKnots />
      <p className={styles.quiet}>{t("threadText")}</p>
      {notice !== null && (
        <p role="status" className={styles.notice}>
          {t(`notice.${notice}`)}
        </p>
      )}
      {config.state === "failed" ? (
        <div className={styles.notice} role="alert">
          <p>{t("configFailed")}</p>
          <button type="button" className={styles.link} onClick={config.retry}>
            {t("retry")}
          </button>
        </div>
      ) : (
        <SignInForm model={model} view={view} />
      )}
      <p role="status" className={styles.quiet}>
        {offline ? t("offline") : ""}
      </p>
      <footer className={styles.foot}>
        <p className={styles.emergency}>{t("emergency", { number: hospital?.emergencyNumber ?? "15" })}</p>
        <LanguageSwitch />
      </footer>
    </main>
  );
}

/** The thread as it will be met everywhere, with its four words. */
function FourKnots() {
  const { t } = useTranslation("session");
  const names = ["consented", "encrypted", "seen", "filed"] as const;
  return (
    <div className={styles.knots}>
      <FullThread
        size="letter"
        label={t("threadText")}
        knots={names.map((name) => ({ key: name, state: "tied", word: t(`knots.${name}`) }))}
      />
    </div>
  );
}
