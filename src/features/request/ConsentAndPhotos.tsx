import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { grants } from "#protocol/consent.ts";
import { ConfirmSheet, SecondaryAction, TextAction } from "../../ui/index.ts";
import type { Blank } from "./blank.ts";
import styles from "./ConsentAndPhotos.module.css";
import { ConsentThread } from "./ConsentThread.tsx";
import { PhotoStrip } from "./PhotoStrip.tsx";
import { sexContext } from "./patient-traits.ts";
import { type RequestModel, sameAddressee } from "./request-model.ts";

type Props = {
  readonly model: RequestModel;
  readonly onConsent: () => void;
  readonly onCamera: () => void;
  readonly onOpen: (blank: Blank) => void;
  /** What follows along the thread. */
  readonly children: ReactNode;
};

/** The thread's first knot: the consent, then the photos that hang on it. Without it there is no way to the camera. */
export function ConsentAndPhotos({ model, onConsent, onCamera, onOpen, children }: Props) {
  const { t, i18n } = useTranslation("request");
  const { patient, addressee, consent } = useStore(model.store, (state) => state.draft);
  const [why, setWhy] = useState(false);
  const context = sexContext(patient?.sex ?? "unknown");
  const covers =
    consent !== null &&
    addressee !== null &&
    consent.recipients.some((each) => sameAddressee(each, addressee)) &&
    model.clock() <= Date.parse(consent.expiresAt);
  const granted = consent !== null && covers && grants(consent, "opinion");
  const pictures =
    granted &&
    (["care-named", "care-team", "care-outside-team"] as const).some((purpose) => grants(consent, purpose));
  const ask = () => {
    if (patient !== null && addressee !== null) return onConsent();
    setWhy(true);
    onOpen(patient === null ? "patient" : "addressee");
  };
  const time =
    consent === null
      ? ""
      : new Intl.DateTimeFormat(i18n.language === "en" ? "en-GB" : "fr-FR", {
          hour: "2-digit",
          minute: "2-digit",
        }).format(Date.parse(consent.collectedAt));

  return (
    <section className={styles.section} aria-label={t("consent.title")}>
      <ConsentThread tied={granted} />
      <div className={styles.words}>
        {consent === null && (
          <>
            <p className={styles.state}>{t("consent.waiting")}</p>
            <p className={styles.quiet}>
              {t(why && addressee === null ? "consent.first" : "consent.waitingHelp")}
            </p>
            <SecondaryAction wide onClick={ask}>
              {t("consent.ask", { context })}
            </SecondaryAction>
          </>
        )}
        {consent !== null && granted && (
          <>
            <p>
              <strong className={styles.state}>{t("consent.done")}</strong>{" "}
              <span className={styles.quiet}>
                {t("consent.at", {
                  time,
                  method: t(`consent.method.${consent.method}`, { context }),
                })}
              </span>
            </p>
            <p className={styles.quiet}>{t(pictures ? "consent.both" : "consent.opinionOnly")}</p>
            {pictures && <PhotoStrip model={model} onCamera={onCamera} />}
            <TakeBack model={model} />
          </>
        )}
        {consent !== null && !granted && (
          <>
            <p className={styles.state}>{t(covers ? "consent.refused" : "consent.waiting", { time })}</p>
            <p className={styles.quiet}>
              {t(
                covers
                  ? "consent.refusedHelp"
                  : model.hold() === "consent-expired"
                    ? "consent.expiredHelp"
                    : "consent.othersHelp",
              )}
            </p>
            <TextAction tone="link" onClick={ask}>
              {t("consent.again")}
            </TextAction>
          </>
        )}
        {children}
      </div>
    </section>
  );
}

/** Recorded for the wrong person, or too soon: taken back with a trace, and asked for anew. */
function TakeBack({ model }: Pick<Props, "model">) {
  const { t } = useTranslation("request");
  const [asked, setAsked] = useState(false);
  return (
    <>
      <TextAction tone="link" onClick={() => setAsked(true)}>
        {t("consent.wrong")}
      </TextAction>
      <ConfirmSheet
        open={asked}
        title={t("consent.wrongTitle")}
        action={t("consent.wrongConfirm")}
        onClose={() => setAsked(false)}
        onConfirm={() => {
          setAsked(false);
          void model.takeBackConsent();
        }}
      >
        <p>{t("consent.wrongText")}</p>
      </ConfirmSheet>
    </>
  );
}
