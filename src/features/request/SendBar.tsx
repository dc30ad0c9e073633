import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { ConfirmSheet, PrimaryAction } from "../../ui/index.ts";
import { spokenName } from "../patient/index.ts";
import { addresseeInWords, namesBehind } from "./addressee-words.ts";
import type { Hold, RequestModel } from "./request-model.ts";
import styles from "./SendBar.module.css";
import { useDirectory } from "./use-directory.ts";
import { useSay } from "./use-say.ts";

/** The one action, named by whom it goes to; held by a reason in words; confirmed where many will read. */
export function SendBar({ model, onHeld }: { model: RequestModel; onHeld: (hold: Hold) => void }) {
  const { t } = useTranslation("request");
  const say = useSay();
  const { t: error } = useTranslation("errors");
  const { t: ask } = useTranslation("request", { keyPrefix: "confirm" });
  const state = useStore(model.store);
  const directory = useDirectory(model);
  const config = useStore(model.config);
  const [confirming, setConfirming] = useState(false);
  const { draft, photos, step } = state;
  const hold = model.hold();
  const words = draft.addressee === null ? null : addresseeInWords(say, draft.addressee, directory);
  const verb = words === null ? t("sendBlank") : t("send", { to: words.to });
  const names =
    draft.addressee === null || directory === null
      ? []
      : namesBehind(draft.addressee, directory, model.requester);
  const send = () => {
    setConfirming(false);
    void model.send();
  };

  return (
    <>
      <footer className={styles.bar}>
        <div className={styles.inner}>
          {step.at === "refused" && (
            <p className={styles.refused} role="alert">
              <strong>{t("refused")}</strong> {error(step.reason)}
            </p>
          )}
          <PrimaryAction
            tall
            busy={step.at === "sending"}
            heldBy={hold === null ? null : t(`hold.${hold}`)}
            onHeld={() => hold !== null && onHeld(hold)}
            onClick={() => (draft.addressee?.kind === "person" ? send() : setConfirming(true))}
          >
            {step.at === "sending" ? t("sending") : verb}
          </PrimaryAction>
          {config.state === "loaded" && (
            <p className={styles.emergency}>
              {t("emergency")} <strong>{config.value.hospital.emergencyNumber}</strong>
            </p>
          )}
        </div>
      </footer>
      <ConfirmSheet
        open={confirming}
        title={ask("title", { to: words?.to ?? "" })}
        action={verb}
        onConfirm={send}
        onClose={() => setConfirming(false)}
      >
        <div className={styles.consequence}>
          <p>
            {ask("pool", {
              count: names.length,
              names: names.join(", "),
              patient: draft.patient === null ? "" : spokenName(draft.patient),
            })}
          </p>
          {photos.length > 0 && <p>{ask("photos", { count: photos.length })}</p>}
          <p>{ask("archivist")}</p>
        </div>
      </ConfirmSheet>
    </>
  );
}
