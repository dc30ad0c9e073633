import { useTranslation } from "react-i18next";
import { localeOf } from "../../i18n/locale.ts";
import { Thread } from "../../ui/index.ts";
import styles from "./record.module.css";
import type { Piece } from "./record-model.ts";

type Props = {
  readonly piece: Piece;
  readonly words: { readonly title: string; readonly detail: string };
  readonly picked: boolean;
  readonly onPick: () => void;
  readonly nowMs: number;
};

/** One piece on the thread: what it is, whose or of what, when it was filed, and that it was read back. */
export function PieceRow({ piece, words, picked, onPick, nowMs }: Props) {
  const { t, i18n } = useTranslation("record");
  const sameDay = new Date(piece.filedAtMs).toDateString() === new Date(nowMs).toDateString();
  const time = new Intl.DateTimeFormat(
    localeOf(i18n.language),
    sameDay
      ? { timeStyle: "short" }
      : { day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit" },
  ).format(piece.filedAtMs);
  return (
    <div className={styles.row} data-picked={picked ? "" : undefined}>
      <span className={styles.knot} aria-hidden="true">
        <Thread
          direction="vertical"
          size="letter"
          pitch={88}
          words={false}
          label=""
          knots={[{ key: piece.key, state: "tied", word: "" }]}
        />
      </span>
      <button type="button" className={styles.piece} aria-pressed={picked} onClick={onPick}>
        <span className={styles.pieceHead}>
          <strong>{words.title}</strong>
          <strong>{time}</strong>
        </span>
        <span className={styles.pieceDetail}>
          <span>{words.detail}</span>
          <span>{t("same")}</span>
        </span>
      </button>
    </div>
  );
}
