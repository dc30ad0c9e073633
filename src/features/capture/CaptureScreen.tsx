import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import type { Patient } from "#protocol/patient.ts";
import { SecondaryAction } from "../../ui/index.ts";
import styles from "./CaptureScreen.module.css";
import type { CaptureModel } from "./capture-model.ts";
import { FileButton } from "./FileButton.tsx";
import { Framing } from "./Framing.tsx";
import { Head } from "./Head.tsx";
import { ShotReview } from "./ShotReview.tsx";
import { Siting } from "./Siting.tsx";

type Props = {
  readonly model: CaptureModel;
  readonly patient: Patient;
  readonly nowMs: number;
  /** The series is over, or the person leaves. */
  readonly onDone: () => void;
  /** Leads to the consent sheet; absent where the consent is not this screen's to ask for. */
  readonly onAskConsent?: (() => void) | undefined;
};

/** Full screen: frame, shoot, judge, say where. It opens only with a consent that allows pictures; the model sees to it. */
export function CaptureScreen({ model, patient, nowMs, onDone, onAskConsent }: Props) {
  const state = useStore(model.store);
  useEffect(() => {
    void model.open();
    return model.close;
  }, [model]);
  const confirmed = async (source: "camera" | "file") => {
    const { done, views } = model.store.getState();
    const left = views.some((view) => !done.some((each) => each.view === view));
    if (source === "camera" && left) await model.open();
    else onDone();
  };

  if (state.step === "siting")
    return <Siting model={model} patient={patient} nowMs={nowMs} state={state} onConfirmed={confirmed} />;
  return (
    <div className={`night ${styles.screen}`}>
      <Head patient={patient} nowMs={nowMs} taken={state.done.length} onDone={onDone} />
      <main className={styles.main}>
        {(state.step === "framing" || state.step === "filming") && <Framing model={model} state={state} />}
        {state.step === "shot" && <ShotReview model={model} state={state} />}
        {(state.step === "opening" || state.step === "closed") && <Opening />}
        {state.step === "refused" && (
          <Refused
            reason={state.reason}
            onAskConsent={onAskConsent}
            onBack={onDone}
            onPhotograph={() => void model.open()}
          />
        )}
        {state.step === "no-camera" && <NoCamera model={model} fault={state.fault} />}
        {state.step === "file-refused" && <FileRefused model={model} reason={state.reason} />}
      </main>
    </div>
  );
}

function Opening() {
  const { t } = useTranslation("capture");
  return (
    <div className={styles.words} role="status">
      <p className={styles.headline}>{t("opening")}</p>
      <p>{t("allow")}</p>
    </div>
  );
}

type RefusedProps = {
  readonly reason: string;
  readonly onAskConsent: (() => void) | undefined;
  readonly onBack: () => void;
  readonly onPhotograph: () => void;
};

function Refused({ reason, onAskConsent, onBack, onPhotograph }: RefusedProps) {
  const { t } = useTranslation("capture");
  // Photos may be taken all the same.
  const isFilm = reason === "video-not-granted";
  return (
    <div className={styles.words} role="alert">
      <h2 className={styles.headline}>{t(isFilm ? "refused.filmTitle" : "refused.title")}</h2>
      <p>{t(`refused.${reason}`)}</p>
      {onAskConsent !== undefined && (
        <SecondaryAction wide onClick={onAskConsent}>
          {t("refused.ask")}
        </SecondaryAction>
      )}
      {isFilm ? (
        <SecondaryAction wide icon="camera" onClick={onPhotograph}>
          {t("shutter")}
        </SecondaryAction>
      ) : (
        <SecondaryAction wide onClick={onBack}>
          {t("refused.back")}
        </SecondaryAction>
      )}
    </div>
  );
}

function NoCamera({ model, fault }: { model: CaptureModel; fault: string }) {
  const { t } = useTranslation("capture");
  return (
    <div className={styles.words} role="alert">
      <h2 className={styles.headline}>{t("noCamera.title")}</h2>
      <p>{t(`noCamera.${fault}`)}</p>
      <FileButton model={model} wide />
      <SecondaryAction wide onClick={() => void model.open()}>
        {t("noCamera.retry")}
      </SecondaryAction>
    </div>
  );
}

function FileRefused({ model, reason }: { model: CaptureModel; reason: string }) {
  const { t } = useTranslation("capture");
  return (
    <div className={styles.words} role="alert">
      <h2 className={styles.headline}>{t("fileRefused.title")}</h2>
      <p>{t(`fileRefused.${reason}`)}</p>
      <p className={styles.quiet}>{t("fileRefused.kept")}</p>
      <FileButton model={model} wide label={t("chooseAnother")} />
      <SecondaryAction wide icon="camera" onClick={() => void model.open()}>
        {t("shutter")}
      </SecondaryAction>
    </div>
  );
}
