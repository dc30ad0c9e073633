import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { missingCase } from "#protocol/result.ts";
import { SecondaryAction, TextAction } from "../../ui/index.ts";
import styles from "./case.module.css";
import type { CaseModel } from "./case-model.ts";
import type { CaseView } from "./case-view.ts";
import { useWords } from "./use-words.ts";

type Waiting = Exclude<CaseView, { state: "open" }>;

/** A case that can't be shown yet: what it waits for, in words, and nothing to be afraid of. */
export function CaseStandIn({ model, view }: { model: CaseModel; view: Waiting }) {
  const { t } = useWords();
  const [, go] = useLocation();
  return (
    <main className={styles.standIn}>
      <StandInText model={model} view={view} />
      <SecondaryAction icon="back" onClick={() => go("/")}>
        {t("case.toList")}
      </SecondaryAction>
    </main>
  );
}

function StandInText({ model, view }: { model: CaseModel; view: Waiting }) {
  const { t } = useWords();
  const { t: error } = useTranslation("errors");
  switch (view.state) {
    case "loading":
      return (
        <h1 tabIndex={-1} className={styles.headline} role="status">
          {t("case.loading")}
        </h1>
      );
    case "absent":
      return (
        <>
          <h1 tabIndex={-1} className={styles.headline}>
            {t("case.absentTitle")}
          </h1>
          <p>{t("case.absent")}</p>
        </>
      );
    case "arriving":
      return (
        <>
          <h1 tabIndex={-1} className={styles.headline}>
            {t("case.arrivingTitle")}
          </h1>
          <p role="status">{t(view.late ? "case.arrivingOld" : "case.arriving")}</p>
        </>
      );
    case "outgoing": {
      const { outgoing } = view;
      const text = {
        waiting: "case.outgoingWaiting",
        sending: "case.outgoingSending",
        failed: "case.outgoingFailed",
      } as const;
      return (
        <>
          <h1 tabIndex={-1} className={styles.headline}>
            {t("case.outgoingTitle")}
          </h1>
          <p className={styles.question}>{outgoing.request.question}</p>
          <p role="status">{t(text[outgoing.state])}</p>
          {outgoing.error !== null && <p>{error(outgoing.error)}</p>}
          {outgoing.state === "failed" && (
            <TextAction onClick={() => model.retry(outgoing.localId)}>{t("outgoing.retry")}</TextAction>
          )}
        </>
      );
    }
    default:
      return missingCase(view);
  }
}
