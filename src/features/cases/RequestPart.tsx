import { useState } from "react";
import { siteInWords } from "#protocol/body-sites.ts";
import { TextAction, UrgencyMark } from "../../ui/index.ts";
import styles from "./case.module.css";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase } from "./case-view.ts";
import { remaining } from "./due.ts";
import { QuestionSheet } from "./QuestionSheet.tsx";
import { useWords } from "./use-words.ts";
import { deadline, longMoment, moment, remainingInWords, type Words } from "./words.ts";
import { addresseeInWords, personName } from "./worklist.ts";

/** The question, by when, from whom, and what is known: what an expert reads first. */
export function RequestPart({ model, view }: { model: CaseModel; view: OpenCase }) {
  const words = useWords();
  const { t } = words;
  const { request, directory, question } = view;
  const [amending, setAmending] = useState(false);
  return (
    <section className={styles.request} aria-labelledby="question">
      <p className={styles.urgency}>
        <UrgencyMark urgency={request.urgency} />
        <strong>{urgencyInWords(words, view)}</strong>
      </p>
      <h2 id="question" className={styles.question}>
        {request.question}
      </h2>
      <p className={styles.quiet}>
        {t("request.asked", {
          name: personName(request.requester, directory, "full"),
          time: moment(words, view.requestedAtMs, view.nowMs),
        })}
      </p>
      {question.amended !== null && (
        <p className={styles.quiet} role="note">
          {t(`request.amended.${question.amended.amendment.how}`, {
            time: longMoment(words, question.amended.atMs),
            reason: question.amended.amendment.reason,
          })}
        </p>
      )}
      {question.earlier.length > 0 && (
        <details>
          <summary>{t("request.earlier", { count: question.earlier.length })}</summary>
          {question.earlier.map((each) => (
            <p key={each.eventId} className={styles.quiet}>
              {longMoment(words, each.atMs)}
              <br />
              <q>{each.question}</q>
            </p>
          ))}
        </details>
      )}
      {question.mayAmend && (
        <TextAction tone="link" onClick={() => setAmending(true)}>
          {t("request.amend")}
        </TextAction>
      )}
      {amending && <QuestionSheet model={model} view={view} onClose={() => setAmending(false)} />}
    </section>
  );
}

function urgencyInWords(words: Words, view: OpenCase): string {
  const { request, nowMs } = view;
  const urgency = words.t(`urgency.${request.urgency}`);
  const dueMs = Date.parse(request.dueAt);
  if (view.opinion !== null || view.expired !== null) return urgency;
  if (dueMs < nowMs)
    return words.t("request.late", { urgency, late: remainingInWords(words, remaining(dueMs, nowMs)) });
  return words.t("request.before", { urgency, time: deadline(words, dueMs, nowMs) });
}

/** What else the requester wrote. */
export function RequestDetails({ view }: { view: OpenCase }) {
  const words = useWords();
  const { request, directory } = view;
  const { t } = words;
  const to = addresseeInWords(t, request.addressee, directory);
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["history", request.history],
    ["background", request.background],
    ["treatments", request.treatments],
    ["allergies", request.allergies],
    ["hypothesis", request.hypothesis],
    ["site", request.site === undefined ? undefined : siteInWords(request.site, words.language)],
    ["addressee", to],
  ];
  return (
    <dl className={styles.details} aria-label={t("request.details")}>
      {facts.map(([name, value]) =>
        value === undefined || value.trim() === "" ? null : (
          <div key={name}>
            <dt>{t(`request.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
      {request.callback !== undefined && request.callback !== "" && (
        <div>
          <dt>{t("request.callback")}</dt>
          <dd>
            <a href={telephone(request.callback)} className={styles.phone}>
              {request.callback}
            </a>
          </dd>
        </div>
      )}
    </dl>
  );
}

/** An address that dials; only what belongs in a number is kept. */
export const telephone = (number: string): string => `tel:${number.replace(/[^\d+]/g, "")}`;
