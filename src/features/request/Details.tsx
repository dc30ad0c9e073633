import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { Icon, SecondaryAction, TextArea, TextField } from "../../ui/index.ts";
import styles from "./Details.module.css";
import type { RequestModel } from "./request-model.ts";

/** What the expert may want to know besides: folded, with what it holds in one line. */
export function Details({ model }: { model: RequestModel }) {
  const { t } = useTranslation("request");
  const details = useStore(model.store, (state) => state.draft.details);
  const [open, setOpen] = useState(false);
  const fold = useRef<HTMLElement>(null);
  // What unfolds is under the bar, as a rule: it comes up by itself.
  useEffect(() => {
    if (open) fold.current?.scrollIntoView({ block: "start" });
  }, [open]);
  const summary = [details.treatments, details.allergies, details.hypothesis, details.callback]
    .filter((text) => text.trim() !== "")
    .join(", ");
  return (
    <section ref={fold} className={styles.details}>
      <h2>
        <button
          type="button"
          className={styles.fold}
          aria-expanded={open}
          aria-controls="request-details"
          onClick={() => setOpen(!open)}
        >
          <strong>{t("details.title")}</strong>
          <span className={styles.summary}>{summary === "" ? t("details.empty") : summary}</span>
          <Icon name={open ? "up" : "down"} />
        </button>
      </h2>
      <div id="request-details" className={styles.fields} hidden={!open}>
        <TextArea
          label={t("details.treatments")}
          hint={t("details.treatmentsHelp")}
          value={details.treatments}
          rows={1}
          onChange={(event) => model.setDetail("treatments", event.target.value)}
        />
        <div className={styles.withShortcut}>
          <TextArea
            label={t("details.allergies")}
            value={details.allergies}
            rows={1}
            onChange={(event) => model.setDetail("allergies", event.target.value)}
          />
          <SecondaryAction onClick={() => model.setDetail("allergies", t("details.noAllergyText"))}>
            {t("details.noAllergy")}
          </SecondaryAction>
        </div>
        <TextArea
          label={t("details.hypothesis")}
          value={details.hypothesis}
          rows={1}
          onChange={(event) => model.setDetail("hypothesis", event.target.value)}
        />
        <TextField
          label={t("details.callback")}
          type="tel"
          inputMode="tel"
          autoComplete="tel"
          maxLength={40}
          value={details.callback}
          onChange={(event) => model.setDetail("callback", event.target.value)}
        />
      </div>
    </section>
  );
}
