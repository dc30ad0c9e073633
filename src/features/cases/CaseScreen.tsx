import { useEffect } from "react";
import { useLocation } from "wouter";
import { useStore } from "zustand";
import { IdentityBand, TextAction, Thread } from "../../ui/index.ts";
import { ageInYears, birthDateInWords } from "../patient/index.ts";
import { ArchivistLine } from "./ArchivistLine.tsx";
import { CaseBar } from "./CaseBar.tsx";
import { CaseStandIn } from "./CaseStandIn.tsx";
import styles from "./case.module.css";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase } from "./case-view.ts";
import { Discussion } from "./Discussion.tsx";
import { OpinionLetter, OpinionOnItsWay } from "./OpinionLetter.tsx";
import { PhotosPane } from "./PhotosPane.tsx";
import { RequestPart } from "./RequestPart.tsx";
import { useWords } from "./use-words.ts";
import { ageInWords, knotsInWords, sexInWords } from "./words.ts";

type Props = {
  readonly model: CaseModel;
  /** Talk and pictures side by side (a desktop), or one column. */
  readonly wide: boolean;
};

/** One case: whose it is, the question, the pictures, the talk, and what to do next. */
export function CaseScreen({ model, wide }: Props) {
  const view = useStore(model.store);
  const { t } = useWords();
  useSeen(model, view.state === "open" ? view.discussion.length : 0);
  if (view.state !== "open") return <CaseStandIn model={model} view={view} />;
  const photos = <PhotosPane model={model} view={view} wide={wide} />;
  return (
    <div className={styles.case}>
      <CaseBand view={view} wide={wide} />
      <div className={styles.panes}>
        <section className={styles.talk} aria-label={t("case.talkPane")}>
          <div className={styles.scroll}>
            <RequestPart view={view} />
            {!wide && photos}
            <OpinionOnItsWay model={model} view={view} />
            <OpinionLetter view={view} />
            <Discussion model={model} view={view} />
            <ArchivistLine view={view} />
          </div>
          <CaseBar model={model} view={view} />
        </section>
        {wide && photos}
      </div>
    </div>
  );
}

/** The patient's identity, and the thread of the whole case under it. */
function CaseBand({ view, wide }: { view: OpenCase; wide: boolean }) {
  const words = useWords();
  const { t } = words;
  const [, go] = useLocation();
  const { patient } = view.request;
  const age = ageInYears(patient.birthDate, view.nowMs);
  const sex = patient.sex === "female" || patient.sex === "male" ? patient.sex : "other";
  const date = birthDateInWords(patient.birthDate);
  const birth = [
    patient.birthFamily === undefined || patient.birthFamily === patient.family
      ? null
      : t(`band.birthName_${sex}`, { name: patient.birthFamily }),
    date === null ? null : wide ? t(`band.${sex}`, { date }) : date,
    wide && patient.birthPlace !== undefined ? t("band.at", { place: patient.birthPlace }) : null,
  ].filter((part) => part !== null);
  const verified = patient.identity === "qualified";
  const knots = knotsInWords(words, view.thread, view.nowMs);
  return (
    <IdentityBand
      family={patient.family}
      given={patient.given}
      ageAndSex={`${ageInWords(words, age)}, ${sexInWords(words, patient.sex, age)}`}
      {...(birth.length === 0 ? {} : { birth: birth.join(" ") })}
      identity={t(`band.${verified ? "qualified" : "provisional"}${wide ? "" : "Short"}`)}
      provisional={!verified}
      before={
        wide ? undefined : (
          <TextAction icon="back" aria-label={t("band.back")} onClick={() => go("/")}>
            {""}
          </TextAction>
        )
      }
      thread={
        <Thread
          size="header"
          pitch={wide ? 112 : 90}
          words={wide}
          knots={knots.map(({ detail: _detail, ...knot }) => knot)}
          label={t("knots.openCase", { steps: "" })}
        />
      }
    />
  );
}

/** What is on screen is reported as seen, once the page is really in sight. */
function useSeen(model: CaseModel, entries: number) {
  useEffect(() => {
    const report = () => {
      if (entries >= 0 && document.visibilityState === "visible") model.onScreen();
    };
    report();
    document.addEventListener("visibilitychange", report);
    return () => document.removeEventListener("visibilitychange", report);
  }, [model, entries]);
}
