import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { maxQuestion } from "#protocol/events.ts";
import { RuledTextarea } from "../../ui/index.ts";
import styles from "./Question.module.css";
import type { RequestModel } from "./request-model.ts";

/** From here on a line says how much room is left. */
const nearTheEnd = 100;

export function Question({ model }: { model: RequestModel }) {
  const { t } = useTranslation("request");
  const question = useStore(model.store, (state) => state.draft.question);
  const left = maxQuestion - question.length;
  return (
    <div id="request-question" className={styles.question}>
      <RuledTextarea
        label={t("question.label")}
        placeholder={t("question.placeholder")}
        value={question}
        rows={3}
        maxLength={maxQuestion}
        autoCapitalize="sentences"
        onChange={(event) => model.setQuestion(event.target.value)}
      />
      {left < nearTheEnd && <p className={styles.count}>{t("question.left", { count: left })}</p>}
    </div>
  );
}
