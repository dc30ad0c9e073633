import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { TextAction } from "../../ui/index.ts";
import type { CaseModel } from "./case-model.ts";
import type { PendingItem, PendingPhoto as Photo } from "./case-view.ts";
import styles from "./photos.module.css";
import { useWords } from "./use-words.ts";
import { pictureInWords } from "./words.ts";

type Props = { readonly model: CaseModel; readonly items: readonly PendingItem[] };

/** Photos that this device has not sent yet: seen by nobody else, and each says where it stands. */
export function PendingPhotos({ model, items }: Props) {
  if (items.length === 0) return null;
  return (
    <ul className={styles.pending}>
      {items.map((item) => (
        <li key={item.localId}>
          <PendingPhoto model={model} item={item} />
        </li>
      ))}
    </ul>
  );
}

function PendingPhoto({ model, item }: { model: CaseModel; item: PendingItem }) {
  const words = useWords();
  const { t: error } = useTranslation("errors");
  const url = usePicture(item.photo);
  const what = item.photo === null ? words.t("photo.view.other") : pictureInWords(words, item.photo);
  return (
    <figure className={styles.pendingFigure}>
      <span className={styles.thumbMat}>
        {url !== null &&
          (item.photo?.clip === undefined ? (
            <img src={url} alt={what} />
          ) : (
            <video src={url} muted playsInline preload="metadata" tabIndex={-1} aria-label={what} />
          ))}
      </span>
      <figcaption>
        <strong>{what}</strong>
        <p role="status" className={styles.taken}>
          {item.state === "sending" && item.progress !== null
            ? words.t("photo.sendingProgress", { percent: Math.round(item.progress * 100) })
            : words.t(`photo.${item.state}`)}
        </p>
        {item.error !== null && <p>{error(item.error)}</p>}
        {item.state === "failed" && (
          <>
            <TextAction onClick={() => model.retry(item.localId)}>{words.t("photo.retry")}</TextAction>
            <TextAction onClick={() => model.discard(item.localId)}>{words.t("photo.discard")}</TextAction>
          </>
        )}
      </figcaption>
    </figure>
  );
}

function usePicture(photo: Photo | null): string | null {
  const [url, setUrl] = useState<string | null>(null);
  const jpeg = photo?.jpeg ?? null;
  const type = photo?.clip?.type ?? "image/jpeg";
  useEffect(() => {
    if (jpeg === null) return;
    const made = URL.createObjectURL(new Blob([jpeg], { type }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [jpeg, type]);
  return url;
}
