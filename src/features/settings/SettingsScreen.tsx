import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useStore } from "zustand";
import { fullName } from "#protocol/people.ts";
import {
  ConfirmSheet,
  LanguageSwitch,
  SecondaryAction,
  Segmented,
  Sheet,
  TextAction,
} from "../../ui/index.ts";
import styles from "./settings.module.css";
import type { SettingsModel, SettingsView } from "./settings-model.ts";
import { applyTheme, chosenTheme, type Theme, themes } from "./theme.ts";

type Props = { readonly model: SettingsModel; readonly onShowKey: () => void; readonly version: string };

/** The account: who, how it looks, the recovery key, and the way out. */
export function SettingsScreen({ model, onShowKey, version }: Props) {
  const { t } = useTranslation("settings");
  const [, go] = useLocation();
  const view = useStore(model.store);
  return (
    <main className={styles.page}>
      <TextAction icon="back" onClick={() => go("/")}>
        {t("back")}
      </TextAction>
      <h1 className={styles.headline} tabIndex={-1}>
        {t("title")}
      </h1>
      <Person view={view} />
      <section className={styles.part} aria-labelledby="appearance">
        <h2 id="appearance">{t("theme")}</h2>
        <ThemeChoice />
        <h2>{t("language")}</h2>
        <LanguageSwitch />
      </section>
      {view.administrator && (
        <section className={styles.part} aria-labelledby="desk">
          <h2 id="desk">{t("desk")}</h2>
          <p>{t("deskText")}</p>
          <SecondaryAction onClick={() => go("/versements")}>{t("deskOpen")}</SecondaryAction>
        </section>
      )}
      {view.hasKey && (
        <section className={styles.part} aria-labelledby="key">
          <h2 id="key">{t("key")}</h2>
          <p>{t(view.keyToSave ? "keyToSave" : "keySaved")}</p>
          {view.keyToSave && <SecondaryAction onClick={onShowKey}>{t("keyShow")}</SecondaryAction>}
        </section>
      )}
      <Parts view={view} />
      <section className={styles.part} aria-labelledby="about">
        <h2 id="about">{t("about")}</h2>
        <p>{t("aboutText", { version })}</p>
        {view.hospital !== null && (
          <>
            <p>{t("hospital", view.hospital)}</p>
            <p>
              <strong>{t("emergency", { number: view.hospital.emergencyNumber })}</strong>
            </p>
          </>
        )}
        <p className={styles.quiet}>{t("deviceText", { device: view.deviceId })}</p>
      </section>
      <SignOut model={model} view={view} />
    </main>
  );
}

function Person({ view }: { view: SettingsView }) {
  const { t } = useTranslation(["settings", "cases"]);
  const { person } = view;
  return (
    <section className={styles.part} aria-labelledby="you">
      <h2 id="you">{t("you")}</h2>
      {person === null ? (
        <p>{t(view.hasKey ? "unknown" : "administrator")}</p>
      ) : (
        <p className={styles.name}>{fullName(person)}</p>
      )}
      <dl className={styles.facts}>
        {person !== null && (
          <>
            <dt>{t("specialty")}</dt>
            <dd>{t(`cases:specialty.${person.specialty}`)}</dd>
            <dt>{t("rpps")}</dt>
            <dd>{person.rpps}</dd>
            <dt>{t("organization")}</dt>
            <dd>{person.organization}</dd>
          </>
        )}
        <dt>{t("account")}</dt>
        <dd>{view.userId.slice(1).split(":")[0]}</dd>
      </dl>
    </section>
  );
}

function ThemeChoice() {
  const { t } = useTranslation("settings");
  const [theme, setTheme] = useState<Theme>(chosenTheme);
  return (
    <Segmented
      label={t("theme")}
      options={themes.map((id) => ({ id, label: t(`themes.${id}`) }))}
      chosen={theme}
      onChoose={(id) => {
        applyTheme(id);
        setTheme(id);
      }}
    />
  );
}

function Parts({ view }: { view: SettingsView }) {
  const { t } = useTranslation("settings");
  const names = ["homeserver", "record", "archive", "bot"] as const;
  return (
    <section className={styles.part} aria-labelledby="parts">
      <h2 id="parts">{t("parts")}</h2>
      {view.health === null ? (
        <p>{t("partsUnknown")}</p>
      ) : (
        <dl className={styles.facts}>
          {names.map((name) => (
            <div key={name} className={styles.fact}>
              <dt>{t(`part.${name}`)}</dt>
              <dd>{t(`partState.${view.health?.parts[name] ?? "off"}`)}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

function SignOut({ model, view }: { model: SettingsModel; view: SettingsView }) {
  const { t } = useTranslation("settings");
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const owed = view.journal > 0;
  const leave = () => {
    setBusy(true);
    void model.signOut().finally(() => setBusy(false));
  };
  return (
    <section className={styles.part}>
      <SecondaryAction wide onClick={() => setAsking(true)}>
        {t("signOut")}
      </SecondaryAction>
      <Sheet open={asking && owed} title={t("signOutOwedTitle")} onClose={() => setAsking(false)}>
        <p>{t("signOutOwed")}</p>
      </Sheet>
      <ConfirmSheet
        open={asking && !owed}
        title={t("signOutTitle")}
        action={t(busy ? "signingOut" : "signOutConfirm")}
        busy={busy}
        onConfirm={leave}
        onClose={() => setAsking(false)}
      >
        <p>{t(view.hasKey ? "signOutText" : "signOutNothing")}</p>
        {view.unsent > 0 && (
          <p>
            <strong>{t("signOutPending", { count: view.unsent })}</strong>
          </p>
        )}
        {view.keyToSave && (
          <p>
            <strong>{t("signOutUnsaved")}</strong>
          </p>
        )}
      </ConfirmSheet>
    </section>
  );
}
