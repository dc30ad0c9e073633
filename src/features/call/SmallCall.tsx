import { useTranslation } from "react-i18next";
import { TextAction } from "../../ui/index.ts";
import styles from "./call.module.css";
import { type CallModel, type OpenCall, tileKey } from "./call-model.ts";
import { TilePicture } from "./TilePicture.tsx";
import { timeInWords, useCallWords } from "./use-call-words.ts";

type Props = {
  readonly model: CallModel;
  readonly call: OpenCall;
  /** With the picture, or as a line of words. */
  readonly picture: boolean;
  readonly onOpen: () => void;
};

/** The call in a corner, over whatever is read meanwhile. */
export function SmallCall({ model, call, picture, onOpen }: Props) {
  const { t } = useTranslation("call");
  const { step } = useCallWords();
  const main = call.tiles.find((each) => tileKey(each) === call.main);
  return (
    <section className={styles.small} aria-label={t("title")}>
      {picture && main !== undefined && main.picture !== "off" && (
        <TilePicture model={model} tile={main} large key={tileKey(main)} />
      )}
      <div className={styles.smallFoot}>
        <p>
          <strong>{main?.name ?? call.rung[0]?.name ?? t("title")}</strong>
          <br />
          {call.step === "live" ? timeInWords(call.seconds) : step(call)}
        </p>
        <TextAction tone="link" onClick={onOpen}>
          {t("small.open")}
        </TextAction>
        <TextAction
          icon={call.me.microphone ? "mic" : "mic-off"}
          aria-pressed={!call.me.microphone}
          onClick={() => model.setMicrophone(!call.me.microphone)}
        >
          {t(call.me.microphone ? "controls.mute" : "controls.unmute")}
        </TextAction>
        <TextAction icon="hang-up" tone="danger" onClick={model.hangUp}>
          {t("controls.hangUp")}
        </TextAction>
      </div>
    </section>
  );
}
