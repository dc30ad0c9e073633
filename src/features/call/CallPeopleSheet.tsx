import { useTranslation } from "react-i18next";
import { SecondaryAction, Sheet } from "../../ui/index.ts";
import styles from "./call.module.css";
import type { CallModel, OpenCall } from "./call-model.ts";

type Props = {
  readonly model: CallModel;
  readonly call: OpenCall;
  readonly open: boolean;
  readonly onClose: () => void;
};

/** Who is in the call, and who else of the case could be. */
export function CallPeopleSheet({ model, call, open, onClose }: Props) {
  const { t } = useTranslation("call");
  const there = call.tiles.filter((each) => each.what === "camera");
  return (
    <Sheet open={open} title={t("people.title")} onClose={onClose}>
      <ul className={styles.people}>
        <li>{t("people.you")}</li>
        {there.map((each) => (
          <li key={each.identity}>
            {each.name}
            {each.arriving && `, ${t("people.arriving")}`}
          </li>
        ))}
      </ul>
      {call.candidates.length > 0 && (
        <>
          <h3 className={styles.subtitle}>{t("people.others")}</h3>
          <ul className={styles.people}>
            {call.candidates.map(({ userId, name, ringing }) => (
              <li key={userId}>
                {ringing ? (
                  t("rung.ringing", { who: name })
                ) : (
                  <SecondaryAction icon="phone" wide onClick={() => model.ring(userId)}>
                    {t("people.ring", { who: name })}
                  </SecondaryAction>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
    </Sheet>
  );
}
