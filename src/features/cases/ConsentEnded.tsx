import { useState } from "react";
import { useLocation } from "wouter";
import type { RefusalReason } from "#protocol/disclose.ts";
import { AdmissionSheet } from "./AdmissionSheet.tsx";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase } from "./case-view.ts";
import styles from "./photos.module.css";
import { useWords } from "./use-words.ts";
import { caseAddress } from "./WorklistRow.tsx";

/** What the patient's word may mend: it ended, or does not reach this person. */
const askable: readonly string[] = [
  "expired",
  "audience-not-covered",
  "purpose-not-granted",
] satisfies RefusalReason[];
/** What the glass may open: never past a no. */
const breakable: readonly string[] = ["expired", "audience-not-covered"] satisfies RefusalReason[];

type Props = { readonly model: CaseModel; readonly view: OpenCase; readonly reason: string };

/** In the place of a picture that the consent does not show: the patient is asked anew, or in an emergency the glass is broken. */
export function ConsentEnded({ model, view, reason }: Props) {
  const { t } = useWords();
  const [, go] = useLocation();
  const [breaking, setBreaking] = useState(false);
  if (!askable.includes(reason)) return null;
  return (
    <>
      <button
        type="button"
        className={styles.onMatAction}
        onClick={() => go(`${caseAddress(view.key)}/accord`)}
      >
        {t("people.askAgain")}
      </button>
      {breakable.includes(reason) && (
        <button type="button" className={styles.onMatAction} onClick={() => setBreaking(true)}>
          {t("admission.emergency")}
        </button>
      )}
      {breaking && (
        <AdmissionSheet
          model={model}
          view={view}
          reader={{ userId: view.me }}
          onClose={() => setBreaking(false)}
        />
      )}
    </>
  );
}
