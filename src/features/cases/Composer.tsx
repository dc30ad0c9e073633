import { type KeyboardEvent, type SyntheticEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { SecondaryAction, TextArea } from "../../ui/index.ts";
import styles from "./case.module.css";
import type { CaseModel } from "./case-model.ts";
import { useWords } from "./use-words.ts";

type Props = { readonly model: CaseModel; readonly label: string };

/** A message: kept on this device at once, sent when there is a network. Ctrl + Enter sends. */
export function Composer({ model, label }: Props) {
  const { t } = useWords();
  const { t: error } = useTranslation("errors");
  const [text, setText] = useState("");
  const [full, setFull] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  const send = async (event: SyntheticEvent) => {
    event.preventDefault();
    const said = text.trim();
    if (said === "") return;
    const answer = await model.sendMessage(said);
    setFull(answer === "storage-full");
    if (answer !== "sent") return;
    setText("");
    // What was just said is above: the field stays where the thumb is.
    requestAnimationFrame(() => form.current?.scrollIntoView({ block: "nearest" }));
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.current?.requestSubmit();
  };

  return (
    <form ref={form} className={styles.composer} onSubmit={(event) => void send(event)}>
      <TextArea
        label={label}
        name="message"
        rows={2}
        maxLength={8000}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={keys}
        error={full ? error("storage-full") : undefined}
      />
      <SecondaryAction type="submit" icon="send">
        {t("bar.send")}
      </SecondaryAction>
    </form>
  );
}
