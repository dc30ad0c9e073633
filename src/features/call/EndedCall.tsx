import { useTranslation } from "react-i18next";
import { PrimaryAction, SecondaryAction, TextLink } from "../../ui/index.ts";
import { useArrivalFocus } from "./arrival.ts";
import styles from "./call.module.css";
import type { CallModel, CallView } from "./call-model.ts";

type Props = { readonly model: CallModel; readonly ended: NonNullable<CallView["ended"]> };

/** Why it is over, and what to do now. */
export function EndedCall({ model, ended }: Props) {
  const { t } = useTranslation("call");
  const { t: error } = useTranslation("errors");
  const heading = useArrivalFocus<HTMLHeadingElement>();
  const { ending, by, phone } = ended;
  const mayTryAgain = ["busy", "no-answer", "unreachable"].includes(ending.why);
  return (
    <section className={styles.incoming} role="dialog" aria-modal="false" aria-labelledby="ended-call">
      <div className={styles.incomingWords}>
        <h1 id="ended-call" ref={heading} tabIndex={-1} className={styles.callHeadline}>
          {t(`ended.${ending.why}`, { who: by })}
        </h1>
        {"code" in ending && <p className={styles.quiet}>{error(ending.code)}</p>}
        {ending.why === "all-left" && <p className={styles.quiet}>{t("nothingWasKept")}</p>}
        {phone !== null && ending.why !== "all-left" && (
          <TextLink icon="phone" href={`tel:${phone.replace(/[^\d+]/g, "")}`}>
            {t("trouble.phone", { who: by, phone: phone.replace(/\s/g, "\u00a0") })}
          </TextLink>
        )}
      </div>
      <div className={styles.incomingActions}>
        {mayTryAgain && (
          <PrimaryAction tall onClick={model.again}>
            {t("ended.again")}
          </PrimaryAction>
        )}
        <SecondaryAction wide onClick={model.dismiss}>
          {t("ended.close")}
        </SecondaryAction>
      </div>
    </section>
  );
}
