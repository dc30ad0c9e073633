import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import type { Directory } from "#protocol/api.ts";
import { type CaseState, notYetFiled } from "#protocol/case-state.ts";
import type { Patient } from "#protocol/patient.ts";
import { localeOf } from "../../i18n/locale.ts";
import { Banner, EmptyState, IdentityBand, Skeleton, TextAction } from "../../ui/index.ts";
import { ageInYears, birthDateInWords } from "../patient/index.ts";
import { CopiesPart } from "./CopiesPart.tsx";
import type { CopiesModel } from "./copies-model.ts";
import { DocumentView } from "./DocumentView.tsx";
import { PieceRow } from "./PieceRow.tsx";
import { pieceInWords } from "./piece-words.ts";
import styles from "./record.module.css";
import type { Piece, RecordModel, RecordState } from "./record-model.ts";

type Props = {
  readonly model: RecordModel;
  readonly copies: CopiesModel;
  readonly patient: Patient;
  readonly state: CaseState;
  readonly people: Directory | null;
  readonly nowMs: number;
  readonly wide: boolean;
  readonly onBack: () => void;
};

/** What of this case is in the patient's record: each piece on the thread, and the one that is read beside it or, on a phone, under it. */
export function RecordScreen({ model, copies, patient, state, people, nowMs, wide, onBack }: Props) {
  const { t, i18n } = useTranslation(["record", "cases"]);
  const record = useStore(model.store);
  const [picked, setPicked] = useState<string | null>(null);
  const filed = [...state.filed.values()].filter(({ outcome }) => outcome.state === "filed").length;
  // Read again as soon as the archivist says that there is more.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the count is what asks for another reading
  useEffect(() => {
    void model.read();
  }, [model, filed]);
  // Where the letter has room beside the list, it is open at once.
  useEffect(() => {
    const letter = letterOf(record.pieces);
    if (!wide || letter === undefined || picked !== null) return;
    setPicked(letter.key);
    void model.open(letter.main.id);
  }, [wide, record.pieces, picked, model]);
  const piece = record.pieces.find((each) => each.key === picked);
  const letter = letterOf(record.pieces)?.main;
  const pick = (each: Piece) => {
    // On a phone, the same press folds it again.
    if (!wide && each.key === picked) return setPicked(null);
    setPicked(each.key);
    if (each.main.readable) void model.open(each.main.id);
  };
  return (
    <main className={styles.record}>
      <Band patient={patient} nowMs={nowMs} wide={wide} onBack={onBack} />
      <div className={styles.panes} data-wide={wide ? "" : undefined}>
        <section className={styles.list} aria-label={t("list")}>
          <Summary record={record} state={state} model={model} />
          <ol className={styles.pieces}>
            {record.pieces.map((each) => (
              <li key={each.key}>
                <PieceRow
                  piece={each}
                  words={pieceInWords(t, i18n.language, each, { state, people })}
                  picked={each.key === picked}
                  onPick={() => pick(each)}
                  nowMs={nowMs}
                />
                {!wide && each.key === picked && (
                  <section className={styles.reading} aria-live="polite">
                    <DocumentView document={record.document} piece={each} />
                  </section>
                )}
              </li>
            ))}
          </ol>
          {letter !== undefined && (
            <CopiesPart
              model={copies}
              entryId={letter.id}
              people={people}
              wrongUntilMs={(state.misfiled ?? state.corrections.at(-1)?.misfiled)?.atMs ?? null}
              maySend={state.misfiled === null}
            />
          )}
          {record.patientRecordUrl !== null && (
            <p className={styles.outside}>
              <a href={record.patientRecordUrl} target="_blank" rel="noreferrer">
                {t("patientRecord")}
              </a>
            </p>
          )}
        </section>
        {wide && (
          <section className={styles.reading} aria-live="polite">
            <DocumentView document={record.document} piece={piece ?? null} />
          </section>
        )}
      </div>
    </main>
  );
}

/** The letter that stands: of the later version where there is one. */
function letterOf(pieces: readonly Piece[]): Piece | undefined {
  const letters = pieces.filter((each) => each.main.readable);
  return letters.find((each) => each.kind === "amendment") ?? letters.find((each) => each.kind === "opinion");
}

function Band({ patient, nowMs, wide, onBack }: Pick<Props, "patient" | "nowMs" | "wide" | "onBack">) {
  const { t } = useTranslation(["record", "cases"]);
  const age = ageInYears(patient.birthDate, nowMs);
  const birth = birthDateInWords(patient.birthDate);
  const verified = patient.identity === "qualified";
  const sex = { female: "woman", male: "man", other: "other", unknown: "unknown" }[patient.sex];
  return (
    <IdentityBand
      family={patient.family}
      given={patient.given}
      ageAndSex={`${age === null ? t("cases:patient.ageUnknown") : t("cases:patient.age", { count: age })}, ${t(`cases:patient.${sex}`)}`}
      {...(birth === null ? {} : { birth })}
      identity={t(`cases:band.${verified ? "qualified" : "provisional"}${wide ? "" : "Short"}`)}
      provisional={!verified}
      before={
        <TextAction icon="back" onClick={onBack} aria-label={t("back")}>
          {""}
        </TextAction>
      }
    />
  );
}

function Summary({ record, state, model }: { record: RecordState; state: CaseState; model: RecordModel }) {
  const { t, i18n } = useTranslation(["record", "errors"]);
  if (typeof record.reading !== "string")
    return (
      <Banner
        action={
          <TextAction tone="link" onClick={() => void model.read()}>
            {t("retry")}
          </TextAction>
        }
      >
        {t(`errors:${record.reading.failed}`)}
      </Banner>
    );
  if (record.reading === "reading" && record.pieces.length === 0)
    return <Skeleton lines={6} label={t("reading")} />;
  const count = record.pieces.length;
  if (count === 0) return <EmptyState title={t("nothing")}>{t("nothingText")}</EmptyState>;
  const number = i18n.exists(`record:number.${count}`) ? t(`number.${count}`) : String(count);
  const opinion = record.pieces.some((piece) => piece.kind === "opinion");
  const headline = t(opinion ? "headlineOpinion" : "headline", { count, number });
  const atMs = state.request?.atMs ?? 0;
  return (
    <>
      <h2 className={styles.headline}>{headline.charAt(0).toLocaleUpperCase() + headline.slice(1)}</h2>
      <p className={styles.summary}>
        {t("summary", {
          date: new Intl.DateTimeFormat(localeOf(i18n.language), { dateStyle: "long" }).format(atMs),
        })}
        <strong>{t(notYetFiled(state).length === 0 ? "identical" : "notAll")}</strong>
      </p>
    </>
  );
}
