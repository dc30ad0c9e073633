import { Link, useLocation } from "wouter";
import { useStore } from "zustand";
import { EmptyState, Icon, Logo, SecondaryAction, Skeleton, Tabs, type } from "../../ui/index.ts";
import { DraftRow, OutgoingRows } from "./OutgoingRows.tsx";
import type { Tab } from "./turn.ts";
import { useWords } from "./use-words.ts";
import { WorklistRow } from "./WorklistRow.tsx";
import { headlineInWords, type Words } from "./words.ts";
import styles from "./worklist.module.css";
import type { Worklist } from "./worklist.ts";
import type { WorklistModel } from "./worklist-model.ts";

type Props = {
  readonly model: WorklistModel;
  /** "Dr Martin", and what is said under it. */
  readonly person: { readonly name: string; readonly detail: string };
  /** Key of the case that is open beside the list. */
  readonly selected: string | null;
  /** Alone on screen (a phone), or beside a case. */
  readonly alone: boolean;
  /** The page's heading, or one beside the place's own. */
  readonly heading: "h1" | "h2";
  readonly tab: Tab;
  readonly onTab: (tab: Tab) => void;
  readonly draft: { readonly question: string } | null;
};

/** Home: one sentence that counts, three lists, and the way to ask. */
export function WorklistScreen({
  model,
  person,
  selected,
  alone,
  heading: Headline,
  tab,
  onTab,
  draft,
}: Props) {
  const words = useWords();
  const list = useStore(model.store);
  const [, go] = useLocation();
  return (
    <div className={styles.pane}>
      <div className={styles.header}>
        <Link href="/" className={styles.logo}>
          <Logo size={30} />
        </Link>
        <Link href="/compte" className={styles.person}>
          <span>
            <span className={type.hidden}>{words.t("account")} </span>
            <strong>{person.name}</strong>
            <span className={styles.personDetail}>{person.detail}</span>
          </span>
          <Icon name="down" />
        </Link>
      </div>
      <Headline className={styles.headline} tabIndex={-1} aria-live="polite">
        {list.loaded ? headlineInWords(words, list.headline) : words.t("headline.loading")}
      </Headline>
      <Tabs
        label={words.t("tabs.label")}
        tabs={tabsOf(list, words)}
        chosen={tab}
        onChoose={onTab}
        panelId="cases"
      />
      <div role="tabpanel" id="cases" aria-labelledby={`cases-${tab}`} className={styles.list}>
        {tab !== "done" && (
          <OutgoingRows rows={list.outgoing} onRetry={model.retry} onDiscard={model.discard} />
        )}
        {tab === "to-answer" && draft !== null && <DraftRow question={draft.question} />}
        {list.loaded ? (
          <Rows list={list} tab={tab} selected={selected} alone={alone} />
        ) : (
          <Skeleton lines={9} label={words.t("headline.loading")} />
        )}
      </div>
      <div className={styles.foot}>
        <SecondaryAction wide icon="plus" onClick={() => go("/demande")}>
          {words.t("ask")}
        </SecondaryAction>
      </div>
    </div>
  );
}

const tabsOf = ({ loaded, tabs }: Worklist, { t }: Words) =>
  (["to-answer", "waiting", "done"] as const).map((id) => ({
    id,
    label: t(`tabs.${id}`),
    count: loaded && id !== "done" ? tabs[id].length : undefined,
  }));

type RowsProps = { list: Worklist; tab: Tab; selected: string | null; alone: boolean };

function Rows({ list, tab, selected, alone }: RowsProps) {
  const { t } = useWords();
  const rows = list.tabs[tab];
  if (rows.length === 0)
    return (
      <EmptyState title={t(`empty.${tab}`)}>{tab === "to-answer" ? t("empty.first") : undefined}</EmptyState>
    );
  return (
    <ul className={styles.rows}>
      {rows.map((row, index) => (
        <li key={row.key}>
          <WorklistRow
            row={row}
            hero={alone && index === 0 && tab === "to-answer"}
            selected={row.key === selected}
          />
        </li>
      ))}
    </ul>
  );
}
