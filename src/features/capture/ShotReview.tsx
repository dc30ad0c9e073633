import { useTranslation } from "react-i18next";
import type { ClipFacts } from "#protocol/events.ts";
import { PrimaryAction, SecondaryAction } from "../../ui/index.ts";
import { ClipFilm } from "./ClipFilm.tsx";
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
  const { ahead, source, clip, picture } = state.shot;
  if (clip !== null)
    return (
      <>
        <div className={styles.mat}>
          {picture !== null && <ClipFilm bytes={picture.jpeg} clip={clip} label={t("clip.taken")} />}
        </div>
        <ViewStrip model={model} />
        <div className={styles.controls}>
          <p role="status" className={styles.verdict}>
            <strong className={styles.word}>
              {picture === null ? t("preparing") : t("clip.length", { count: secondsOf(clip) })}
            </strong>
            {picture !== null && <span className={styles.quiet}>{t("clip.review")}</span>}
          </p>
          <PrimaryAction busy={picture === null} onClick={model.keep}>
            {t("clip.keep")}
          </PrimaryAction>
          <SecondaryAction wide icon="film" onClick={() => void model.retake()}>
            {t("retake")}
          </SecondaryAction>
        </div>
      </>
    );
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

const secondsOf = ({ durationMs }: ClipFacts): number => Math.max(1, Math.round(durationMs / 1000));
