import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import type { Request } from "#protocol/events.ts";
import { type Clinician, fullName } from "#protocol/people.ts";
import { ConfirmSheet, PrimaryAction, TextAction } from "../../ui/index.ts";
import { spokenName } from "../patient/index.ts";
import type { Hold, OpinionModel } from "./opinion-model.ts";
import styles from "./SignBar.module.css";

type Props = {
  readonly model: OpinionModel;
  readonly request: Request;
  readonly requester: Clinician | undefined;
  readonly onLetter: () => void;
  readonly onHeld: (hold: Hold) => void;
};

/** Signing asks once more, and says what it does: it goes out, it closes the case, it enters the record, it stays. */
export function SignBar({ model, request, requester, onLetter, onHeld }: Props) {
  const { t } = useTranslation("opinion");
  const { t: error } = useTranslation("errors");
  const { step } = useStore(model.store);
  const [confirming, setConfirming] = useState(false);
  const hold = model.hold();
  const of = model.amends === null ? "" : "amend.";
  const count = model.pictures();
  const { patient } = request;
  const context = patient.sex === "female" || patient.sex === "male" ? patient.sex : "other";
  const reason =
    hold === null ? null : hold === "in-person" ? t("hold.in-person", { context }) : t(`hold.${hold}`);
  return (
    <>
      <footer className={styles.bar}>
        <div className={styles.inner}>
          {step.at === "failed" && (
            <p className={styles.failed} role="alert">
              <strong>{t("failed")}</strong> {error(step.error)}
            </p>
          )}
          <TextAction icon="letter" onClick={onLetter}>
            {t("preview")}
          </TextAction>
          <PrimaryAction
            tall
            busy={step.at === "signing"}
            heldBy={reason}
            onHeld={() => hold !== null && onHeld(hold)}
            onClick={() => setConfirming(true)}
          >
            {t(step.at === "writing" || step.at === "failed" ? `${of}sign` : step.at)}
          </PrimaryAction>
        </div>
      </footer>
      <ConfirmSheet
        open={confirming}
        title={t(`${of}confirm.title`)}
        action={t(`${of}confirm.sign`)}
        onClose={() => setConfirming(false)}
        onConfirm={() => {
          setConfirming(false);
          void model.give();
        }}
      >
        <div className={styles.consequence}>
          <p>
            {t(`${of}confirm.text`, {
              count,
              requester: requester === undefined ? "" : fullName(requester),
              patient: spokenName(patient),
            })}
          </p>
          <p>{t(`${of}confirm.immutable`)}</p>
        </div>
      </ConfirmSheet>
    </>
  );
}
