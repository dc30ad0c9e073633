import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { TextAction } from "./actions.tsx";
import styles from "./notes.module.css";

type BannerProps = {
  /** One sentence in the reader's words. */
  readonly children: ReactNode;
  readonly tone?: "calm" | "urgent";
  /** The one next step. */
  readonly action?: ReactNode;
  /** For support: codes and times, never a patient's data. */
  readonly detail?: string | undefined;
};

/** What is wrong and what to do, in the place where the person looks. */
export function Banner({ children, tone = "calm", action, detail }: BannerProps) {
  return (
    <div
      className={tone === "urgent" ? styles.urgent : styles.calm}
      role={tone === "urgent" ? "alert" : "status"}
    >
      <div className={styles.text}>{children}</div>
      {action}
      {detail !== undefined && <CopyDetail detail={detail} />}
    </div>
  );
}

/** A detail to copy for support, folded away. */
export function CopyDetail({ detail }: { detail: string }) {
  const { t } = useTranslation("ui");
  const [copied, setCopied] = useState(false);
  return (
    <details className={styles.detail}>
      <summary>{t("details")}</summary>
      <code>{detail}</code>
      <TextAction
        tone="link"
        onClick={() => void navigator.clipboard.writeText(detail).then(() => setCopied(true))}
      >
        {t(copied ? "copied" : "copy")}
      </TextAction>
    </details>
  );
}

/** An empty place says what will be there and how it comes. */
export function EmptyState({
  title,
  children,
  action,
}: {
  title: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={styles.empty}>
      <p className={styles.emptyTitle}>{title}</p>
      {children !== undefined && <div className={styles.emptyText}>{children}</div>}
      {action}
    </div>
  );
}

/** Structure in place before the content: lines of paper, no spinner. `label` is read aloud. */
export function Skeleton({ lines = 3, label }: { lines?: number; label: string }) {
  return (
    <div className={styles.skeleton} role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike
        <span key={index} className={styles.line} />
      ))}
    </div>
  );
}
