import { useCallback, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { maxClipSeconds } from "#protocol/events.ts";
import { TextAction } from "../../ui/index.ts";
import type { CaptureModel, CaptureState } from "./capture-model.ts";
import { FileButton } from "./FileButton.tsx";
import styles from "./Framing.module.css";
import { ViewStrip } from "./ViewStrip.tsx";

type Props = {
  readonly model: CaptureModel;
  readonly state: Extract<CaptureState, { step: "framing" | "filming" }>;
};

/** What the camera sees, whole; the shutter is the thread's next loop, under the thumb. */
export function Framing({ model, state }: Props) {
  const { t } = useTranslation("capture");
  const { session } = state;
  const attach = useCallback(
    (video: HTMLVideoElement | null) => {
      if (video !== null) session.attach(video);
    },
    [session],
  );
  return (
    <>
      <div className={styles.mat}>
        <video ref={attach} className={styles.video} autoPlay muted playsInline aria-label={t("live")} />
      </div>
      {state.step === "framing" ? (
        <Shooting model={model} state={state} />
      ) : (
        <Filming model={model} seconds={state.seconds} />
      )}
    </>
  );
}

type ShootingProps = {
  readonly model: CaptureModel;
  readonly state: Extract<CaptureState, { step: "framing" }>;
};

function Shooting({ model, state }: ShootingProps) {
  const { t } = useTranslation("capture");
  const { session, live, lamp } = state;
  return (
    <>
      <ViewStrip model={model} />
      <div className={styles.controls}>
        <div className={styles.beside}>
          <p className={styles.verdict} role="status">
            {live !== null && (
              <>
                <strong className={styles.word}>{t(`verdict.${live}`)}</strong>
                <span className={styles.quiet}>{t(`framing.${live}`)}</span>
              </>
            )}
          </p>
          {session.films && (
            <TextAction icon="film" onClick={() => void model.film()}>
              {t("clip.film")}
            </TextAction>
          )}
        </div>
        <button
          type="button"
          className={styles.shutter}
          aria-label={t("shutter")}
          onClick={() => void model.shoot()}
        >
          <span className={styles.disc} aria-hidden="true" />
        </button>
        <div className={styles.tools}>
          {lamp !== "none" && (
            <TextAction
              icon="torch"
              aria-pressed={lamp === "on"}
              onClick={() => void model.setLamp(lamp === "off")}
            >
              {t(lamp === "on" ? "torchOff" : "torch")}
            </TextAction>
          )}
          <FileButton model={model} />
        </div>
        <ShutterThread />
        <p className={styles.before} aria-hidden="true">
          {t("consented")}
        </p>
        <p className={styles.verb} aria-hidden="true">
          {t("shutter")}
        </p>
      </div>
    </>
  );
}

/** It films: how long, and the one thing to do. */
function Filming({ model, seconds }: { readonly model: CaptureModel; readonly seconds: number }) {
  const { t } = useTranslation("capture");
  const stop = useRef<HTMLButtonElement>(null);
  // The button that began it is gone; whoever uses the keyboard stops with the same key.
  useEffect(() => stop.current?.focus(), []);
  return (
    <div className={styles.controls}>
      <p className={styles.verdict}>
        <strong className={styles.word} role="timer">
          {t("clip.running", { seconds, most: maxClipSeconds })}
        </strong>
        <span className={styles.quiet}>{t("clip.silent")}</span>
      </p>
      <button
        ref={stop}
        type="button"
        className={styles.shutter}
        aria-label={t("clip.stop")}
        onClick={model.stopFilm}
      >
        <span className={styles.square} aria-hidden="true" />
      </button>
      <span />
      <ShutterThread />
      <p className={styles.before} aria-hidden="true">
        {t("consented")}
      </p>
      <p className={styles.verb} aria-hidden="true">
        {t("clip.stop")}
      </p>
    </div>
  );
}

/** The line comes in with the knot of the consent, makes one loop round the shutter, and goes on in dots. */
function ShutterThread() {
  return (
    <div className={styles.thread} aria-hidden="true">
      <div className={styles.tied}>
        <svg
          width="60"
          height="26"
          viewBox="0 0 60 26"
          className={styles.knot}
          aria-hidden="true"
          focusable="false"
        >
          <path d="M0 22H28.600C36.600 22 42.600 19.600 42.600 14.800C42.600 11.600 40.300 9.700 37.400 9.700C34.500 9.700 32.200 11.600 32.200 14.800C32.200 19.600 38.200 22 46.200 22H60" />
        </svg>
      </div>
      <svg
        width="160"
        height="116"
        viewBox="0 0 160 116"
        className={styles.loop}
        aria-hidden="true"
        focusable="false"
      >
        <path d="M0 112H7.400C73.400 112 122.900 92.200 122.900 52.600C122.900 26.200 103.760 10.360 80 10.360C56.240 10.360 37.100 26.200 37.100 52.600C37.100 92.200 86.600 112 152.600 112" />
      </svg>
      <div className={styles.toCome} />
    </div>
  );
}
