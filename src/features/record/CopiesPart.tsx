import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import type { Directory } from "#protocol/api.ts";
import type { Copy } from "#protocol/copies.ts";
import { localeOf } from "../../i18n/locale.ts";
import { SecondaryAction, TextAction } from "../../ui/index.ts";
import { CopySheet } from "./CopySheet.tsx";
import type { CopiesModel } from "./copies-model.ts";
import styles from "./record.module.css";

type Props = {
  readonly model: CopiesModel;
  /** The letter that copies are of. */
  readonly entryId: string;
  readonly people: Directory | null;
  /** When the case was said to be of the wrong patient: copies from before bear that name. */
  readonly wrongUntilMs: number | null;
  readonly maySend: boolean;
};

/** Who has a copy of the letter, and sending one more. Nothing at all where the hospital has no sender. */
export function CopiesPart({ model, entryId, people, wrongUntilMs, maySend }: Props) {
  const { t, i18n } = useTranslation(["record", "errors"]);
  const { copies, failed, asking } = useStore(model.store);
  useEffect(() => {
    void model.read();
  }, [model]);
  if (failed !== null && copies === null)
    return (
      <section className={styles.copies} aria-label={t("copies.title")}>
        <p>{t(`errors:${failed}`)}</p>
        <TextAction tone="link" onClick={() => void model.read()}>
          {t("retry")}
        </TextAction>
      </section>
    );
  if (copies === null || !copies.canSend) return null;
  const when = (copy: Copy): string =>
    new Intl.DateTimeFormat(localeOf(i18n.language), { dateStyle: "short", timeStyle: "short" }).format(
      Date.parse(copy.handedAt ?? copy.askedAt),
    );
  return (
    <section className={styles.copies} aria-label={t("copies.title")}>
      <h3>{t("copies.title")}</h3>
      {copies.copies.length > 0 && (
        <ul aria-live="polite">
          {copies.copies.map((copy) => (
            <li key={copy.copyId}>
              <strong>
                {copy.to.kind === "patient" ? t("copies.toPatient", { name: copy.name }) : copy.name}
              </strong>
              <span>
                {copy.state === "failed" && copy.obstacle !== undefined
                  ? t(`copies.obstacle.${copy.obstacle}`)
                  : t(`copies.state.${copy.state}`, { when: when(copy) })}
              </span>
              {wrongUntilMs !== null &&
                copy.state === "handed" &&
                Date.parse(copy.handedAt ?? copy.askedAt) <= wrongUntilMs && (
                  <strong>{t("copies.wrongName")}</strong>
                )}
            </li>
          ))}
        </ul>
      )}
      {maySend && (
        <SecondaryAction wide onClick={model.begin}>
          {t("copies.send")}
        </SecondaryAction>
      )}
      {asking.at !== "no" && (
        <CopySheet model={model} asking={asking} copies={copies} people={people} entryId={entryId} />
      )}
    </section>
  );
}
