import { useTranslation } from "react-i18next";
import { Banner, TextAction } from "../../ui/index.ts";
import styles from "./call.module.css";
import type { CallModel, OpenCall } from "./call-model.ts";

/** What is wrong, one thing at a time, the worst first: what it means, and what to do. */
export function CallTrouble({ model, call }: { readonly model: CallModel; readonly call: OpenCall }) {
  const { t } = useTranslation("call");
  const { me } = call;
  const refused = call.tiles.find((each) => each.alarm);
  const weak = call.tiles.find((each) => each.weak);
  const [phone] = call.phones;
  const byPhone =
    phone === undefined ? null : (
      <a href={`tel:${phone.phone.replace(/[^\d+]/g, "")}`}>
        {t("trouble.phone", { who: phone.name, phone: phone.phone.replace(/\s/g, "\u00a0") })}
      </a>
    );
  if (refused !== undefined) return <Banner>{t("trouble.refused", { who: refused.name })}</Banner>;
  if (call.step === "reconnecting") return <Banner action={byPhone}>{t("trouble.reconnecting")}</Banner>;
  if (me.held) return <Banner>{t("trouble.held")}</Banner>;
  if (call.soundBlocked)
    return (
      <Banner
        action={
          <TextAction tone="link" onClick={model.startSound}>
            {t("trouble.startSound")}
          </TextAction>
        }
      >
        {t("trouble.noSound")}
      </Banner>
    );
  if (me.microphoneFault !== null)
    return <Banner action={byPhone}>{t(`trouble.microphone.${me.microphoneFault}`)}</Banner>;
  if (me.cameraFault !== null) return <Banner>{t(`trouble.camera.${me.cameraFault}`)}</Banner>;
  if (me.weak) return <Banner action={byPhone}>{t("trouble.weak")}</Banner>;
  if (weak !== undefined)
    return (
      <p className={styles.quiet} role="status">
        {t("trouble.weakOther", { who: weak.name })}
      </p>
    );
  return null;
}
