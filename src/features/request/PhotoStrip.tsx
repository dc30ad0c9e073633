import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { siteInWords } from "#protocol/body-sites.ts";
import { ConfirmSheet, Icon, Sheet, TextAction } from "../../ui/index.ts";
import { ClipFilm, JpegImage } from "../capture/index.ts";
import styles from "./PhotoStrip.module.css";
import type { RequestModel } from "./request-model.ts";

/** The photos of the draft on their mats, and the way to one more. */
export function PhotoStrip({ model, onCamera }: { model: RequestModel; onCamera: () => void }) {
  const { t, i18n } = useTranslation("request");
  const photos = useStore(model.store, (state) => state.photos);
  const [shown, setShown] = useState<string | null>(null);
  const [removing, setRemoving] = useState(false);
  const photo = photos.find((each) => each.photoId === shown);
  const remove = photo?.clip === undefined ? "photos.remove" : "photos.removeClip";
  const language = i18n.language === "en" ? "en" : "fr";
  const name = (index: number) => {
    const each = photos[index];
    if (each === undefined) return "";
    return t(each.clip === undefined ? "photos.open" : "photos.openClip", {
      number: index + 1,
      view: t(`photos.view.${each.view}`),
      site: siteInWords(each.site, language),
    });
  };
  return (
    <>
      <ul className={styles.strip} aria-label={t("photos.label")}>
        {photos.map((each, index) => (
          <li key={each.photoId}>
            <button
              type="button"
              className={styles.mat}
              aria-label={name(index)}
              onClick={() => setShown(each.photoId)}
            >
              <JpegImage bytes={each.preview.jpeg} alt="" />
              {each.clip !== undefined && (
                <span className={styles.film}>
                  <Icon name="film" />
                </span>
              )}
            </button>
          </li>
        ))}
        <li>
          <button type="button" className={styles.add} aria-label={t("photos.addLabel")} onClick={onCamera}>
            <Icon name="camera" />
            <span>{t("photos.add")}</span>
          </button>
        </li>
      </ul>
      <Sheet
        open={photo !== undefined}
        title={
          photo === undefined ? "" : `${t(`photos.view.${photo.view}`)}, ${siteInWords(photo.site, language)}`
        }
        onClose={() => setShown(null)}
        foot={
          <TextAction tone="danger" onClick={() => setRemoving(true)}>
            {t(remove)}
          </TextAction>
        }
      >
        {photo !== undefined && (
          <div className={styles.large}>
            {photo.clip === undefined ? (
              <JpegImage bytes={photo.preview.jpeg} alt={name(photos.indexOf(photo))} />
            ) : (
              <ClipFilm bytes={photo.jpeg} clip={photo.clip} label={name(photos.indexOf(photo))} />
            )}
          </div>
        )}
      </Sheet>
      <ConfirmSheet
        open={removing}
        title={t(photo?.clip === undefined ? "photos.removeTitle" : "photos.removeClipTitle")}
        action={t(remove)}
        onClose={() => setRemoving(false)}
        onConfirm={() => {
          setRemoving(false);
          setShown(null);
          if (shown !== null) void model.removePhoto(shown);
        }}
      >
        <p>{t("photos.removeText")}</p>
      </ConfirmSheet>
    </>
  );
}
