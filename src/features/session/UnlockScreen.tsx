import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { PrimaryAction, TextAction, TextField } from "../../ui/index.ts";
import styles from "./session.module.css";
import type { SessionModel, SessionView } from "./session-model.ts";

/** A known person on a new device: the recovery key opens the past; without it, one starts anew. */
export function UnlockScreen({ model, view }: { model: SessionModel; view: SessionView }) {
  const [lost, setLost] = useState(false);
  const go = (to: boolean) => {
    model.forgetAttempt();
    setLost(to);
  };
  return (
    <main className={styles.letter}>
      {lost ? (
        <StartAnew model={model} view={view} back={() => go(false)} />
      ) : (
        <Unlock model={model} view={view} lost={() => go(true)} />
      )}
    </main>
  );
}

function Unlock({ model, view, lost }: { model: SessionModel; view: SessionView; lost: () => void }) {
  const { t } = useTranslation(["session", "errors"]);
  const [missing, setMissing] = useState(false);
  const busy = view.attempt.step === "busy";
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const key = String(new FormData(event.currentTarget).get("key") ?? "").trim();
    setMissing(key === "");
    if (key !== "") void model.unlock(key);
  };
  return (
    <form onSubmit={submit} className={styles.form} noValidate>
      <h1 className={styles.headline} tabIndex={-1}>
        {t("unlock.title")}
      </h1>
      <p className={styles.text}>{t("unlock.text")}</p>
      <TextField
        label={t("unlock.label")}
        hint={t("unlock.help")}
        name="key"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        error={missing ? t("unlock.missing") : failure(view, t)}
      />
      <PrimaryAction type="submit" busy={busy}>
        {t(busy ? "unlock.opening" : "unlock.open")}
      </PrimaryAction>
      <div className={styles.row}>
        <TextAction onClick={lost}>{t("unlock.lost")}</TextAction>
        <TextAction onClick={() => void model.signOut()}>{t("unlock.signOut")}</TextAction>
      </div>
    </form>
  );
}

function StartAnew({ model, view, back }: { model: SessionModel; view: SessionView; back: () => void }) {
  const { t } = useTranslation(["session", "errors"]);
  const [missing, setMissing] = useState(false);
  const busy = view.attempt.step === "busy";
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const password = String(new FormData(event.currentTarget).get("password") ?? "");
    setMissing(password === "");
    if (password !== "") void model.startAnew(password);
  };
  return (
    <form onSubmit={submit} className={styles.form} noValidate>
      <h1 className={styles.headline} tabIndex={-1}>
        {t("anew.title")}
      </h1>
      <p className={styles.text}>{t("anew.text")}</p>
      <TextField
        label={t("anew.password")}
        name="password"
        type="password"
        autoComplete="current-password"
        error={missing ? t("form.missingPassword") : failure(view, t)}
      />
      <PrimaryAction type="submit" busy={busy}>
        {t(busy ? "anew.confirming" : "anew.confirm")}
      </PrimaryAction>
      <TextAction onClick={back}>{t("anew.back")}</TextAction>
    </form>
  );
}

const failure = ({ attempt }: SessionView, t: (key: string) => string): string | undefined =>
  attempt.step === "failed" ? t(`errors:${attempt.error}`) : undefined;
