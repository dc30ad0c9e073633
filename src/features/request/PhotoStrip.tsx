import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { siteInWords } from "#protocol/body-sites.ts";
import { ConfirmSheet, Icon, Sheet, TextAction } from "../../ui/index.ts";
import { JpegImage } from "../capture/index.ts";
import styles from "./PhotoStrip.module.css";
import type { RequestModel } from "./request-model.ts";

/** The photos of the draft on their mats, and the way to one more. */
export function PhotoStrip({ model, onCamera }: { model: RequestModel; onCamera: () => void }) {
  const { t, i18n } = useTranslation("request");
  const photos = useStore(model.store, (state) => state.photos);
  const [shown, setShown] = useState<string | null>(null);
  const [removing, setRemoving] = useState(false);
  const photo = photos.find((each) => each.photoId === shown);
  const language = i18n.language === "en" ? "en" : "fr";
  const name = (index: number) => {
    const each = photos[index];
    if (each === undefined) return "";
    return t("photos.open", {
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
            {t("photos.remove")}
          </TextAction>
        }
      >
        {photo !== undefined && (
          <div className={styles.large}>
            <JpegImage bytes={photo.preview.jpeg} alt={name(photos.indexOf(photo))} />
          </div>
        )}
      </Sheet>
      <ConfirmSheet
        open={removing}
        title={t("photos.removeTitle")}
        action={t("photos.remove")}
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
