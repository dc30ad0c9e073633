import { useTranslation } from "react-i18next";
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
