import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ErrorCode } from "#protocol/errors.ts";
import { type Opened, openedOf } from "./accesses.ts";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase, PhotoView } from "./case-view.ts";
import styles from "./proof-sheet.module.css";
import { useWords } from "./use-words.ts";
import { longMoment, type Words } from "./words.ts";
import { personName } from "./worklist.ts";

type Props = { readonly model: CaseModel; readonly view: OpenCase; readonly photo: PhotoView };
type Answer =
  | { readonly state: "asking" }
  | { readonly state: "there"; readonly opened: Opened }
  | { readonly state: "failed"; readonly error: ErrorCode };

/** Who opened the picture, as the server wrote it down: persons first, then what machines prepared. */
export function Accesses({ model, view, photo }: Props) {
  const words = useWords();
  const { t } = words;
  const { t: error } = useTranslation("errors");
  const [answer, setAnswer] = useState<Answer>({ state: "asking" });
  const { receiptIds } = photo;
  useEffect(() => {
    let left = false;
    void model.readAccesses().then((read) => {
      if (left) return;
      if (!read.ok) setAnswer({ state: "failed", error: read.error });
      else setAnswer({ state: "there", opened: openedOf(read.value, receiptIds) });
    });
    return () => {
      left = true;
    };
  }, [model, receiptIds]);
  if (answer.state === "asking") return <p role="status">{t("proof.accessesComing")}</p>;
  if (answer.state === "failed") return <p role="alert">{error(answer.error)}</p>;
  const { persons, machines } = answer.opened;
  return (
    <dl className={styles.facts}>
      <dt>{t("proof.persons")}</dt>
      {persons.length === 0 && <dd>{t("proof.seenNobody")}</dd>}
      {persons.map((each) => (
        <dd key={each.by}>{openedInWords(words, view, each)}</dd>
      ))}
      {machines.length > 0 && (
        <>
          <dt>{t("proof.machines")}</dt>
          {machines.map((each) => (
            <dd key={each.by}>
              {each.by === view.bot
                ? t("proof.byArchivist", { date: longMoment(words, each.firstMs) })
                : t("proof.byDevice", {
                    who: personName(each.by, view.directory, "full"),
                    date: longMoment(words, each.firstMs),
                  })}
            </dd>
          ))}
        </>
      )}
    </dl>
  );
}

function openedInWords(words: Words, view: OpenCase, each: Opened["persons"][number]): string {
  const who = personName(each.by, view.directory, "full");
  const first = longMoment(words, each.firstMs);
  return each.times === 1
    ? words.t("proof.openedOnce", { who, date: first })
    : words.t("proof.openedOften", {
        who,
        count: each.times,
        first,
        last: longMoment(words, each.lastMs),
      });
}
