import { useTranslation } from "react-i18next";
import { PrimaryAction, TextAction } from "../../ui/index.ts";
import styles from "./call.module.css";
import type { CallModel, OpenCall } from "./call-model.ts";

/** Microphone, camera, and the end, in the thumb's reach. */
export function CallControls({ model, call }: { readonly model: CallModel; readonly call: OpenCall }) {
  const { t } = useTranslation("call");
  const { me } = call;
  return (
    <div className={styles.controls}>
      {!me.camera && (
        <PrimaryAction tall onClick={() => model.setCamera(true)}>
          {t("controls.film")}
        </PrimaryAction>
      )}
      <div className={styles.controlRow}>
        <TextAction
          icon={me.microphone ? "mic" : "mic-off"}
          aria-pressed={!me.microphone}
          onClick={() => model.setMicrophone(!me.microphone)}
        >
          {t(me.microphone ? "controls.mute" : "controls.unmute")}
        </TextAction>
        {me.camera && (
          <>
            <TextAction icon="video" onClick={() => model.setCamera(false)}>
              {t("controls.stopFilming")}
            </TextAction>
            <TextAction icon="flip" onClick={model.turnCamera}>
              {t("controls.turn")}
            </TextAction>
          </>
        )}
        <TextAction icon="hang-up" tone="danger" onClick={model.hangUp}>
          {t("controls.hangUp")}
        </TextAction>
      </div>
    </div>
  );
}
