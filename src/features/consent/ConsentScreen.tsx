import { type ReactNode, useId, useState } from "react";
import { I18nextProvider, useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { ConfirmSheet, Icon } from "../../ui/index.ts";
import styles from "./ConsentScreen.module.css";
import type { ConsentModel } from "./consent-model.ts";
import { Decisions } from "./Decisions.tsx";
import { Given } from "./Given.tsx";
import { baseOf, noticeLanguages } from "./notice.ts";
import { RecordBar } from "./RecordBar.tsx";
import { addressInWords, sexContext } from "./sheet-words.ts";

type Props = {
  readonly model: ConsentModel;
  readonly onClose: () => void;
  /** What stands in the signature's place while the patient decides on their own phone. Without it, that way is not offered. */
  readonly phone?: ReactNode;
};

/**
 * One sheet that the patient can read on the clinician's phone, in the patient's language: what is sent, who sees it, where it
 * goes, how long, how to change one's mind; then the decisions, all off; then who decides, and how it is known.
 */
export function ConsentScreen(props: Props) {
  const { i18n } = useTranslation("consent");
  const language = useStore(props.model.store, (state) => baseOf(state.language));
  // The sheet speaks the patient's language, whatever the clinician's.
  const [texts] = useState(() => i18n.cloneInstance());
  if (texts.language !== language) void texts.changeLanguage(language);
  return (
    <I18nextProvider i18n={texts}>
      <Sheet {...props} language={language} />
    </I18nextProvider>
  );
}

function Sheet({ model, onClose, phone, language }: Props & { language: "fr" | "en" }) {
  const { t } = useTranslation("consent");
  const [refusing, setRefusing] = useState(false);
  // What the notice says depends on these, and the view must follow.
  useStore(model.store);
  const say = (key: string, values: Readonly<Record<string, string | number>> = {}) => t(key, values);
  const context = sexContext(model.subject.patient.sex);
  return (
    <div className={styles.page} lang={language}>
      <header className={styles.head}>
        <button type="button" className={styles.close} onClick={onClose} aria-label={t("close")}>
          <Icon name="close" />
        </button>
        <p className={styles.title}>{t("title", { context })}</p>
        <Languages model={model} />
      </header>
      <main className={styles.main}>
        <div className={styles.letter}>
          <h1 className={styles.headline} tabIndex={-1}>
            <bdi>{addressInWords(say, model.subject.patient, model.minor)}</bdi>,{" "}
            <span className={styles.whole}>{t("question")}</span>
          </h1>
          <p className={styles.notice}>{model.notice()}</p>
        </div>
        <div className={styles.decide}>
          <Decisions model={model} />
          <Given model={model} phone={phone} />
        </div>
      </main>
      <RecordBar model={model} onRefuse={() => setRefusing(true)} />
      <ConfirmSheet
        open={refusing}
        title={t("refuseTitle")}
        action={t("refuseConfirm")}
        onClose={() => setRefusing(false)}
        onConfirm={() => {
          setRefusing(false);
          void model.recordRefusal();
        }}
      >
        <p>{t("refuseText")}</p>
      </ConfirmSheet>
    </div>
  );
}

/** The languages in which the notice exists, easy French among them. */
function Languages({ model }: { model: ConsentModel }) {
  const { t } = useTranslation("consent");
  const chosen = useStore(model.store, (state) => state.language);
  const id = useId();
  return (
    <span className={styles.language}>
      <label htmlFor={id} className={styles.hidden}>
        {t("language")}
      </label>
      <select
        id={id}
        value={chosen}
        onChange={(event) => {
          const language = noticeLanguages.find((each) => each === event.target.value);
          if (language !== undefined) model.setLanguage(language);
        }}
      >
        {noticeLanguages.map((each) => (
          <option key={each} value={each} lang={baseOf(each)}>
            {t(`languages.${each}`)}
          </option>
        ))}
      </select>
    </span>
  );
}
