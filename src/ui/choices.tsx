import { type KeyboardEvent, type ReactNode, useRef } from "react";
import styles from "./choices.module.css";

/** Moves the choice with the arrows, as WAI-ARIA's tabs and radio groups ask. */
function useRoving<Id extends string>(ids: readonly Id[], chosen: Id, choose: (id: Id) => void) {
  const row = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const at = ids.indexOf(chosen);
    const next =
      event.key === "Home"
        ? ids[0]
        : event.key === "End"
          ? ids.at(-1)
          : step === undefined
            ? undefined
            : ids[(at + step + ids.length) % ids.length];
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
    row.current?.querySelector<HTMLElement>(`[data-id="${next}"]`)?.focus();
  };
  return { row, onKeyDown };
}

type Tab<Id extends string> = {
  readonly id: Id;
  readonly label: string;
  readonly count?: number | undefined;
};
type TabsProps<Id extends string> = {
  readonly label: string;
  readonly tabs: readonly Tab<Id>[];
  readonly chosen: Id;
  readonly onChoose: (id: Id) => void;
  /** Id of the panel that the tabs rule. */
  readonly panelId: string;
};

export function Tabs<Id extends string>({ label, tabs, chosen, onChoose, panelId }: TabsProps<Id>) {
  const { row, onKeyDown } = useRoving(
    tabs.map((tab) => tab.id),
    chosen,
    onChoose,
  );
  return (
    <div ref={row} role="tablist" aria-label={label} className={styles.tabs} onKeyDown={onKeyDown}>
      {tabs.map((tab) => (
        <button
          key={tab.id}
          type="button"
          role="tab"
          id={`${panelId}-${tab.id}`}
          data-id={tab.id}
          aria-selected={tab.id === chosen}
          aria-controls={panelId}
          tabIndex={tab.id === chosen ? 0 : -1}
          className={styles.tab}
          onClick={() => onChoose(tab.id)}
        >
          {tab.label}
          {tab.count !== undefined && <span className={styles.count}> {tab.count}</span>}
        </button>
      ))}
    </div>
  );
}

type SegmentedProps<Id extends string> = {
  readonly label: string;
  readonly options: readonly { readonly id: Id; readonly label: ReactNode }[];
  readonly chosen: Id | null;
  readonly onChoose: (id: Id) => void;
};

/** One of a few, all visible. */
export function Segmented<Id extends string>({ label, options, chosen, onChoose }: SegmentedProps<Id>) {
  const ids = options.map((option) => option.id);
  const first = ids[0];
  const { row, onKeyDown } = useRoving(ids, chosen ?? first ?? ("" as Id), onChoose);
  return (
    <div ref={row} role="radiogroup" aria-label={label} className={styles.segmented} onKeyDown={onKeyDown}>
      {options.map((option) => (
        // biome-ignore lint/a11y/useSemanticElements: a native radio cannot hold the segment's full target without hiding it
        <button
          key={option.id}
          type="button"
          role="radio"
          data-id={option.id}
          aria-checked={option.id === chosen}
          tabIndex={option.id === (chosen ?? first) ? 0 : -1}
          className={styles.segment}
          onClick={() => onChoose(option.id)}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
