import { useTranslation } from "react-i18next";
import type { Directory } from "#protocol/api.ts";
import type { DeskItem } from "#protocol/filing-desk.ts";
import { CopyDetail, SecondaryAction, TextAction } from "../../ui/index.ts";
import { personName } from "../cases/index.ts";
import styles from "./desk.module.css";
import { momentInWords } from "./desk-words.ts";

type Props = {
  readonly item: DeskItem;
  readonly people: Directory | null;
  readonly nowMs: number;
  readonly busy: boolean;
  readonly onRetry: () => void;
  readonly onResolve: () => void;
};

/** One piece that waits: what it is and of which case, whom to ask about it, what happened, and what to do. */
export function DeskPiece({ item, people, nowMs, busy, onRetry, onResolve }: Props) {
  const { t, i18n } = useTranslation("desk");
  const at = (iso: string) => momentInWords(i18n.language, Date.parse(iso), nowMs);
  const title = `piece-${item.id}`;
  return (
    <article className={styles.piece} aria-labelledby={title}>
      <header className={styles.pieceHead}>
        <h2 id={title} className={styles.pieceTitle}>
          {t(`kind.${item.kind}`)}
        </h2>
        <p className={styles.ref}>
          {item.caseRef === null ? t("caseUnknown") : t("case", { ref: item.caseRef })}
        </p>
      </header>
      <p className={styles.happened}>{t(`reason.${item.reason}.happened`)}</p>
      <p>{t(`reason.${item.reason}.todo`)}</p>
      {item.behind > 0 && <p className={styles.behind}>{t("behind", { count: item.behind })}</p>}
      <p className={styles.quiet}>
        {item.sentBy !== null &&
          item.sentAt !== null &&
          `${t("sent", { who: personName(item.sentBy, people, "full"), at: at(item.sentAt) })} `}
        {t(`since.${item.state}`, { at: at(item.since) })}
      </p>
      <div className={styles.acts}>
        <SecondaryAction disabled={busy} onClick={onRetry}>
          {t(busy ? "acting" : "retry")}
        </SecondaryAction>
        {item.state !== "waiting" && (
          <TextAction tone="link" disabled={busy} onClick={onResolve}>
            {t("resolve")}
          </TextAction>
        )}
      </div>
      <CopyDetail detail={`${item.code} · ${item.id}`} />
    </article>
  );
}
