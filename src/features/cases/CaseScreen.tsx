import { useEffect } from "react";
import { useLocation } from "wouter";
import { useStore } from "zustand";
import type { Patient } from "#protocol/patient.ts";
import { FullThread, IdentityBand, TextAction, Thread } from "../../ui/index.ts";
import { ageInYears, birthDateInWords } from "../patient/index.ts";
import { ArchivistLine } from "./ArchivistLine.tsx";
import { CallLine } from "./CallLine.tsx";
import { CaseBar, ExpertComposer } from "./CaseBar.tsx";
import { CaseStandIn } from "./CaseStandIn.tsx";
import { ConsentNotices } from "./ConsentNotices.tsx";
import styles from "./case.module.css";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase } from "./case-view.ts";
import { Discussion, Unsent } from "./Discussion.tsx";
import { OpinionLetter, OpinionOnItsWay } from "./OpinionLetter.tsx";
import { PeopleAndConsent } from "./PeopleAndConsent.tsx";
import { PhotosPane } from "./PhotosPane.tsx";
import { RequestDetails, RequestPart } from "./RequestPart.tsx";
import { Expired, ExpiresOn } from "./Retention.tsx";
import { useWords } from "./use-words.ts";
import { ageInWords, knotsInWords, sexInWords, type Words } from "./words.ts";

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
  if (view.expired !== null) return <ExpiredCase model={model} view={view} wide={wide} />;
  const photos = <PhotosPane model={model} view={view} wide={wide} />;
  return (
    <main className={styles.case}>
      <CaseBand view={view} wide={wide} />
      <div className={styles.panes}>
        <section className={styles.talk} aria-label={t("case.talkPane")}>
          <div className={styles.scroll}>
            <CallLine model={model} view={view} />
            <ConsentNotices model={model} view={view} />
            <RequestPart model={model} view={view} />
            {!wide && photos}
            <RequestDetails view={view} />
            <OpinionOnItsWay model={model} view={view} />
            <OpinionLetter view={view} />
            <Discussion model={model} view={view} />
            <ArchivistLine view={view} />
            <ExpiresOn view={view} />
            <PeopleAndConsent model={model} view={view} />
            <ExpertComposer model={model} view={view} />
          </div>
          <CaseBar model={model} view={view} />
        </section>
        {wide && photos}
      </div>
    </main>
  );
}

/** A case whose content has left the messenger: whose it was, what was asked, who answered, and the way to the record. */
function ExpiredCase({ model, view, wide }: Props & { view: OpenCase }) {
  const { t } = useWords();
  return (
    <main className={styles.case}>
      <CaseBand view={view} wide={wide} />
      <div className={styles.panes}>
        <section className={`${styles.talk} ${styles.alone}`} aria-label={t("case.talkPane")}>
          <div className={styles.scroll}>
            <Expired view={view} />
            <RequestPart model={model} view={view} />
            <Unsent model={model} view={view} />
            {view.expired?.ended.how === "answered" && <ArchivistLine view={view} />}
          </div>
        </section>
      </div>
    </main>
  );
}

/** The patient's identity, and the thread of the whole case under it. */
function CaseBand({ view, wide }: { view: OpenCase; wide: boolean }) {
  const words = useWords();
  const { t } = words;
  const [, go] = useLocation();
  const { patient } = view.request;
  const age = ageInYears(patient.birthDate, view.nowMs);
  const birth = birthInWords(words, patient, wide);
  const verified = patient.identity === "qualified";
  const knots = knotsInWords(words, view.thread, view.nowMs).map(({ detail: _detail, ...knot }) => knot);
  return (
    <IdentityBand
      family={patient.family}
      given={patient.given}
      ageAndSex={`${ageInWords(words, age)}, ${sexInWords(words, patient.sex, age)}`}
      {...(birth === "" ? {} : { birth })}
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
        wide ? (
          <Thread size="header" pitch={112} knots={knots} label={t("knots.openCase")} />
        ) : (
          <FullThread size="header" words={false} knots={knots} label={t("knots.openCase")} />
        )
      }
    />
  );
}

/** "née MARCHAND le 14/03/1959 à Arras" where there is room, "14/03/1959, née MARCHAND" on a phone. */
function birthInWords({ t }: Words, patient: Patient, wide: boolean): string {
  const sex = patient.sex === "female" || patient.sex === "male" ? patient.sex : "other";
  const date = birthDateInWords(patient.birthDate);
  const other = patient.birthFamily !== undefined && patient.birthFamily !== patient.family;
  const name = other ? t(`band.birthName_${sex}`, { name: patient.birthFamily ?? "" }) : null;
  if (!wide) return [date, name].filter((part) => part !== null).join(", ");
  const day = date === null ? null : name === null ? t(`band.${sex}`, { date }) : t("band.bornOn", { date });
  const place = patient.birthPlace === undefined ? null : t("band.at", { place: patient.birthPlace });
  return [name, day, place].filter((part) => part !== null).join(" ");
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
