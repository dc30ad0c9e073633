import { useTranslation } from "react-i18next";
import { useRoute } from "wouter";
import { useStore } from "zustand";
import {
  loadedValue,
  personName,
  type Tab,
  type WorklistModel,
  WorklistScreen,
} from "../features/cases/index.ts";
import type { RequestModel } from "../features/request/index.ts";
import type { PlaceProps } from "./place-props.ts";
import styles from "./shell.module.css";

type Props = PlaceProps & {
  readonly request: RequestModel;
  readonly wide: boolean;
  readonly model: WorklistModel;
  readonly home: boolean;
  readonly tab: Tab;
  readonly onTab: (tab: Tab) => void;
};

/** The worklist, alone or beside a place. */
export function List({ door, model, request, wide, home, me, tab, onTab }: Props) {
  const { t } = useTranslation("cases");
  const people = useStore(door.directory, loadedValue);
  const person = people?.clinicians.find((each) => each.userId === me);
  const [, params] = useRoute("/cas/:key/*?");
  const { draft, loaded } = useStore(request.store);
  const begun = loaded && (draft.patient !== null || draft.question !== "");
  return (
    // One element for both parts, so that the list keeps its place and its tab when a case opens beside it.
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: both roles that it takes support a name
    <div
      role={home ? "main" : "navigation"}
      className={styles.list}
      aria-label={home ? undefined : t("case.listPane")}
    >
      <WorklistScreen
        model={model}
        person={{
          name: personName(me, people),
          detail: person === undefined ? "" : t(`specialty.${person.specialty}`).toLocaleLowerCase(),
        }}
        selected={params?.key ?? null}
        alone={!wide}
        heading={home ? "h1" : "h2"}
        tab={tab}
        onTab={onTab}
        draft={begun ? { question: draft.question } : null}
      />
    </div>
  );
}
