import { Link, useLocation } from "wouter";
import { PrimaryAction, Thread, UrgencyMark } from "../../ui/index.ts";
import { elapsed, remaining } from "./due.ts";
import { useWords } from "./use-words.ts";
import {
  elapsedInWords,
  knotsInWords,
  remainingInWords,
  shortPatientInWords,
  threadInWords,
  type Words,
} from "./words.ts";
import styles from "./worklist.module.css";
import type { Row } from "./worklist.ts";

type Props = { readonly row: Row; readonly hero: boolean; readonly selected: boolean };

/** A case in the list: urgency, question, who, how far. The first one on a phone carries the next action. */
export function WorklistRow({ row, hero, selected }: Props) {
  const words = useWords();
  if (hero) return <HeroRow row={row} />;
  return (
    <Link
      href={caseAddress(row.key)}
      className={styles.row}
      aria-current={selected ? "page" : undefined}
      data-turn={row.turn}
    >
      <RowHead row={row} words={words} />
      <Question row={row} words={words} />
      <PatientLine row={row} words={words} />
      <span className={styles.thread}>
        <RowThread row={row} words={words} />
        <span>{threadInWords(words, row.thread)}</span>
      </span>
      <Unsent row={row} words={words} />
    </Link>
  );
}

export const caseAddress = (key: string): string => `/cas/${encodeURIComponent(key)}`;

function HeroRow({ row }: { row: Row }) {
  const words = useWords();
  const [, go] = useLocation();
  const initials = row.patient?.initials ?? null;
  return (
    <article className={styles.hero}>
      <RowHead row={row} words={words} />
      <Question row={row} words={words} />
      <PatientLine row={row} words={words} />
      <div className={styles.heroThread}>
        <span>{threadInWords(words, row.thread)}</span>
        <RowThread row={row} words={words} />
      </div>
      <Unsent row={row} words={words} />
      <PrimaryAction onClick={() => go(caseAddress(row.key))}>
        {initials === null ? words.t("row.openUnknown") : words.t("row.open", { initials })}
      </PrimaryAction>
    </article>
  );
}

type PartProps = { readonly row: Row; readonly words: Words };

/** Drawn only: the words beside it say the same. */
function RowThread({ row, words }: PartProps) {
  const knots = knotsInWords(words, row.thread, Date.now()).map(({ detail: _detail, ...knot }) => knot);
  return (
    <span aria-hidden="true">
      <Thread size="row" pitch={24} words={false} bleed={false} knots={knots} label="" />
    </span>
  );
}

function RowHead({ row, words }: PartProps) {
  if (row.urgency === null || row.dueMs === null)
    return <span className={styles.head}>{words.t(`row.turn.${row.turn}`)}</span>;
  const left = remaining(row.dueMs, Date.now());
  const open = row.tab !== "done";
  return (
    <span className={styles.head}>
      <UrgencyMark urgency={row.urgency} />
      <strong>{words.t(`urgency.${row.urgency}`)}</strong>
      <span className={styles.left} data-late={open && left.late ? "" : undefined}>
        {open ? remainingInWords(words, left) : words.t(`row.turn.${row.turn}`)}
      </span>
    </span>
  );
}

function Question({ row, words }: PartProps) {
  return <span className={styles.question}>{row.question ?? words.t("row.arriving")}</span>;
}

function PatientLine({ row, words }: PartProps) {
  if (row.patient === null) return null;
  const who = row.turn.startsWith("await") ? words.t("row.to", { who: row.who }) : row.who;
  return (
    <span className={styles.patient}>
      <strong>{shortPatientInWords(words, row.patient)}</strong>
      {row.photos > 0 && ` · ${words.t("row.photos", { count: row.photos })}`}
      <span className={styles.who}>
        {[who, elapsedInWords(words, elapsed(row.sinceMs, Date.now()))].filter(Boolean).join(", ")}
      </span>
    </span>
  );
}

function Unsent({ row, words }: PartProps) {
  if (row.failed) return <span className={styles.unsent}>{words.t("row.failed")}</span>;
  return row.unsent > 0 ? <span className={styles.unsent}>{words.t("row.unsent")}</span> : null;
}
