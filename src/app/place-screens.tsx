import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useStore } from "zustand";
import { CaseScreen, createCaseModel, findCase } from "../features/cases/index.ts";
import { createRecordModel, RecordScreen } from "../features/record/index.ts";
import { createSettingsModel, SettingsScreen } from "../features/settings/index.ts";
import { SecondaryAction } from "../ui/index.ts";
import type { PlaceProps } from "./Places.tsx";
import styles from "./shell.module.css";
import { useOwned } from "./use-owned.ts";

type OfCase = PlaceProps & { readonly caseKey: string; readonly wide: boolean };

/** `/cas/:key` */
export function CasePlace({ door, clock, caseKey, wide }: OfCase) {
  const model = useOwned(() => createCaseModel({ door, key: caseKey, clock }), [door, clock, caseKey]);
  return model === null ? null : <CaseScreen model={model} wide={wide} />;
}

/** `/cas/:key/dossier` */
export function RecordPlace({ door, clock, caseKey, wide }: OfCase) {
  const [, go] = useLocation();
  const record = useStore(door.cases, (cases) => findCase(cases, caseKey));
  const roomId = record?.roomId ?? null;
  const model = useOwned(
    () =>
      createRecordModel({
        door,
        roomId: roomId ?? "",
        urls: { create: (blob) => URL.createObjectURL(blob), revoke: (url) => URL.revokeObjectURL(url) },
      }),
    [door, roomId],
  );
  const request = record?.state.request?.request;
  if (model === null || request === undefined || record === null) return null;
  return (
    <RecordScreen
      model={model}
      patient={request.patient}
      state={record.state}
      nowMs={clock.now()}
      wide={wide}
      onBack={() => go(`/cas/${encodeURIComponent(caseKey)}`)}
    />
  );
}

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
