import { useState } from "react";
import { Link } from "wouter";
import { caseReference } from "#protocol/filing-desk.ts";
import { Sheet, TextAction } from "../../ui/index.ts";
import styles from "./archivist.module.css";
import type { OpenCase } from "./case-view.ts";
import { useWords } from "./use-words.ts";
import { caseAddress } from "./WorklistRow.tsx";
import { moment, type Words } from "./words.ts";
import { personName } from "./worklist.ts";

/** The archivist's word: what it did last. Its knot stands where others have a face; pressing its name says what it is. */
export function ArchivistLine({ view }: { view: OpenCase }) {
  const words = useWords();
  const { t } = words;
  const [asked, setAsked] = useState(false);
  const ref = caseReference(view.request.caseId);
  return (
    <section className={styles.archivist} aria-label={t("archivist.name")}>
      <span
        className={styles.knot}
        data-tied={view.archivist.state === "filed" ? "" : undefined}
        aria-hidden="true"
      />
      <div>
        <p role="status">
          <strong>{t("archivist.name")}</strong> {wordOf(words, view)}
        </p>
        {view.archivist.state === "parked" && <p>{t("archivist.ref", { ref })}</p>}
        {view.byHand.length > 0 && (
          <ul className={styles.byHand}>
            {view.byHand.map((each) => (
              <li key={each.eventId}>
                {t(`archivist.byHand.${each.how}`, {
                  what: t(`record:kind.${each.kind}`),
                  who: personName(each.by, view.directory, "full"),
                  time: moment(words, each.atMs, view.nowMs),
                  why: each.why,
                })}
              </li>
            ))}
          </ul>
        )}
        <div className={styles.actions}>
          <TextAction tone="link" onClick={() => setAsked(true)}>
            {t("archivist.what")}
          </TextAction>
          <Link href={`${caseAddress(view.key)}/dossier`} className={styles.link}>
            {t("archivist.record")}
          </Link>
        </div>
      </div>
      <Sheet open={asked} title={t("archivist.title")} onClose={() => setAsked(false)}>
        <div className={styles.about}>
          {["text1", "text2", "text3", "text4"].map((each) => (
            <p key={each}>{t(`archivist.${each}`)}</p>
          ))}
          <p>{t("archivist.ref", { ref })}</p>
        </div>
      </Sheet>
    </section>
  );
}

function wordOf(words: Words, view: OpenCase): string {
  const { t } = words;
  const word = view.archivist;
  const at = (ms: number) => ({ time: moment(words, ms, view.nowMs) });
  if (!view.archivistPresent) return t("archivist.absent");
  if (view.health?.parts.bot === "down" && word.state !== "filed") return t("archivist.down");
  switch (word.state) {
    case "nothing-yet":
      return t("archivist.nothing-yet");
    case "filed":
      return t(word.all ? "archivist.filedAll" : "archivist.filed", at(word.atMs));
    case "waiting":
      return t("archivist.waiting", at(word.sinceMs));
    default:
      return t(`archivist.${word.state}`, at(word.atMs));
  }
}
