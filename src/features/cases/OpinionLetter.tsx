import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { fullName } from "#protocol/people.ts";
import { TextAction } from "../../ui/index.ts";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase } from "./case-view.ts";
import styles from "./letter.module.css";
import { useWords } from "./use-words.ts";
import { caseAddress } from "./WorklistRow.tsx";
import { longMoment, moment } from "./words.ts";
import { personName } from "./worklist.ts";

/** The opinion as it is read: a letter between colleagues. */
export function OpinionLetter({ view }: { view: OpenCase }) {
  const words = useWords();
  const { t } = words;
  if (view.opinion === null) return null;
  const { signed, author } = view.opinion;
  const opinion = signed.payload;
  const signedAtMs = Date.parse(opinion.signedAt);
  const expert = view.directory?.clinicians.find((each) => each.userId === author);
  const sections: readonly (readonly [string, string])[] = [
    ["findings", opinion.findings],
    ["assessment", withCertainty(opinion.assessment, t(`opinion.certainty.${opinion.certainty}`))],
    ["plan", opinion.plan],
    ["ifWorse", opinion.ifWorse],
    [
      "inPerson",
      opinion.inPerson.needed
        ? t("opinion.inPersonYes", { when: opinion.inPerson.when })
        : t("opinion.inPersonNo"),
    ],
    ["limits", opinion.limits],
  ];
  return (
    <article className={styles.letter} aria-labelledby="opinion">
      <header className={styles.head}>
        <h2 id="opinion" className={styles.title}>
          {t("opinion.title")}
        </h2>
        <p>{longMoment(words, signedAtMs)}</p>
        <p>{t("opinion.to", { who: personName(view.request.requester, view.directory, "full") })}</p>
      </header>
      <p className={styles.asked}>{t("opinion.asked", { question: view.request.question })}</p>
      <dl className={styles.sections}>
        {sections.map(([name, text]) =>
          text.trim() === "" ? null : (
            <div key={name}>
              <dt>{t(`opinion.${name}`)}</dt>
              <dd data-strong={name === "assessment" ? "" : undefined}>{text}</dd>
            </div>
          ),
        )}
      </dl>
      <footer className={styles.signature}>
        <p>
          {t("opinion.signed", { time: moment(words, signedAtMs, view.nowMs) })}
          <br />
          <strong>
            {expert === undefined ? personName(author, view.directory, "full") : fullName(expert)}
          </strong>
          {expert !== undefined && `, ${t(`specialty.${expert.specialty}`).toLocaleLowerCase()}`}
          {expert !== undefined && (
            <>
              <br />
              RPPS {expert.rpps}
            </>
          )}
        </p>
        <Link href={`${caseAddress(view.key)}/dossier`} className={styles.link}>
          {t("opinion.record")}
        </Link>
      </footer>
    </article>
  );
}

/** An opinion of this device that has not arrived yet. */
export function OpinionOnItsWay({ model, view }: { model: CaseModel; view: OpenCase }) {
  const { t } = useWords();
  const { t: error } = useTranslation("errors");
  const item = view.opinionPending;
  if (item === null || view.opinion !== null) return null;
  return (
    <section className={styles.letter} role="status">
      <p>{t(`opinion.${item.state}`)}</p>
      {item.error !== null && <p>{error(item.error)}</p>}
      {item.state === "failed" && (
        <TextAction onClick={() => model.retry(item.localId)}>{t("discussion.retry")}</TextAction>
      )}
    </section>
  );
}

/** What was signed stays as it was written; how sure the expert is follows it, as its own sentence where the first one ended. */
const withCertainty = (assessment: string, certainty: string): string =>
  /[.!?…]$/.test(assessment)
    ? `${assessment} ${certainty.charAt(0).toLocaleUpperCase()}${certainty.slice(1)}.`
    : `${assessment}, ${certainty}.`;
