import { useEffect, useRef, useState } from "react";
import { siteInWords } from "#protocol/body-sites.ts";
import { SideMark as Mark, TextAction, Thread } from "../../ui/index.ts";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase, PhotoView } from "./case-view.ts";
import { OnMat } from "./OnMat.tsx";
import styles from "./photos.module.css";
import type { KnotName } from "./thread.ts";
import { useWords } from "./use-words.ts";
import { knotsInWords, longMoment, pictureInWords, secondsOf } from "./words.ts";
import { personName } from "./worklist.ts";

type Props = {
  readonly model: CaseModel;
  readonly view: OpenCase;
  readonly photo: PhotoView;
  readonly onOpen: () => void;
  readonly onProof: (knot: KnotName) => void;
  /** Knot to knot, in pixels. */
  readonly pitch: number;
};

/** One photo on its mat, with its thread beside it and its words under it. */
export function PhotoFigure({ model, view, photo, onOpen, onProof, pitch }: Props) {
  const words = useWords();
  const what = pictureInWords(words, photo.photo);
  const figure = useRef<HTMLElement>(null);
  const inView = useInView(figure);
  const { key, whole } = photo;
  const isClip = photo.photo.clip !== undefined;
  useEffect(() => {
    // A clip waits until somebody wants to see it move.
    if (inView && whole && !isClip) model.showPicture(key);
    else if (inView) model.previewPicture(key);
  }, [inView, model, key, whole, isClip]);

  return (
    <figure ref={figure} className={styles.figure} aria-label={what}>
      <div className={styles.mat}>
        <OnMat model={model} view={view} photo={photo} what={what} onOpen={onOpen} />
      </div>
      <div className={styles.thread}>
        <Thread
          direction="vertical"
          size="photo"
          entersFrom={24}
          pitch={pitch}
          label={words.t("knots.label", { steps: what })}
          knots={photoKnots(words, photo, view).map((knot) => ({ ...knot, onOpen: () => onProof(knot.key) }))}
        />
      </div>
      <figcaption className={styles.caption}>
        <SideMark photo={photo} />
        <span>
          <strong>
            {photo.photo.clip !== undefined &&
              `${words.t("clip.length", { seconds: secondsOf(photo.photo.clip) })} · `}
            {words.t(`photo.view.${photo.photo.view}`)}
          </strong>
          {` · ${siteInWords(photo.photo.site, words.language)}`}
          <span className={styles.taken}>
            {words.t("photo.takenBy", {
              date: longMoment(words, Date.parse(photo.photo.receipt.payload.takenAt)),
              who: personName(photo.sender, view.directory),
            })}
          </span>
          {!whole && (
            <span className={styles.taken} role="status">
              {words.t(isClip ? "clip.wholeArriving" : "photo.wholeArriving")}
            </span>
          )}
        </span>
        {photo.picture?.step === "shown" && !isClip && (
          <TextAction icon="zoom-in" onClick={onOpen} aria-label={words.t("photo.openFull", { what })}>
            {words.t("photo.zoom")}
          </TextAction>
        )}
      </figcaption>
    </figure>
  );
}

/** The knots of a photo, saying who and how beside the time. */
function photoKnots(words: ReturnType<typeof useWords>, photo: PhotoView, view: OpenCase) {
  const method = photo.consent?.method;
  return knotsInWords(words, photo.thread, view.nowMs, {
    consented: (time) =>
      method === "oral-witnessed"
        ? words.t("knots.oral", { time })
        : method === "signed-on-screen"
          ? words.t("knots.signed", { time })
          : time,
    seen: (time) => (photo.reader?.userId === view.me ? words.t("knots.byYou", { time }) : time),
    filed: (time) => words.t("knots.reread", { time }),
  });
}

/** A radiographer's mark: the patient's own side, beside the words. */
export function SideMark({ photo }: { photo: PhotoView }) {
  const { t } = useWords();
  const side = photo.photo.site.laterality;
  if (side !== "L" && side !== "R") return null;
  return <Mark letter={t(`photo.mark.${side}`)} label={t(`photo.side.${side}`)} />;
}

/** Whether half of it is on screen: a picture below the fold is not fetched, nor said to be seen. */
function useInView(ref: { readonly current: HTMLElement | null }): boolean {
  const [inView, setInView] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const observer = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) setInView(true);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return inView;
}
