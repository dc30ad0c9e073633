import { useTranslation } from "react-i18next";
import type { Say } from "./addressee-words.ts";

/** The translator of this feature, as its pure helpers take it. */
export function useSay(): Say {
  const { t } = useTranslation("request");
  return (key, values = {}) => t(key, values);
}
