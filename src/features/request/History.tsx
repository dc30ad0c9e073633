import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { RuledTextarea, TextAction } from "../../ui/index.ts";
import styles from "./History.module.css";
import type { RequestModel } from "./request-model.ts";

/** What the expert must know besides the question. It may be "none known", in one tap, but somebody has to say so. */
export function History({ model }: { model: RequestModel }) {
  const { t } = useTranslation("request");
  const history = useStore(model.store, (state) => state.draft.details.history);
  const field = useRef<HTMLDivElement>(null);
  const noneKnown = () => {
    model.setDetail("history", t("history.noneText"));
    // The button goes once something is written: the keyboard goes on where it was.
    field.current?.querySelector("textarea")?.focus();
  };
  return (
    <div id="request-history" ref={field} className={styles.history}>
      <RuledTextarea
        label={t("history.label")}
        labelShown
        placeholder={t("history.placeholder")}
        value={history}
        rows={1}
        maxLength={8000}
        autoCapitalize="sentences"
        className={styles.short}
        onChange={(event) => model.setDetail("history", event.target.value)}
      />
      {history.trim() === "" && (
        <TextAction tone="link" className={styles.none} onClick={noneKnown}>
          {t("history.none")}
        </TextAction>
      )}
    </div>
  );
}
