import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import type { CaptureModel } from "./capture-model.ts";
import styles from "./ViewStrip.module.css";

/** The views of the series: done, this one, next. */
export function ViewStrip({ model }: { model: CaptureModel }) {
  const { t } = useTranslation("capture");
  const { views, view, done } = useStore(model.store);
  return (
    <ul className={styles.strip} aria-label={t("views")}>
      {views.map((each, index) => {
        const taken = done.some((photo) => photo.view === each);
        const state = each === view ? "current" : taken ? "done" : "next";
        return (
          <li key={each}>
            <button
              type="button"
              className={styles.view}
              aria-pressed={each === view}
              onClick={() => model.choose(each)}
            >
              <span className={styles.number} aria-hidden="true">
                {index + 1}
              </span>
              <span>
                <strong className={styles.name}>{t(`view.${each}`)}</strong>
                <span className={styles.state}>{t(`viewState.${state}`)}</span>
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
