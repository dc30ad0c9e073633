import { type SyntheticEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useStore } from "zustand";
import { maxReason, minReason } from "#protocol/glass.ts";
import { fullName } from "#protocol/people.ts";
import { OptionList, PrimaryAction, SecondaryAction, Sheet, TextArea } from "../../ui/index.ts";
import type { AdmissionModel } from "./admission-model.ts";
import styles from "./case.module.css";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase } from "./case-view.ts";
import { useWords } from "./use-words.ts";
import { caseAddress } from "./WorklistRow.tsx";
import { longMoment } from "./words.ts";
import { addresseeInWords, personName } from "./worklist.ts";

type Props = {
  readonly model: CaseModel;
  readonly view: OpenCase;
  /** Who is meant from the beginning; null to choose a colleague. */
  readonly reader: string | null;
  readonly onClose: () => void;
};

/**
 * Lets somebody into the case: the consent first; where it ends, the patient is asked anew, or in an emergency the glass is broken, with a
 * reason that everybody reads.
 */
export function AdmissionSheet({ model, view, reader, onClose }: Props) {
  const [admission] = useState(() => model.newAdmission(reader));
  return admission === null ? null : (
    <Steps admission={admission} view={view} reader={reader} onClose={onClose} />
  );
}

type StepsProps = Omit<Props, "model"> & { readonly admission: AdmissionModel };

function Steps({ admission, view, onClose }: StepsProps) {
  const { t } = useWords();
  const { t: error } = useTranslation("errors");
  const state = useStore(admission.store);
  const who = state.at === "choosing" ? "" : personName(state.reader, view.directory, "full");
  switch (state.at) {
    case "choosing":
      return <Choose admission={admission} onClose={onClose} />;
    case "asking":
      return (
        <Sheet open title={t("admission.title")} onClose={onClose}>
          <p role="status">{t("admission.asking", { who })}</p>
        </Sheet>
      );
    case "refused":
      return (
        <Refused
          admission={admission}
          view={view}
          onClose={onClose}
          reader={state.reader}
          mayBreak={state.mayBreak}
          reason={state.reason === "audience-not-covered" ? null : error(state.reason)}
        />
      );
    case "emergency":
    case "breaking":
      return (
        <Emergency
          admission={admission}
          view={view}
          onClose={onClose}
          reader={state.reader}
          busy={state.at === "breaking"}
          lacking={state.at === "emergency" && state.lack === "reason"}
        />
      );
    case "failed":
      return (
        <Sheet
          open
          title={t("admission.title")}
          onClose={onClose}
          foot={
            <SecondaryAction wide onClick={onClose}>
              {t("admission.close")}
            </SecondaryAction>
          }
        >
          <p role="alert">
            <strong>{t("admission.failed", { who })}</strong> {error(state.error)}
          </p>
        </Sheet>
      );
    case "done":
      return (
        <Sheet
          open
          title={t("admission.title")}
          onClose={onClose}
          foot={<PrimaryAction onClick={onClose}>{t("admission.back")}</PrimaryAction>}
        >
          <p role="status">{t(`admission.done.${state.reader === view.me ? "me" : state.by}`, { who })}</p>
        </Sheet>
      );
  }
}

function Choose({ admission, onClose }: Pick<StepsProps, "admission" | "onClose">) {
  const { t } = useWords();
  return (
    <Sheet open title={t("admission.title")} onClose={onClose}>
      <div className={styles.sheetForm}>
        <p>{t("admission.text")}</p>
        <OptionList
          label={t("admission.colleagues")}
          options={admission.colleagues.map((each) => ({
            id: each.userId,
            label: fullName(each),
            detail: t(`specialty.${each.specialty}`),
          }))}
          onChoose={(userId) => void admission.add(userId)}
        />
      </div>
    </Sheet>
  );
}

type RefusedProps = Omit<StepsProps, "reader"> & {
  readonly reader: string;
  /** Null when the title says it all. */
  readonly reason: string | null;
  readonly mayBreak: boolean;
};

/** Whom the consent covers, and the two ways on. */
function Refused({ admission, view, onClose, reader, reason, mayBreak }: RefusedProps) {
  const words = useWords();
  const { t } = words;
  const [, go] = useLocation();
  const who = personName(reader, view.directory, "full");
  const covered = view.consent?.consent.recipients ?? [];
  return (
    <Sheet
      open
      title={t("admission.refusedTitle", { who })}
      onClose={onClose}
      foot={
        <div className={styles.pair}>
          <PrimaryAction onClick={() => go(`${caseAddress(view.key)}/accord/${encodeURIComponent(reader)}`)}>
            {t("admission.askPatient")}
          </PrimaryAction>
          {mayBreak && (
            <SecondaryAction wide onClick={admission.toEmergency}>
              {t("admission.emergency")}
            </SecondaryAction>
          )}
        </div>
      }
    >
      <div className={styles.sheetForm}>
        {reason !== null && <p role="alert">{reason}</p>}
        {covered.length > 0 && (
          <div>
            <p className={styles.quiet}>{t("admission.covers")}</p>
            <ul>
              {covered.map((each) => (
                <li key={JSON.stringify(each)}>{addresseeInWords(words.t, each, view.directory)}</li>
              ))}
            </ul>
          </div>
        )}
        <p>{t("admission.ways", { who })}</p>
      </div>
    </Sheet>
  );
}

type EmergencyProps = Omit<StepsProps, "reader"> & {
  readonly reader: string;
  readonly busy: boolean;
  readonly lacking: boolean;
};

/** The glass: for whom, for how long, who will know; and why, in words that everybody reads. */
function Emergency({ admission, view, onClose, reader, busy, lacking }: EmergencyProps) {
  const words = useWords();
  const { t } = words;
  const [reason, setReason] = useState("");
  const form = useId();
  const mine = reader === view.me;
  const who = personName(reader, view.directory, "full");
  const minutes = view.rules?.glassMinutes ?? 0;
  const until = longMoment(words, view.nowMs + minutes * 60_000);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    void admission.breakGlass(reason);
  };
  return (
    <Sheet
      open
      title={t(mine ? "admission.glassTitleMine" : "admission.glassTitle", { who })}
      onClose={onClose}
      foot={
        <div className={styles.pair}>
          <PrimaryAction type="submit" form={form} tall busy={busy}>
            {t(busy ? "admission.breaking" : "admission.breakGlass", { hours: Math.round(minutes / 60) })}
          </PrimaryAction>
          <SecondaryAction wide onClick={onClose}>
            {t("admission.giveUp")}
          </SecondaryAction>
        </div>
      }
    >
      <form id={form} className={styles.sheetForm} onSubmit={submit}>
        <p>{t(mine ? "admission.glassTextMine" : "admission.glassText", { who, until })}</p>
        <p>
          <strong>{t("admission.glassKnown")}</strong>
        </p>
        <TextArea
          label={t("admission.reason")}
          hint={t("admission.reasonHelp", { least: minReason })}
          rows={3}
          maxLength={maxReason}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          error={lacking ? t("admission.reasonMissing", { least: minReason }) : undefined}
        />
      </form>
    </Sheet>
  );
}
