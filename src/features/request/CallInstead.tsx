import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { TextAction, TextLink } from "../../ui/index.ts";
import { addresseeInWords } from "./addressee-words.ts";
import styles from "./CallInstead.module.css";
import { type RequestModel, specialtyOf } from "./request-model.ts";
import { useDirectory } from "./use-directory.ts";
import { useSay } from "./use-say.ts";

/** "Now" is a telephone call: a number, the emergency number, and no form to send. */
export function CallInstead({ model, onChange }: { model: RequestModel; onChange: () => void }) {
  const { t } = useTranslation("request");
  const say = useSay();
  const addressee = useStore(model.store, (state) => state.draft.addressee);
  const directory = useDirectory(model);
  const config = useStore(model.config);
  const value = config.state === "loaded" ? config.value : null;
  const emergency = value?.hospital.emergencyNumber ?? "15";
  const phone = phoneOf();

  function phoneOf(): string | undefined {
    if (addressee === null || directory === null) return undefined;
    const own =
      addressee.kind === "team"
        ? directory.teams.find((each) => each.id === addressee.teamId)?.phone
        : addressee.kind === "person"
          ? directory.clinicians.find((each) => each.userId === addressee.userId)?.phone
          : undefined;
    const specialty = specialtyOf(addressee, directory.clinicians, directory.teams);
    return own ?? (specialty === undefined ? undefined : value?.urgentPhones[specialty]);
  }

  return (
    <section className={styles.call} aria-labelledby="call-instead">
      <h2 id="call-instead" className={styles.title}>
        {t("call.title")}
      </h2>
      <p>{t("call.text")}</p>
      {phone !== undefined && addressee !== null ? (
        <a className={styles.number} href={`tel:${phone.replace(/[^\d+]/g, "")}`}>
          {t("call.number", {
            who: addresseeInWords(say, addressee, directory).name,
            phone: phone.replace(/\s/g, "\u00a0"),
          })}
        </a>
      ) : (
        <p className={styles.none}>{t(addressee === null ? "call.chooseFirst" : "call.noNumber")}</p>
      )}
      <p className={styles.emergency}>{t("call.emergency", { number: emergency })}</p>
      <div className={styles.actions}>
        <TextLink icon="phone" href={`tel:${emergency}`}>
          {t("call.emergencyCall", { number: emergency })}
        </TextLink>
        <TextAction tone="link" onClick={onChange}>
          {t("call.change")}
        </TextAction>
      </div>
    </section>
  );
}
