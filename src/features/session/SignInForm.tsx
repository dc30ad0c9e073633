import { type SyntheticEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { PrimaryAction, Switch, TextField } from "../../ui/index.ts";
import styles from "./session.module.css";
import type { SessionModel, SessionView } from "./session-model.ts";

type Missing = "name" | "password" | null;

/** The hospital's account: name and password, each error in its place. */
export function SignInForm({ model, view }: { model: SessionModel; view: SessionView }) {
  const { t } = useTranslation(["session", "errors"]);
  const [missing, setMissing] = useState<Missing>(null);
  const [shown, setShown] = useState(false);
  const [shared, setShared] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const busy = view.attempt.step === "busy" || view.session.step === "signing-in";
  const failed = view.attempt.step === "failed" ? view.attempt.error : null;

  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget);
    const name = String(typed.get("name") ?? "").trim();
    const password = String(typed.get("password") ?? "");
    const first: Missing = name === "" ? "name" : password === "" ? "password" : null;
    setMissing(first);
    if (first === null) void model.signIn(name, password, shared ? "shared" : "own");
    else form.current?.querySelector<HTMLInputElement>(`[name=${first}]`)?.focus();
  };

  return (
    <form ref={form} className={styles.form} onSubmit={submit} noValidate aria-labelledby="account">
      <h2 id="account" className={styles.formTitle}>
        {t("form.title")}
      </h2>
      <TextField
        label={t("form.name")}
        name="name"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        error={missing === "name" ? t("form.missingName") : undefined}
      />
      <div className={styles.password}>
        <TextField
          label={t("form.password")}
          name="password"
          type={shown ? "text" : "password"}
          autoComplete="current-password"
          error={missing === "password" ? t("form.missingPassword") : undefined}
        />
        <button
          type="button"
          className={styles.link}
          aria-pressed={shown}
          aria-label={t("form.show")}
          onClick={() => setShown(!shown)}
        >
          {t(shown ? "form.hideShort" : "form.showShort")}
        </button>
      </div>
      <Switch
        label={t("form.shared")}
        detail={t("form.sharedHelp")}
        checked={shared}
        onChange={setShared}
        words={[t("form.yes"), t("form.no")]}
      />
      <p role="alert" className={styles.error}>
        {failed === null ? "" : t(`errors:${failed}`)}
      </p>
      <PrimaryAction type="submit" busy={busy}>
        {t(busy ? "form.entering" : "form.enter")}
      </PrimaryAction>
    </form>
  );
}
