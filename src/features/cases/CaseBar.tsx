import { useState } from "react";
import { useLocation } from "wouter";
import { missingCase } from "#protocol/result.ts";
import { PrimaryAction, SecondaryAction, TextAction, TextLink } from "../../ui/index.ts";
import { CallAction } from "./CallLine.tsx";
import { Composer } from "./Composer.tsx";
import styles from "./case.module.css";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase } from "./case-view.ts";
import { telephone } from "./RequestPart.tsx";
import { DeclineSheet, MoreSheet } from "./ResponseSheets.tsx";
import { useWords } from "./use-words.ts";
import { caseAddress } from "./WorklistRow.tsx";
import { personName } from "./worklist.ts";

type Props = { readonly model: CaseModel; readonly view: OpenCase };

/** The foot of a case: the one next action, and what else may be done, in the thumb's reach. */
export function CaseBar({ model, view }: Props) {
  const { t } = useWords();
  return (
    <section className={styles.bar} aria-label={t("bar.label")}>
      <BarContent model={model} view={view} />
    </section>
  );
}

function BarContent({ model, view }: Props) {
  const { t } = useWords();
  const [, go] = useLocation();
  const { bar } = view;
  const answer = () => go(`${caseAddress(view.key)}/avis`);
  const accept = () => void model.respond({ kind: "accepted" });
  switch (bar.kind) {
    case "accept":
      return (
        <>
          <ExpertActions model={model} view={view} />
          <PrimaryAction onClick={accept}>{t("bar.accept")}</PrimaryAction>
        </>
      );
    case "answer":
      return (
        <>
          {bar.awaitingMore && <p className={styles.barText}>{t("bar.awaitingMore")}</p>}
          <ExpertActions model={model} view={view} />
          <PrimaryAction onClick={answer}>{t("bar.answer")}</PrimaryAction>
        </>
      );
    case "requester":
      return <RequesterBar model={model} view={view} />;
    case "taken":
      return (
        <p className={styles.barText}>
          {t("bar.taken", { who: personName(bar.by, view.directory, "full") })}
        </p>
      );
    case "declined":
      return (
        <>
          <p className={styles.barText}>{t("bar.declined")}</p>
          <SecondaryAction wide onClick={accept}>
            {t("bar.accept")}
          </SecondaryAction>
        </>
      );
    case "leaving":
      return (
        <p className={styles.barText} role="status">
          {t("bar.leaving")}
        </p>
      );
    case "misfiled":
      return (
        <>
          <p className={styles.barText}>{t(bar.correcting ? "misfiled.correcting" : "misfiled.bar")}</p>
          {view.role === "requester" && !bar.correcting && (
            <>
              <PrimaryAction onClick={() => go(`${caseAddress(view.key)}/patient`)}>
                {t("misfiled.sayWhose")}
              </PrimaryAction>
              <SecondaryAction wide onClick={() => go("/demande")}>
                {t("misfiled.again")}
              </SecondaryAction>
            </>
          )}
        </>
      );
    case "closed":
      return (
        <>
          <p className={styles.barText}>{t("bar.closed")}</p>
          {view.opinion?.author === view.me && view.opinionPending === null && (
            <SecondaryAction wide onClick={() => go(`${caseAddress(view.key)}/avis/rectifier`)}>
              {t("bar.amend")}
            </SecondaryAction>
          )}
        </>
      );
    default:
      return missingCase(bar);
  }
}

function ExpertActions({ model, view }: Props) {
  const { t } = useWords();
  const [sheet, setSheet] = useState<"decline" | "more" | null>(null);
  const requester = view.directory?.clinicians.find((each) => each.userId === view.request.requester);
  const phone = view.request.callback ?? requester?.phone;
  const who = personName(view.request.requester, view.directory);
  return (
    <>
      <div className={styles.actions}>
        <CallAction model={model} view={view} />
        {/* By telephone where there are no calls; the call itself gives the number when it fails. */}
        {view.call.to.length === 0 && !view.call.mine && phone !== undefined && phone !== "" && (
          <TextLink icon="phone" href={telephone(phone)} aria-label={t("bar.callWho", { who, phone })}>
            {t("bar.call")}
          </TextLink>
        )}
        <TextAction icon="chat" onClick={() => setSheet("more")}>
          {t("bar.askMore")}
        </TextAction>
        <TextAction icon="close" onClick={() => setSheet("decline")}>
          {t("bar.decline")}
        </TextAction>
      </div>
      <DeclineSheet model={model} open={sheet === "decline"} onClose={() => setSheet(null)} />
      <MoreSheet model={model} open={sheet === "more"} onClose={() => setSheet(null)} />
    </>
  );
}

/** The expert writes at the end of the talk; the bar is kept for what closes the case. */
export function ExpertComposer({ model, view }: Props) {
  const { t } = useWords();
  if (view.bar.kind !== "accept" && view.bar.kind !== "answer") return null;
  const who = personName(view.request.requester, view.directory);
  return (
    <div className={styles.inFlow}>
      <Composer model={model} label={t("bar.messageTo", { who })} />
    </div>
  );
}

function RequesterBar({ model, view }: Props) {
  const { t } = useWords();
  const [, go] = useLocation();
  const declined = view.turn === "choose-another" ? view.discussion.findLast(isDecline) : undefined;
  const expert = view.discussion.findLast((entry) => entry.kind === "response");
  const who = expert === undefined ? null : personName(expert.author, view.directory);
  return (
    <>
      {declined !== undefined && (
        <p className={styles.barText}>
          {t("bar.declinedBy", {
            who: personName(declined.author, view.directory),
            reason: declined.response.reason,
          })}
        </p>
      )}
      <div className={styles.actions}>
        <CallAction model={model} view={view} />
        <TextAction icon="camera" onClick={() => go(`${caseAddress(view.key)}/photo`)}>
          {t("bar.addPhoto")}
        </TextAction>
        {declined !== undefined && (
          <TextAction icon="plus" onClick={() => go("/demande")}>
            {t("bar.redirect")}
          </TextAction>
        )}
      </div>
      <Composer model={model} label={who === null ? t("bar.message") : t("bar.messageTo", { who })} />
    </>
  );
}

type ResponseEntry = Extract<OpenCase["discussion"][number], { kind: "response" }>;
type DeclineEntry = ResponseEntry & {
  readonly response: { readonly kind: "declined"; readonly reason: string };
};

const isDecline = (entry: OpenCase["discussion"][number]): entry is DeclineEntry =>
  entry.kind === "response" && entry.response.kind === "declined";
