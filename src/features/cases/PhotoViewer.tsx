import { useEffect, useRef } from "react";
import { Film, TextAction } from "../../ui/index.ts";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase } from "./case-view.ts";
import { SideMark } from "./PhotoFigure.tsx";
import { PhotoStage } from "./PhotoStage.tsx";
import styles from "./photo-viewer.module.css";
import { useWords } from "./use-words.ts";
import { pictureInWords } from "./words.ts";

type Props = {
  readonly model: CaseModel;
  readonly view: OpenCase;
  readonly photoKey: string;
  readonly onMove: (key: string) => void;
  readonly onClose: () => void;
};

/** One photo over the whole window: pinch, wheel, drag or keys; the interface keeps to the edges. */
export function PhotoViewer({ model, view, photoKey, onMove, onClose }: Props) {
  const words = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  const index = view.photos.findIndex((each) => each.key === photoKey);
  const photo = view.photos[index];
  const [previous, next] = [view.photos[index - 1], view.photos[index + 1]];
  useEffect(() => {
    dialog.current?.showModal();
    model.showPicture(photoKey);
  }, [model, photoKey]);

  // The photo may go while it is looked at: the frame stays and says so.
  const what = photo === undefined ? "" : pictureInWords(words, photo.photo);
  const gone = photo === undefined || photo.withdrawn;
  const shown = !gone && photo.picture?.step === "shown" ? photo.picture : null;
  return (
    <dialog
      ref={dialog}
      className={`night ${styles.viewer}`}
      aria-label={words.t("viewer.title", { what })}
      onClose={onClose}
    >
      <header className={styles.bar}>
        <span className={styles.what}>
          {photo !== undefined && <SideMark photo={photo} />} {what}
        </span>
        <TextAction icon="close" onClick={() => dialog.current?.close()}>
          {words.t("viewer.close")}
        </TextAction>
      </header>
      {gone || shown === null ? (
        <p className={styles.stage} role="status">
          {words.t(gone ? "photo.withdrawnViewer" : "photo.loading")}
        </p>
      ) : photo.photo.clip !== undefined && shown.rendition === "full" ? (
        <div className={styles.stage}>
          <Film url={shown.url} label={what} onShown={() => model.pictureOnScreen(photo.eventId)} />
        </div>
      ) : (
        <PhotoStage
          key={photoKey}
          url={shown.url}
          alt={what}
          picture={{ width: photo.photo.widthPx, height: photo.photo.heightPx }}
          onFullScreen={() => void toggleFullScreen(dialog.current)}
        />
      )}
      {(previous !== undefined || next !== undefined) && (
        <nav className={styles.bar} aria-label={words.t("photo.list")}>
          {previous !== undefined && (
            <TextAction icon="back" onClick={() => onMove(previous.key)}>
              {words.t("viewer.previous")}
            </TextAction>
          )}
          {next !== undefined && (
            <TextAction icon="next" onClick={() => onMove(next.key)}>
              {words.t("viewer.next")}
            </TextAction>
          )}
        </nav>
      )}
    </dialog>
  );
}

async function toggleFullScreen(element: HTMLElement | null): Promise<void> {
  // A phone that knows no full screen shows the picture over the whole window already.
  await (document.fullscreenElement === null
    ? element?.requestFullscreen?.()
    : document.exitFullscreen()
  )?.catch(() => {});
}
