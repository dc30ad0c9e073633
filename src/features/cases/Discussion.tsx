import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Admission } from "#protocol/admission.ts";
import type { CallTrace } from "#protocol/calls.ts";
import type { Withdrawn } from "#protocol/events.ts";
import { missingCase } from "#protocol/result.ts";
import { TextAction } from "../../ui/index.ts";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase } from "./case-view.ts";
import styles from "./discussion.module.css";
import type { Delivery, Entry } from "./discussion.ts";
import { PendingPhotos } from "./PendingPhotos.tsx";
import { useWords } from "./use-words.ts";
import { moment, pictureInWords, type Words } from "./words.ts";
import { personName } from "./worklist.ts";

type Props = { readonly model: CaseModel; readonly view: OpenCase };

/** What was said, oldest first, each with how far it has come. */
export function Discussion({ model, view }: Props) {
  const { t } = useWords();
  const entries = view.discussion.filter((entry) => entry.kind !== "pending" || entry.item.kind !== "photo");
  return (
    <section className={styles.discussion} aria-labelledby="discussion">
      <h2 id="discussion" className={styles.title}>
        {t("discussion.title")}
      </h2>
      {entries.length === 0 && <p className={styles.quiet}>{t("discussion.empty")}</p>}
      <ol className={styles.entries} aria-live="polite">
        {entries.map((entry) => (
          <li key={entry.key} className={styles.entry}>
            <EntryLine entry={entry} model={model} view={view} />
          </li>
        ))}
      </ol>
    </section>
  );
}

/** What this device did not send: it stays until its author has seen that it will not leave. */
export function Unsent({ model, view }: Props) {
  const { t } = useWords();
  const items = view.discussion.flatMap((entry) =>
    entry.kind === "pending" && entry.item.kind !== "photo" ? [entry.item] : [],
  );
  if (items.length + view.pendingPhotos.length === 0) return null;
  return (
    <section className={styles.discussion} aria-labelledby="unsent">
      <h2 id="unsent" className={styles.title}>
        {t("retention.unsent")}
      </h2>
      <ol className={styles.entries}>
        {items.map((item) => (
          <li key={item.localId} className={styles.entry}>
            <Pending item={item} model={model} />
          </li>
        ))}
      </ol>
      <PendingPhotos model={model} items={view.pendingPhotos} />
    </section>
  );
}

function EntryLine({ entry, model, view }: Props & { readonly entry: Entry }) {
  const words = useWords();
  const { t } = words;
  switch (entry.kind) {
    case "message":
      return (
        <>
          <Head author={entry.author} atMs={entry.atMs} view={view} delivery={entry.delivery} />
          <p className={styles.voice}>{entry.text}</p>
        </>
      );
    case "response":
      return (
        <>
          <Head author={entry.author} atMs={entry.atMs} view={view} delivery={entry.delivery} />
          <p className={styles.said}>{responseInWords(words, entry.response)}</p>
        </>
      );
    case "photo": {
      const photo = view.photos.find((each) => each.eventId === entry.eventId);
      return (
        <>
          <Head author={entry.author} atMs={entry.atMs} view={view} />
          {photo !== undefined && (
            <p className={styles.said}>
              {t("discussion.photo", { what: pictureInWords(words, photo.photo) })}
            </p>
          )}
        </>
      );
    }
    case "glass":
      return (
        <>
          <Head author={entry.author} atMs={entry.atMs} view={view} />
          <p className={styles.said}>
            {t(entry.reader === entry.author ? "discussion.glassSelf" : "discussion.glass", {
              who: personName(entry.reader, view.directory, "full"),
              until: moment(words, entry.endsMs, view.nowMs),
              reason: entry.reason,
            })}
          </p>
        </>
      );
    case "glass-over":
      return (
        <p className={styles.notice}>
          {t(entry.reader === view.me ? "discussion.glassOverMine" : "discussion.glassOver", {
            who: personName(entry.reader, view.directory, "full"),
          })}
        </p>
      );
    case "admission":
      return <AdmissionLine admission={entry.admission} view={view} />;
    case "informed":
      return (
        <>
          <Head author={entry.author} atMs={entry.atMs} view={view} />
          <p className={styles.said}>{t(`discussion.informed.${entry.informed.whom}`)}</p>
        </>
      );
    case "consent":
      return (
        <>
          <Head author={entry.author} atMs={entry.atMs} view={view} />
          <p className={styles.said}>
            {t(entry.granted ? "discussion.newConsent" : "discussion.newRefusal", {
              how: t(`proof.methods.${entry.consent.method}`),
            })}
          </p>
        </>
      );
    case "withdrawn":
      return (
        <>
          <Head author={entry.author} atMs={entry.atMs} view={view} />
          <p className={styles.notice}>{withdrawnInWords(words, entry.withdrawn)}</p>
        </>
      );
    case "call":
      return <p className={styles.notice}>{callInWords(words, entry.call, view)}</p>;
    case "ring":
      return (
        <>
          <Head author={entry.author} atMs={entry.atMs} view={view} />
          <p className={styles.said}>
            {entry.to.includes(view.me)
              ? t(`call.line.mine.${entry.outcome}`)
              : t(`call.line.${entry.outcome}`, {
                  who: entry.to.map((userId) => personName(userId, view.directory)).join(", "),
                })}
          </p>
        </>
      );
    case "pending":
      return <Pending item={entry.item} model={model} />;
    case "unreadable":
      return (
        <p className={styles.notice} role="status">
          {t(`discussion.unreadable.${entry.reason}`, { count: entry.count })}
        </p>
      );
    case "refused":
      return (
        <p className={styles.notice} role="status">
          {t("discussion.refused", { count: entry.count })}
        </p>
      );
    default:
      return missingCase(entry);
  }
}

/** When, how long and between whom: all that is kept of a call. */
function callInWords(words: Words, { startedAt, endedAt, participants }: CallTrace, view: OpenCase): string {
  const [startMs, endMs] = [Date.parse(startedAt), Date.parse(endedAt)];
  return words.t("call.took", {
    count: Math.max(1, Math.round((endMs - startMs) / 60_000)),
    time: moment(words, startMs, view.nowMs),
    who: participants.map(({ userId }) => personName(userId, view.directory)).join(", "),
  });
}

/** Why somebody who was asked in does not come, or had to go. */
function AdmissionLine({ admission, view }: { readonly admission: Admission; readonly view: OpenCase }) {
  const { t } = useWords();
  const { t: error } = useTranslation("errors");
  const who = personName(admission.userId, view.directory, "full");
  const { outcome } = admission;
  return (
    <p className={styles.notice}>
      {t(`discussion.admission.${outcome.state}`, { who })}
      {outcome.state === "refused" && ` ${error(outcome.reason)}`}
    </p>
  );
}

type HeadProps = {
  readonly author: string;
  readonly atMs: number;
  readonly view: OpenCase;
  readonly delivery?: Delivery;
};

function Head({ author, atMs, view, delivery }: HeadProps) {
  const words = useWords();
  const mine = author === view.me;
  const who = mine ? words.t("discussion.you") : personName(author, view.directory);
  return (
    <p className={styles.head}>
      <span>{words.t("discussion.line", { who, time: moment(words, atMs, view.nowMs) })}</span>
      {delivery !== undefined && (mine || delivery.state === "filed") && (
        <span className={styles.state}>{deliveryInWords(words, delivery, view.nowMs)}</span>
      )}
    </p>
  );
}

/** The archivist's word on a consent that was taken back: what went, and what stays by law. */
function withdrawnInWords({ t }: Words, { reason, photos, inRecord }: Withdrawn): string {
  return [
    t(`discussion.withdrawn.${reason}`),
    t("discussion.withdrawn.photos", { count: photos }),
    ...(inRecord > 0 ? [t("discussion.withdrawn.inRecord", { count: inRecord })] : []),
  ].join(" ");
}

function deliveryInWords(words: Words, delivery: Delivery, nowMs: number): string {
  if (delivery.state === "seen")
    return words.t("discussion.seen", { time: moment(words, delivery.atMs, nowMs) });
  return words.t(`discussion.${delivery.state}`);
}

type Response = Extract<Entry, { kind: "response" }>["response"];

function responseInWords({ t }: Words, response: Response): string {
  switch (response.kind) {
    case "accepted":
      return t("discussion.accepted");
    case "declined":
      return t("discussion.declined", { reason: response.reason });
    case "more-asked":
      return t("discussion.moreAsked", { question: response.question });
    default:
      return missingCase(response);
  }
}

/** That somebody went past a consent is said, sooner or later. */
const maySkip = ({ kind }: Extract<Entry, { kind: "pending" }>["item"]): boolean =>
  kind !== "glass" && kind !== "journal";

type PendingProps = { readonly item: Extract<Entry, { kind: "pending" }>["item"]; readonly model: CaseModel };

function Pending({ item, model }: PendingProps) {
  const { t } = useWords();
  const { t: error } = useTranslation("errors");
  const names = {
    consent: "discussion.pendingConsent",
    request: "discussion.pendingRequest",
    response: "discussion.pendingResponse",
    opinion: "discussion.pendingOpinion",
    amendment: "discussion.pendingAmendment",
    misfiled: "discussion.pendingMisfiled",
    identity: "discussion.pendingIdentity",
    question: "discussion.pendingQuestion",
    glass: "discussion.pendingGlass",
    journal: "discussion.pendingJournal",
    informed: "discussion.pendingInformed",
    withdrawal: "discussion.pendingWithdrawal",
  } as const;
  const text: ReactNode = item.kind === "message" || item.kind === "photo" ? item.text : t(names[item.kind]);
  return (
    <>
      <p className={styles.head}>
        <span>{t("discussion.you")}</span>
        <span className={styles.state} role="status">
          {t(`discussion.${item.state}`)}
        </span>
      </p>
      <p className={styles.voice} data-pending="">
        {text}
      </p>
      {item.error !== null && <p className={styles.said}>{error(item.error)}</p>}
      {item.state === "failed" && (
        <p>
          <TextAction onClick={() => model.retry(item.localId)}>{t("discussion.retry")}</TextAction>
          {maySkip(item) && (
            <TextAction onClick={() => model.discard(item.localId)}>{t("discussion.discard")}</TextAction>
          )}
        </p>
      )}
    </>
  );
}
