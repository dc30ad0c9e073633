import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { SecondaryAction } from "../../../ui/index.ts";
import type { ConsentModel } from "../consent-model.ts";
import { sexContext } from "../sheet-words.ts";
import styles from "./PhoneWay.module.css";
import type { PhoneState } from "./phone-model.ts";
import { qrPath } from "./qr.ts";
import { createSheetPhone, type SheetPhoneDeps } from "./sheet-phone.ts";

type Props = { readonly sheet: ConsentModel; readonly with: SheetPhoneDeps };

/** In the signature's place: the code for the patient's own phone, what it waits for and how long, and the way back to the screen. */
export function PhoneWay({ sheet, with: deps }: Props) {
  const { t } = useTranslation("consent");
  const [phone] = useState(() => createSheetPhone(sheet, deps));
  useEffect(() => {
    void phone.begin();
    return phone.dispose;
  }, [phone]);
  const state = useStore(phone.store);
  const open = state.at === "shown";
  return (
    <section className={styles.phone} aria-labelledby="phone-title">
      <h2 id="phone-title" className={styles.title}>
        {t("phone.title", { context: sexContext(sheet.subject.patient.sex) })}
      </h2>
      <Standing state={state} />
      {!open && state.at !== "opening" && state.at !== "answered" && (
        <SecondaryAction wide onClick={() => void phone.begin()}>
          {t("phone.again")}
        </SecondaryAction>
      )}
      {state.at !== "answered" && (
        <SecondaryAction wide onClick={() => sheet.setProof({ kind: "signature", strokes: [] })}>
          {t(open ? "phone.cancel" : "phone.onScreen")}
        </SecondaryAction>
      )}
    </section>
  );
}

function Standing({ state }: { state: PhoneState }) {
  const { t } = useTranslation("consent");
  const { t: error } = useTranslation("errors");
  switch (state.at) {
    case "closed":
    case "opening":
      return <p role="status">{t("phone.opening")}</p>;
    case "held":
      return <p role="alert">{t("lack.representative-name")}</p>;
    case "shown":
      return <Shown state={state} />;
    case "answered":
      return <p role="status">{t("phone.answered")}</p>;
    case "expired":
      return <p role="alert">{t("phone.expired")}</p>;
    case "refused":
      return <p role="alert">{t(`phone.refused.${state.why}`)}</p>;
    case "failed":
      return <p role="alert">{error(state.error)}</p>;
  }
}

function Shown({ state }: { state: Extract<PhoneState, { at: "shown" }> }) {
  const { t } = useTranslation("consent");
  const { path, size } = useMemo(() => qrPath(state.url), [state.url]);
  const seconds = Math.ceil(state.leftMs / 1000);
  const left = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return (
    <>
      {!state.opened && (
        <>
          <p>{t("phone.text")}</p>
          <svg
            className={styles.code}
            viewBox={`0 0 ${size} ${size}`}
            role="img"
            aria-label={t("phone.code")}
          >
            <path d={path} />
          </svg>
        </>
      )}
      <p className={styles.state} role="status">
        {t(state.opened ? "phone.opened" : "phone.waiting")}
      </p>
      <p role="timer">{t("phone.left", { left })}</p>
    </>
  );
}
