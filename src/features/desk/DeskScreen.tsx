import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import type { Directory } from "#protocol/api.ts";
import type { DeskItem } from "#protocol/filing-desk.ts";
import { localeOf } from "../../i18n/locale.ts";
import { Banner, EmptyState, SecondaryAction, Skeleton, TextAction } from "../../ui/index.ts";
import { DeskPiece } from "./DeskPiece.tsx";
import { DeskResolvedList } from "./DeskResolvedList.tsx";
import styles from "./desk.module.css";
import type { DeskModel, DeskView, Said } from "./desk-model.ts";
import { ResolveSheet } from "./ResolveSheet.tsx";

type Props = {
  readonly model: DeskModel;
  readonly people: Directory | null;
  readonly nowMs: number;
  /** The way back, or to the account, above the heading. */
  readonly head: ReactNode;
};

/** What could not be filed: what happened, what to do, and the two things that can be done about it. */
export function DeskScreen({ model, people, nowMs, head }: Props) {
  const { t } = useTranslation("desk");
  const view = useStore(model.store);
  const [resolving, setResolving] = useState<DeskItem | null>(null);
  useEffect(() => void model.read(), [model]);
  const items = view.desk?.items ?? [];
  return (
    <main className={styles.page} aria-busy={view.reading}>
      {head}
      <h1 className={styles.headline} tabIndex={-1}>
        {t("title")}
      </h1>
      <Lead view={view} />
      <Trouble view={view} model={model} nowMs={nowMs} />
      <p className={styles.said} role="status">
        {view.said !== null && <SaidOnce said={view.said} />}
      </p>
      {view.desk === null && view.failed === null && <Skeleton lines={6} label={t("reading")} />}
      {view.desk !== null && items.length === 0 && (
        <EmptyState title={t("empty")}>{t("emptyText")}</EmptyState>
      )}
      {items.length > 0 && (
        <ul className={styles.pieces} aria-label={t("list")}>
          {items.map((item) => (
            <li key={item.id}>
              <DeskPiece
                item={item}
                people={people}
                nowMs={nowMs}
                busy={view.acting === item.id}
                onRetry={() => void model.retry(item.id)}
                onResolve={() => setResolving(item)}
              />
            </li>
          ))}
        </ul>
      )}
      {view.desk?.more === true && <p className={styles.quiet}>{t("more")}</p>}
      {view.desk !== null && (
        <SecondaryAction wide disabled={view.reading} onClick={() => void model.read()}>
          {t(view.reading ? "reading" : "refresh")}
        </SecondaryAction>
      )}
      {view.desk !== null && <DeskResolvedList resolved={view.desk.resolved} people={people} nowMs={nowMs} />}
      {resolving !== null && (
        <ResolveSheet model={model} item={resolving} onClose={() => setResolving(null)} />
      )}
    </main>
  );
}

/** One sentence that counts. */
function Lead({ view }: { view: DeskView }) {
  const { t } = useTranslation("desk");
  if (view.desk === null || view.desk.items.length === 0) return null;
  return <p className={styles.lead}>{t("lead", { count: view.desk.items.length })}</p>;
}

/** The list could not be read: why, and from when the one that is shown is. */
function Trouble({ view, model, nowMs }: { view: DeskView; model: DeskModel; nowMs: number }) {
  const { t, i18n } = useTranslation(["desk", "errors"]);
  if (view.failed === null) return null;
  const offline = view.failed === "homeserver-unreachable";
  const time =
    view.readAtMs === null
      ? null
      : new Intl.DateTimeFormat(
          localeOf(i18n.language),
          nowMs - view.readAtMs < 12 * 3600_000
            ? { timeStyle: "short" }
            : { dateStyle: "short", timeStyle: "short" },
        ).format(view.readAtMs);
  return (
    <Banner
      action={
        view.failed === "not-allowed" ? undefined : (
          <TextAction tone="link" onClick={() => void model.read()}>
            {t("again")}
          </TextAction>
        )
      }
    >
      {offline ? t("offline") : view.failed === "not-allowed" ? t("notForYou") : t(`errors:${view.failed}`)}
      {time !== null && ` ${t("listOf", { time })}`}
    </Banner>
  );
}

function SaidOnce({ said }: { said: Said }) {
  const { t } = useTranslation(["desk", "errors"]);
  if (said.what !== "failed") return t(`said.${said.what}`);
  return (
    <>
      <strong>{t("said.failed")}</strong>{" "}
      {said.code === "homeserver-unreachable" ? t("offline") : t(`errors:${said.code}`)}
    </>
  );
}
