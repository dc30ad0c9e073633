import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { ConfirmSheet, TextAction, UrgencyMark } from "../../ui/index.ts";
import { useWords } from "./use-words.ts";
import { caseAddress } from "./WorklistRow.tsx";
import { shortPatientInWords } from "./words.ts";
import styles from "./worklist.module.css";
import type { OutgoingRow } from "./worklist.ts";

type Props = {
  readonly rows: readonly OutgoingRow[];
  readonly onRetry: (localId: string) => void;
  readonly onDiscard: (localId: string) => void;
};

/** Requests that are still on this device: nothing is lost, and each says where it is. */
export function OutgoingRows({ rows, onRetry, onDiscard }: Props) {
  const { t } = useWords();
  if (rows.length === 0) return null;
  return (
    <section aria-label={t("outgoing.title")} className={styles.outgoing}>
      <h2 className={styles.groupTitle}>{t("outgoing.title")}</h2>
      <ul className={styles.rows}>
        {rows.map((row) => (
          <li key={row.localId}>
            <Outgoing row={row} onRetry={onRetry} onDiscard={onDiscard} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Outgoing({ row, onRetry, onDiscard }: Omit<Props, "rows"> & { readonly row: OutgoingRow }) {
  const words = useWords();
  const { t: error } = useTranslation("errors");
  const [asking, setAsking] = useState(false);
  return (
    <article className={styles.outgoingRow}>
      <Link href={caseAddress(row.key)} className={styles.outgoingLink}>
        <span className={styles.head}>
          <UrgencyMark urgency={row.urgency} />
          <strong>{words.t(`urgency.${row.urgency}`)}</strong>
          <span className={styles.left} role="status">
            {words.t(`outgoing.${row.state}`)}
          </span>
        </span>
        <span className={styles.question}>{row.question}</span>
        <span className={styles.patient}>
          <strong>{shortPatientInWords(words, row.patient)}</strong>
          {row.photos > 0 && ` · ${words.t("row.photos", { count: row.photos })}`}
        </span>
      </Link>
      {row.error !== null && <p className={styles.failure}>{error(row.error)}</p>}
      {row.state === "failed" && (
        <div className={styles.actions}>
          <TextAction onClick={() => onRetry(row.localId)}>{words.t("outgoing.retry")}</TextAction>
          <TextAction onClick={() => setAsking(true)}>{words.t("outgoing.discard")}</TextAction>
        </div>
      )}
      <ConfirmSheet
        open={asking}
        title={words.t("outgoing.discardTitle")}
        action={words.t("outgoing.discard")}
        onConfirm={() => onDiscard(row.localId)}
        onClose={() => setAsking(false)}
      >
        <p>{words.t("outgoing.discardText")}</p>
      </ConfirmSheet>
    </article>
  );
}

/** A request that was begun and not sent. */
export function DraftRow({ question }: { question: string }) {
  const { t } = useWords();
  return (
    <Link href="/demande" className={styles.row}>
      <span className={styles.head}>
        <strong>{t("drafts.title")}</strong>
        <span className={styles.left}>{t("drafts.resume")}</span>
      </span>
      <span className={styles.question}>{question === "" ? t("drafts.row") : question}</span>
    </Link>
  );
}
