import { useTranslation } from "react-i18next";
import { PrimaryAction, SecondaryAction } from "../../ui/index.ts";
import type { CaptureModel, CaptureState } from "./capture-model.ts";
import { FileButton } from "./FileButton.tsx";
import { JpegImage } from "./JpegImage.tsx";
import styles from "./ShotReview.module.css";
import { ViewStrip } from "./ViewStrip.tsx";

type Props = {
  readonly model: CaptureModel;
  readonly state: Extract<CaptureState, { step: "shot" }>;
};

/** The shot, whole, on its mat, with a verdict in a word: keep it, or take it again. */
export function ShotReview({ model, state }: Props) {
  const { t } = useTranslation("capture");
  const { ahead, source } = state.shot;
  return (
    <>
      <div className={styles.mat}>
        {ahead !== null && (
          <JpegImage bytes={ahead.preview.jpeg} alt={t("shot")} className={styles.picture} />
        )}
      </div>
      <ViewStrip model={model} />
      <div className={styles.controls}>
        <p role="status" className={styles.verdict}>
          <strong className={styles.word}>
            {ahead === null ? t("preparing") : t(`verdict.${ahead.verdict}`)}
          </strong>
          {ahead !== null && <span className={styles.quiet}>{t(`verdictHelp.${ahead.verdict}`)}</span>}
        </p>
        <PrimaryAction busy={ahead === null} onClick={model.keep}>
          {t("keep")}
        </PrimaryAction>
        {source === "camera" ? (
          <SecondaryAction wide icon="camera" onClick={() => void model.retake()}>
            {t("retake")}
          </SecondaryAction>
        ) : (
          <FileButton model={model} wide label={t("chooseAnother")} />
        )}
      </div>
    </>
  );
}
