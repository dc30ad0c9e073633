import { useState } from "react";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase, PhotoView } from "./case-view.ts";
import { PendingPhotos } from "./PendingPhotos.tsx";
import { PhotoFigure, SideMark } from "./PhotoFigure.tsx";
import { PhotoViewer } from "./PhotoViewer.tsx";
import { ProofSheet } from "./ProofSheet.tsx";
import styles from "./photos.module.css";
import type { KnotName } from "./thread.ts";
import { useWords } from "./use-words.ts";
import { moment, pictureInWords } from "./words.ts";
import { personName } from "./worklist.ts";

type Props = { readonly model: CaseModel; readonly view: OpenCase; readonly wide: boolean };

/** Every photo of the case: one large and a strip on a desktop, one under the other on a phone. */
export function PhotosPane({ model, view, wide }: Props) {
  const { t } = useWords();
  const [picked, setPicked] = useState<string | null>(null);
  const [opened, setOpened] = useState<string | null>(null);
  const [proof, setProof] = useState<{ readonly key: string; readonly knot: KnotName } | null>(null);
  const { photos } = view;
  const shown = photos.find((photo) => photo.key === picked) ?? photos[0];
  const large = wide ? photos.filter((photo) => photo === shown) : photos;
  const proven = photos.find((photo) => photo.key === proof?.key);

  return (
    <section className={styles.pane} data-wide={wide ? "" : undefined} aria-label={t("case.picturesPane")}>
      {photos.length === 0 && view.pendingPhotos.length === 0 && view.takenBack === null && (
        <p className={styles.none}>{t("photo.none")}</p>
      )}
      <TakenBack view={view} />
      {large.map((photo) => (
        <PhotoFigure
          key={photo.key}
          model={model}
          view={view}
          photo={photo}
          pitch={wide ? 110 : 80}
          onOpen={() => setOpened(photo.key)}
          onProof={(knot) => setProof({ key: photo.key, knot })}
        />
      ))}
      {wide && photos.length > 1 && <Strip model={model} view={view} shown={shown} onPick={setPicked} />}
      <PendingPhotos model={model} items={view.pendingPhotos} />
      {opened !== null && (
        <PhotoViewer
          model={model}
          view={view}
          photoKey={opened}
          onMove={setOpened}
          onClose={() => setOpened(null)}
        />
      )}
      {proven !== undefined && proof !== null && (
        <ProofSheet
          model={model}
          view={view}
          photo={proven}
          knot={proof.knot}
          onClose={() => setProof(null)}
        />
      )}
    </section>
  );
}

/** Where photos were: what happened to them, what stays, and how the case goes on. */
function TakenBack({ view }: Pick<Props, "view">) {
  const words = useWords();
  const { t } = words;
  const { takenBack } = view;
  if (takenBack === null || takenBack.photos === 0) return null;
  const { photos, inRecord, reason } = takenBack;
  const who = personName(view.request.requester, view.directory);
  return (
    <div className={styles.mat}>
      <div className={styles.onMat} role="status">
        <strong>{t("takenBack.title", { count: photos })}</strong>
        <p>{t(`takenBack.${reason}`, { time: moment(words, takenBack.atMs, view.nowMs) })}</p>
        {inRecord > 0 && <p>{t("takenBack.inRecord", { count: inRecord })}</p>}
        {view.me !== view.request.requester && <p>{t("photo.withdrawnNext", { who })}</p>}
      </div>
    </div>
  );
}

type StripProps = Pick<Props, "model" | "view"> & {
  readonly shown: PhotoView | undefined;
  readonly onPick: (key: string) => void;
};

function Strip({ model, view, shown, onPick }: StripProps) {
  const words = useWords();
  return (
    <ul className={styles.strip} aria-label={words.t("photo.list")}>
      {view.photos.map((photo) => (
        <li key={photo.key}>
          <button
            type="button"
            className={styles.thumb}
            aria-pressed={photo === shown}
            aria-label={words.t("photo.pick", { what: pictureInWords(words, photo.photo) })}
            onClick={() => onPick(photo.key)}
            ref={(node) => {
              if (node !== null) model.thumbnail(photo.key);
            }}
          >
            <span className={styles.thumbMat}>
              {photo.picture?.step === "shown" &&
                !photo.withdrawn &&
                (photo.photo.clip !== undefined && photo.picture.rendition === "full" ? (
                  <video src={photo.picture.url} muted playsInline preload="metadata" tabIndex={-1} />
                ) : (
                  <img src={photo.picture.url} alt="" />
                ))}
            </span>
          </button>
          <p className={styles.thumbWords}>
            <SideMark photo={photo} /> <strong>{words.t(`photo.view.${photo.photo.view}`)}</strong>
          </p>
        </li>
      ))}
    </ul>
  );
}
