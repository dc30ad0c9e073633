import { useState } from "react";
import { AdmissionSheet } from "./AdmissionSheet.tsx";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase } from "./case-view.ts";
import styles from "./photos.module.css";
import { useWords } from "./use-words.ts";

type Props = { readonly model: CaseModel; readonly view: OpenCase };

/** In the place of a picture that is on this device while the registry is silent: in an emergency it opens, and is written into the journal. */
export function EmergencyHere({ model, view }: Props) {
  const { t } = useWords();
  const [open, setOpen] = useState(false);
  // Not before: the picture takes the place of this.
  const close = () => {
    setOpen(false);
    model.retryPictures();
  };
  if (view.consent === null || view.consent.state === "withdrawn") return null;
  return (
    <>
      <button type="button" className={styles.onMatAction} onClick={() => setOpen(true)}>
        {t("admission.emergency")}
      </button>
      {open && <AdmissionSheet model={model} view={view} reader="here" onClose={close} />}
    </>
  );
}
