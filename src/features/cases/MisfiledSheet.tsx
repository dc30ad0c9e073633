import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ErrorCode } from "#protocol/errors.ts";
import { maxMisfiledReason, minMisfiledReason } from "#protocol/misfiling.ts";
import { PrimaryAction, SecondaryAction, Sheet, TextArea } from "../../ui/index.ts";
import styles from "./case.module.css";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase } from "./case-view.ts";
import { useWords } from "./use-words.ts";
import { personName } from "./worklist.ts";

type Props = { readonly model: CaseModel; readonly view: OpenCase; readonly onClose: () => void };
type Step =
  | { readonly at: "asking" | "telling" }
  | { readonly at: "failed"; readonly error: ErrorCode | "storage-full" };

/** The case was opened for the wrong patient: what will happen to what was filed, who is told, and why; it is signed and stays. */
export function MisfiledSheet({ model, view, onClose }: Props) {
  const { t } = useWords();
  const { t: error } = useTranslation("errors");
  const [reason, setReason] = useState("");
  const [step, setStep] = useState<Step>({ at: "asking" });
  const { family, given } = view.request.patient;
  const short = reason.trim().length < minMisfiledReason;
  const tell = async () => {
    setStep({ at: "telling" });
    const answer = await model.sayMisfiled(reason.trim());
    if (answer.ok) onClose();
    else setStep({ at: "failed", error: answer.error });
  };
  return (
    <Sheet
      open
      title={t("misfiled.sheet", { name: `${given} ${family}` })}
      onClose={onClose}
      foot={
        <div className={styles.pair}>
          <PrimaryAction
            tall
            busy={step.at === "telling"}
            heldBy={short ? t("misfiled.hold") : null}
            onClick={() => void tell()}
          >
            {t("misfiled.confirm")}
          </PrimaryAction>
          <SecondaryAction wide onClick={onClose}>
            {t("misfiled.keep")}
          </SecondaryAction>
        </div>
      }
    >
      <div className={styles.sheetForm}>
        <ul className={styles.consequences}>
          <li>{t("misfiled.record")}</li>
          <li>{t("misfiled.next")}</li>
          <li>
            {t("misfiled.tells", {
              who: view.people
                .filter(({ userId }) => userId !== view.me)
                .map(({ userId }) => personName(userId, view.directory, "full"))
                .join(", "),
            })}
          </li>
          <li>{t("misfiled.consent")}</li>
        </ul>
        <TextArea
          label={t("misfiled.reason")}
          hint={t("misfiled.reasonHint")}
          rows={2}
          maxLength={maxMisfiledReason}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
        <p>
          <strong>{t("misfiled.final")}</strong>
        </p>
        {step.at === "failed" && <p role="alert">{error(step.error)}</p>}
      </div>
    </Sheet>
  );
}
