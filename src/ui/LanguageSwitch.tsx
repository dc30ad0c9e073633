import { useTranslation } from "react-i18next";
import { type Language, languages, rememberLanguage } from "../i18n/index.ts";
import styles from "./LanguageSwitch.module.css";

const names: Readonly<Record<Language, string>> = { fr: "Français", en: "English" };

/** Each language in its own name. */
export function LanguageSwitch() {
  const { i18n, t } = useTranslation("ui");
  return (
    <fieldset className={styles.row}>
      <legend className={styles.legend}>{t("language")}</legend>
      {languages.map((language) => (
        <button
          key={language}
          type="button"
          lang={language}
          className={styles.language}
          aria-pressed={i18n.language === language}
          onClick={() => {
            rememberLanguage(language);
            void i18n.changeLanguage(language);
          }}
        >
          {names[language]}
        </button>
      ))}
    </fieldset>
  );
}
