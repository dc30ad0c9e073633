import { useTranslation } from "react-i18next";
import type { Words } from "./words.ts";

/** The translator of this feature, with the reader's language. */
export function useWords(): Words {
  const { t, i18n } = useTranslation("cases");
  return {
    t: (key, values) => t(key, { ...values }),
    language: i18n.language.startsWith("fr") ? "fr" : "en",
  };
}
