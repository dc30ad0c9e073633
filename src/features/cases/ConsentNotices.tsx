import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { Informed } from "#protocol/events.ts";
import { Banner, PrimaryAction, SecondaryAction, Segmented, Sheet, TextAction } from "../../ui/index.ts";
import { namedApart } from "../patient/index.ts";
import caseStyles from "./case.module.css";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase } from "./case-view.ts";
import type { BrokenGlass } from "./consent-standing.ts";
import styles from "./people.module.css";
import { useWords } from "./use-words.ts";
import { caseAddress } from "./WorklistRow.tsx";
import { longMoment, moment, type Words } from "./words.ts";
import { personName } from "./worklist.ts";

type Props = { readonly model: CaseModel; readonly view: OpenCase };

/** What the case says to everybody, first of all: broken glasses, emergencies, and that the patient does not know of them yet. */
export function ConsentNotices({ model, view }: Props) {
  const words = useWords();
  const { t } = words;
  const [, go] = useLocation();
  const [telling, setTelling] = useState<readonly Informed["of"][] | null>(null);
  const { glasses, emergencies } = view.reminders;
  return (
    <>
      {view.misfiled !== null && (
        <Banner tone="urgent">
          <div className={styles.notice}>
            <p>
              <strong>{t("misfiled.title")}</strong>{" "}
              {t("misfiled.said", {
                who: personName(view.misfiled.by, view.directory, "full"),
                date: longMoment(words, view.misfiled.atMs),
              })}{" "}
              {t(view.misfiled.done ? "misfiled.done" : "misfiled.going")}
            </p>
            <p className={styles.reason}>{t("glass.reason", { reason: view.misfiled.reason })}</p>
            <Witnesses view={view} {...view.misfiled} />
          </div>
        </Banner>
      )}
      {view.misfiled === null && view.corrected !== null && (
        <Banner tone="urgent">
          <div className={styles.notice}>
            <p>
              <strong>{t("misfiled.corrected")}</strong>{" "}
              {t("misfiled.correctedBy", {
                wrong: namedApart(view.corrected.wrong),
                right: namedApart(view.request.patient),
                who: personName(view.corrected.by, view.directory, "full"),
                date: longMoment(words, view.corrected.atMs),
              })}
            </p>
            <p className={styles.reason}>{t("glass.reason", { reason: view.corrected.reason })}</p>
            <Witnesses view={view} {...view.corrected} />
          </div>
        </Banner>
      )}
      {glasses.map((glass) => (
        <Banner
          key={glass.glassIds.join()}
          tone={glass.over ? "calm" : "urgent"}
          action={
            glass.told ? undefined : (
              <TextAction
                tone="link"
                onClick={() => setTelling(glass.glassIds.map((glassId) => ({ kind: "glass", glassId })))}
              >
                {t("glass.tell")}
              </TextAction>
            )
          }
        >
          <div className={styles.notice}>
            <p>
              <strong>{t(glass.over ? "glass.titleOver" : "glass.title")}</strong>{" "}
              {glassInWords(words, view, glass)}
            </p>
            <p className={styles.reason}>{t("glass.reason", { reason: glass.reason })}</p>
            {!glass.told && <p>{t("glass.owed")}</p>}
          </div>
        </Banner>
      ))}
      {emergencies.map(({ of, by, untilMs, reason }) => (
        <Banner
          key={of.consentId}
          tone="urgent"
          action={
            <span className={styles.actions}>
              <TextAction tone="link" onClick={() => go(`${caseAddress(view.key)}/accord`)}>
                {t("glass.askWord")}
              </TextAction>
              <TextAction tone="link" onClick={() => setTelling([of])}>
                {t("glass.tell")}
              </TextAction>
            </span>
          }
        >
          <div className={styles.notice}>
            <p>
              <strong>{t("glass.emergencyTitle")}</strong>{" "}
              {t("glass.emergencyBy", {
                by: personName(by, view.directory, "full"),
                until: longMoment(words, untilMs),
              })}
            </p>
            {reason !== undefined && <p className={styles.reason}>{t("glass.reason", { reason })}</p>}
            <p>{t("glass.emergencyText")}</p>
          </div>
        </Banner>
      ))}
      {telling !== null && <ToldSheet model={model} of={telling} onClose={() => setTelling(null)} />}
    </>
  );
}

/** Who had the case under the wrong name, and who was told. */
function Witnesses({
  view,
  told,
  seenBy,
}: {
  readonly view: OpenCase;
  readonly told: readonly string[];
  readonly seenBy: readonly string[];
}) {
  const { t } = useWords();
  const names = (all: readonly string[]) =>
    all
      .filter((each) => each !== view.bot)
      .map((each) => personName(each, view.directory, "full"))
      .join(", ");
  return (
    <>
      {seenBy.length > 0 && <p>{t("misfiled.seenBy", { who: names(seenBy) })}</p>}
      {told.length > 0 && <p>{t("misfiled.told", { who: names(told) })}</p>}
    </>
  );
}

function glassInWords(words: Words, view: OpenCase, glass: BrokenGlass): string {
  const by = personName(glass.openedBy, view.directory, "full");
  const reader = personName(glass.reader, view.directory, "full");
  const until = moment(words, glass.endsMs, view.nowMs);
  return words.t(glass.openedBy === glass.reader ? "glass.forSelf" : "glass.forOther", { by, reader, until });
}

type ToldProps = {
  readonly model: CaseModel;
  readonly of: readonly Informed["of"][];
  readonly onClose: () => void;
};

/** Who was told: the patient, or somebody for them as long as they are not able. It stands in the record. */
function ToldSheet({ model, of, onClose }: ToldProps) {
  const { t } = useWords();
  const { t: error } = useTranslation("errors");
  const [whom, setWhom] = useState<Informed["whom"]>("patient");
  const [full, setFull] = useState(false);
  const tell = async () => {
    for (const each of of) if ((await model.sayInformed(each, whom)) !== "sent") return setFull(true);
    onClose();
  };
  return (
    <Sheet
      open
      title={t("told.title")}
      onClose={onClose}
      foot={
        <div className={caseStyles.pair}>
          <PrimaryAction onClick={() => void tell()}>{t(`told.confirm.${whom}`)}</PrimaryAction>
          <SecondaryAction wide onClick={onClose}>
            {t("told.notYet")}
          </SecondaryAction>
        </div>
      }
    >
      <div className={caseStyles.sheetForm}>
        <p>{t("told.text")}</p>
        <Segmented
          label={t("told.whom")}
          options={(["patient", "family", "guardian"] as const).map((id) => ({
            id,
            label: t(`told.${id}`),
          }))}
          chosen={whom}
          onChoose={setWhom}
        />
        {full && <p role="alert">{error("storage-full")}</p>}
      </div>
    </Sheet>
  );
}
