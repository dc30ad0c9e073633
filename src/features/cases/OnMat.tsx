import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Film, Icon } from "../../ui/index.ts";
import { ConsentEnded } from "./ConsentEnded.tsx";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase, PhotoView } from "./case-view.ts";
import { EmergencyHere } from "./EmergencyHere.tsx";
import styles from "./photos.module.css";
import { useWords } from "./use-words.ts";
import { personName } from "./worklist.ts";

type Props = {
  readonly model: CaseModel;
  readonly view: OpenCase;
  readonly photo: PhotoView;
  readonly what: string;
  readonly onOpen: () => void;
};

/** The picture, or in its place what happened to it. */
export function OnMat({ model, view, photo, what, onOpen }: Props) {
  const { t } = useWords();
  const { picture, eventId } = photo;
  if (photo.withdrawn || picture?.step === "refused")
    return <NotShown model={model} view={view} photo={photo} />;
  if (picture?.step !== "shown") return <p className={styles.onMat}>{t("photo.loading")}</p>;
  if (photo.photo.clip !== undefined) return <ClipOnMat model={model} photo={photo} what={what} />;
  return (
    <button
      type="button"
      className={styles.picture}
      onClick={onOpen}
      aria-label={t("photo.openFull", { what })}
    >
      <img
        src={picture.url}
        alt={what}
        width={photo.photo.widthPx}
        height={photo.photo.heightPx}
        onLoad={() => model.pictureOnScreen(eventId)}
      />
    </button>
  );
}

/** Its first frame until somebody presses "play": only then is the clip fetched, and seen. */
function ClipOnMat({ model, photo, what }: Pick<Props, "model" | "photo" | "what">) {
  const { t } = useWords();
  const [asked, setAsked] = useState(false);
  const [failed, setFailed] = useState(false);
  const { picture, eventId, key, whole } = photo;
  if (picture?.step !== "shown") return null;
  if (failed)
    return (
      <div className={styles.onMat} role="status">
        <strong>{t("clip.notPlayable")}</strong>
        <p>{t("clip.notPlayableText")}</p>
      </div>
    );
  if (picture.rendition === "full")
    return (
      <Film
        url={picture.url}
        label={what}
        plays={asked}
        onShown={() => model.pictureOnScreen(eventId)}
        onFailed={() => setFailed(true)}
      />
    );
  return (
    <button
      type="button"
      className={styles.picture}
      disabled={!whole}
      aria-label={t("clip.play", { what })}
      aria-busy={asked}
      onClick={() => {
        setAsked(true);
        model.showPicture(key);
      }}
    >
      <img src={picture.url} alt={what} width={photo.photo.widthPx} height={photo.photo.heightPx} />
      <span className={styles.play} aria-hidden="true">
        <Icon name={asked ? "retry" : "play"} />
        {t(asked ? "clip.loading" : "clip.playWord")}
      </span>
    </button>
  );
}

/** In the picture's place: what happened, and the one next step. */
function NotShown({ model, view, photo }: Pick<Props, "model" | "view" | "photo">) {
  const { t } = useWords();
  const { t: error } = useTranslation("errors");
  const refusal = photo.picture?.step === "refused" ? photo.picture.refusal : null;
  if (photo.withdrawn || refusal?.kind === "withdrawn" || refusal === null)
    return (
      <div className={styles.onMat} role="status">
        <strong>{t("photo.withdrawnTitle")}</strong>
        <p>{t("photo.withdrawnText")}</p>
        <p>{t("photo.withdrawnNext", { who: personName(photo.sender, view.directory) })}</p>
      </div>
    );
  if (refusal.kind === "arriving")
    return (
      <div className={styles.onMat} role="status">
        <strong>{t("photo.arrivingTitle")}</strong>
        <p>{error("arriving")}</p>
      </div>
    );
  const code = refusal.kind === "refused" ? refusal.reason : refusal.code;
  return (
    <div className={styles.onMat} role="status">
      <strong>{t(refusal.kind === "refused" ? "photo.refusedTitle" : "photo.unavailableTitle")}</strong>
      <p>{error(code)}</p>
      <ConsentEnded model={model} view={view} reason={code} />
      {refusal.kind === "unavailable" && refusal.onDevice === true && (
        <EmergencyHere model={model} view={view} />
      )}
      {refusal.kind === "unavailable" && (
        <button type="button" className={styles.onMatAction} onClick={() => model.retryPicture(photo.key)}>
          {t("photo.retry")}
        </button>
      )}
    </div>
  );
}
