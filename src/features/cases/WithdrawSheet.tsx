import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { ErrorCode } from "#protocol/errors.ts";
import type { Withdrawn } from "#protocol/events.ts";
import { PrimaryAction, SecondaryAction, Segmented, Sheet } from "../../ui/index.ts";
import styles from "./case.module.css";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase } from "./case-view.ts";
import { useWords } from "./use-words.ts";
import { caseAddress } from "./WorklistRow.tsx";

type Props = { readonly model: CaseModel; readonly view: OpenCase; readonly onClose: () => void };
type Step =
  | { readonly at: "asking" | "telling" }
  | { readonly at: "done"; readonly heard: boolean }
  | { readonly at: "failed"; readonly error: ErrorCode | "storage-full" };

/** On the patient's word, or because it was recorded in error: what will happen, what cannot be undone, and then that it happened. */
export function WithdrawSheet({ model, view, onClose }: Props) {
  const { t } = useWords();
  const { t: error } = useTranslation("errors");
  const [reason, setReason] = useState<Withdrawn["reason"]>("patient-asked");
  const [step, setStep] = useState<Step>({ at: "asking" });
  const [, go] = useLocation();
  const withdraw = async () => {
    setStep({ at: "telling" });
    const answer = await model.withdrawConsent(reason);
    setStep(answer.ok ? { at: "done", heard: answer.value.done } : { at: "failed", error: answer.error });
  };
  if (step.at === "done")
    return (
      <Sheet
        open
        title={t("withdraw.doneTitle")}
        onClose={onClose}
        foot={
          <div className={styles.pair}>
            <PrimaryAction onClick={onClose}>{t("withdraw.back")}</PrimaryAction>
            {reason === "collected-in-error" && (
              <SecondaryAction wide onClick={() => go(`${caseAddress(view.key)}/accord`)}>
                {t("withdraw.again")}
              </SecondaryAction>
            )}
          </div>
        }
      >
        <p role="status">{t(step.heard ? "withdraw.done" : "withdraw.later")}</p>
      </Sheet>
    );
  const filed = view.photos.filter((photo) => photo.filing?.state === "filed").length;
  return (
    <Sheet
      open
      title={t("withdraw.title")}
      onClose={onClose}
      foot={
        <div className={styles.pair}>
          <PrimaryAction tall busy={step.at === "telling"} onClick={() => void withdraw()}>
            {t(step.at === "telling" ? "withdraw.telling" : "withdraw.confirm")}
          </PrimaryAction>
          <SecondaryAction wide onClick={onClose}>
            {t("withdraw.keep")}
          </SecondaryAction>
        </div>
      }
    >
      <div className={styles.sheetForm}>
        <Segmented
          label={t("withdraw.why")}
          options={(["patient-asked", "collected-in-error"] as const).map((id) => ({
            id,
            label: t(`withdraw.reason.${id}`),
          }))}
          chosen={reason}
          onChoose={setReason}
        />
        <ul className={styles.consequences}>
          <li>{t("withdraw.photos", { count: view.photos.length })}</li>
          <li>{t("withdraw.next")}</li>
          <li>{filed > 0 ? t("withdraw.recordPhotos", { count: filed }) : t("withdraw.record")}</li>
          <li>{t("withdraw.seen")}</li>
        </ul>
        <p>
          <strong>{t("withdraw.final")}</strong>
        </p>
        {step.at === "failed" && (
          <p role="alert">
            <strong>{t("withdraw.failed")}</strong> {error(step.error)}
          </p>
        )}
      </div>
    </Sheet>
  );
}
