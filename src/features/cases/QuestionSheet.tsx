import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ErrorCode } from "#protocol/errors.ts";
import { maxAmendReason, minAmendReason } from "#protocol/opinion.ts";
import { maxQuestion, type QuestionAmendment } from "#protocol/question.ts";
import { PrimaryAction, SecondaryAction, Segmented, Sheet, TextArea } from "../../ui/index.ts";
import styles from "./case.module.css";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase } from "./case-view.ts";
import { useWords } from "./use-words.ts";

type Props = { readonly model: CaseModel; readonly view: OpenCase; readonly onClose: () => void };
type Step =
  | { readonly at: "writing" | "signing" }
  | { readonly at: "failed"; readonly error: ErrorCode | "storage-full" };

/** Another version of one's own question, with what changes and why, signed. */
export function QuestionSheet({ model, view, onClose }: Props) {
  const { t } = useWords();
  const { t: error } = useTranslation("errors");
  // The version that was there when the sheet was opened: that one is amended.
  const [before] = useState({ eventId: view.question.eventId, question: view.request.question });
  const [question, setQuestion] = useState(before.question);
  const [how, setHow] = useState<QuestionAmendment["how"] | null>(null);
  const [reason, setReason] = useState("");
  const [step, setStep] = useState<Step>({ at: "writing" });
  const text = question.trim();
  const hold = heldBy({ isSame: text === "" || text === before.question, how, reason });
  const sign = async () => {
    if (how === null) return;
    setStep({ at: "signing" });
    const amends = { eventId: before.eventId };
    const answer = await model.amendQuestion({ amends, how, reason: reason.trim(), question: text });
    if (answer.ok) onClose();
    else setStep({ at: "failed", error: answer.error });
  };
  return (
    <Sheet
      open
      title={t("request.amending.title")}
      onClose={onClose}
      foot={
        <div className={styles.pair}>
          <PrimaryAction
            tall
            busy={step.at === "signing"}
            heldBy={hold === null ? null : t(`request.amending.${hold}`)}
            onClick={() => void sign()}
          >
            {t("request.amending.confirm")}
          </PrimaryAction>
          <SecondaryAction wide onClick={onClose}>
            {t("request.amending.cancel")}
          </SecondaryAction>
        </div>
      }
    >
      <div className={styles.sheetForm}>
        <p>{t("request.amending.text")}</p>
        <TextArea
          label={t("request.amending.question")}
          rows={3}
          maxLength={maxQuestion}
          value={question}
          onChange={(event) => setQuestion(event.target.value)}
        />
        <Segmented
          label={t("request.amending.how")}
          options={(["completed", "corrected"] as const).map((id) => ({
            id,
            label: t(`request.amending.${id}`),
          }))}
          chosen={how}
          onChoose={setHow}
        />
        <TextArea
          label={t("request.amending.reason")}
          hint={t("request.amending.reasonHint")}
          rows={2}
          maxLength={maxAmendReason}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
        {step.at === "failed" && <p role="alert">{error(step.error)}</p>}
      </div>
    </Sheet>
  );
}

function heldBy(said: { isSame: boolean; how: string | null; reason: string }) {
  if (said.isSame) return "unchanged";
  if (said.how === null) return "noHow";
  return said.reason.trim().length < minAmendReason ? "noReason" : null;
}
