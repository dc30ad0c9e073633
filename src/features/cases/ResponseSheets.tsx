import { type ReactNode, type SyntheticEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Response } from "#protocol/events.ts";
import { PrimaryAction, SecondaryAction, Sheet, TextArea } from "../../ui/index.ts";
import styles from "./case.module.css";
import type { CaseModel } from "./case-model.ts";
import { useWords } from "./use-words.ts";

type Props = { readonly model: CaseModel; readonly open: boolean; readonly onClose: () => void };

/** Declining needs a reason, which the requester reads. Three usual ones are a press away. */
export function DeclineSheet({ model, open, onClose }: Props) {
  const { t } = useWords();
  const [text, setText] = useState("");
  return (
    <WritingSheet
      model={model}
      open={open}
      onClose={onClose}
      words="decline"
      label={t("decline.reason")}
      text={text}
      onText={setText}
      response={(reason) => ({ kind: "declined", reason })}
    >
      <p>{t("decline.text")}</p>
      <div className={styles.reasons}>
        {["unavailable", "not-mine", "in-person"].map((each) => (
          <SecondaryAction key={each} wide onClick={() => setText(t(`decline.reasons.${each}`))}>
            {t(`decline.reasons.${each}`)}
          </SecondaryAction>
        ))}
      </div>
    </WritingSheet>
  );
}

/** What the expert lacks, asked of the requester: the turn goes back to them. */
export function MoreSheet({ model, open, onClose }: Props) {
  const { t } = useWords();
  const [text, setText] = useState("");
  return (
    <WritingSheet
      model={model}
      open={open}
      onClose={onClose}
      words="more"
      label={t("more.question")}
      text={text}
      onText={setText}
      response={(question) => ({ kind: "more-asked", question })}
    />
  );
}

type WritingProps = Props & {
  readonly words: "decline" | "more";
  readonly label: string;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly response: (text: string) => Response;
  readonly children?: ReactNode;
};

function WritingSheet({
  model,
  open,
  onClose,
  words,
  label,
  text,
  onText,
  response,
  children,
}: WritingProps) {
  const { t } = useWords();
  const { t: error } = useTranslation("errors");
  const [problem, setProblem] = useState<"missing" | "storage-full" | null>(null);
  const form = useId();
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (text.trim() === "") return setProblem("missing");
    const answer = await model.respond(response(text.trim()));
    if (answer === "storage-full") return setProblem("storage-full");
    setProblem(null);
    onText("");
    onClose();
  };
  return (
    <Sheet
      open={open}
      title={t(`${words}.title`)}
      onClose={onClose}
      foot={
        <div className={styles.pair}>
          <PrimaryAction type="submit" form={form}>
            {t(`${words}.confirm`)}
          </PrimaryAction>
          <SecondaryAction wide onClick={onClose}>
            {t(`${words}.cancel`)}
          </SecondaryAction>
        </div>
      }
    >
      <form id={form} className={styles.sheetForm} onSubmit={(event) => void submit(event)}>
        {children}
        <TextArea
          label={label}
          rows={3}
          maxLength={1000}
          value={text}
          onChange={(event) => onText(event.target.value)}
          error={
            problem === "missing"
              ? t(`${words}.missing`)
              : problem === "storage-full"
                ? error("storage-full")
                : undefined
          }
        />
      </form>
    </Sheet>
  );
}
