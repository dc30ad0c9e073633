import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Opinion } from "#protocol/opinion.ts";
import { fullName } from "#protocol/people.ts";
import { TextAction } from "../../ui/index.ts";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase } from "./case-view.ts";
import styles from "./letter.module.css";
import { useWords } from "./use-words.ts";
import { caseAddress } from "./WorklistRow.tsx";
import { longMoment, moment } from "./words.ts";
import { personName } from "./worklist.ts";

/** The opinion as it is read: a letter between colleagues. Where it was amended, the version that stands; the others are a press away. */
export function OpinionLetter({ view }: { view: OpenCase }) {
  const words = useWords();
  const { t } = words;
  if (view.opinion === null) return null;
  const { standing, author, earlier } = view.opinion;
  const { opinion, amended } = standing;
  const signedAtMs = Date.parse(opinion.signedAt);
  const expert = view.directory?.clinicians.find((each) => each.userId === author);
  const replaced = earlier[0];
  return (
    <article className={styles.letter} aria-labelledby="opinion">
      <header className={styles.head}>
        <h2 id="opinion" className={styles.title}>
          {t("opinion.title")}
        </h2>
        <p>{longMoment(words, signedAtMs)}</p>
        <p>{t("opinion.to", { who: personName(view.request.requester, view.directory, "full") })}</p>
      </header>
      {amended !== null && replaced !== undefined && (
        <p className={styles.amended} role="note">
          {t(`opinion.amended.${amended.how}`, {
            date: longMoment(words, Date.parse(replaced.opinion.signedAt)),
            reason: amended.reason,
          })}
        </p>
      )}
      <p className={styles.asked}>{t("opinion.asked", { question: view.request.question })}</p>
      <Sections opinion={opinion} />
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
      {earlier.length > 0 && (
        <details className={styles.earlier}>
          <summary>{t("opinion.earlier", { count: earlier.length })}</summary>
          {earlier.map((each) => (
            <section key={each.eventId} className={styles.version}>
              <h3>
                {t("opinion.earlierOf", { date: longMoment(words, Date.parse(each.opinion.signedAt)) })}
              </h3>
              <Sections opinion={each.opinion} />
            </section>
          ))}
        </details>
      )}
    </article>
  );
}

function Sections({ opinion }: { opinion: Opinion }) {
  const { t } = useWords();
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
  );
}

/** An opinion of this device, or a later version of one, that has not arrived yet. */
export function OpinionOnItsWay({ model, view }: { model: CaseModel; view: OpenCase }) {
  const { t } = useWords();
  const { t: error } = useTranslation("errors");
  const item = view.opinionPending;
  if (item === null || (item.kind === "opinion" && view.opinion !== null)) return null;
  const said = item.kind === "amendment" ? "opinion.amending" : "opinion";
  return (
    <section className={styles.letter} role="status">
      <p>{t(`${said}.${item.state}`)}</p>
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
