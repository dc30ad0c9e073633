import { useTranslation } from "react-i18next";
import type { CallCase, OpenCall, Tile } from "./call-model.ts";

type Patient = CallCase["patient"];

/** Sentences about a call that several views say. */
export function useCallWords() {
  const { t } = useTranslation("call");
  const { t: caseWord } = useTranslation("cases");
  const age = (patient: NonNullable<Patient>): string =>
    patient.age === null ? caseWord("patient.ageUnknown") : caseWord("patient.age", { count: patient.age });
  return {
    /** "J. D., 67 ans": a call may ring in front of others. */
    shortPatient: (patient: Patient): string | null =>
      patient === null ? null : `${initial(patient.given)} ${initial(patient.family)}, ${age(patient)}`,
    ageOf: (patient: NonNullable<Patient>): string => age(patient),
    /** Where the call stands, in a few words. */
    step: (call: OpenCall): string => t(`step.${call.step}`),
    /** What lacks of somebody's picture; null for a live one. */
    picture(tile: Tile, large: boolean): string | null {
      if (tile.alarm) return t("picture.refused", { who: tile.name });
      if (tile.arriving) return t("picture.arriving", { who: tile.name });
      switch (tile.picture) {
        case "off":
          return large ? t("picture.off", { who: tile.name }) : t("picture.offShort");
        case "coming":
          return t("picture.coming");
        case "no-key":
          return t("picture.noKey");
        case "stale":
          return t("picture.stale");
        case "refused":
          return t("picture.refused", { who: tile.name });
        case "live":
          return null;
      }
    },
  };
}

const initial = (name: string): string => `${[...name.trim()][0]?.toLocaleUpperCase() ?? ""}.`;

/** "02:41" */
export const timeInWords = (seconds: number): string => {
  const minutes = Math.floor(seconds / 60);
  return `${String(minutes).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
};
