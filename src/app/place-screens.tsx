import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { createSettingsModel, SettingsScreen } from "../features/settings/index.ts";
import { SecondaryAction } from "../ui/index.ts";
import type { PlaceProps } from "./place-props.ts";
import styles from "./shell.module.css";
import { useOwned } from "./use-owned.ts";

/** `/compte` */
export function AccountPlace({ door, session }: PlaceProps) {
  const model = useOwned(() => createSettingsModel({ door }), [door]);
  if (model === null) return null;
  return <SettingsScreen model={model} onShowKey={session.showKey} version={__VERSION__} />;
}

/** An address that leads nowhere. */
export function NoPlace() {
  const { t } = useTranslation("session");
  const [, go] = useLocation();
  return (
    <main className={styles.nothing}>
      <h1 tabIndex={-1}>{t("shell.nowhere")}</h1>
      <SecondaryAction onClick={() => go("/")}>{t("shell.toList")}</SecondaryAction>
    </main>
  );
}
