import { type ReactNode, type SyntheticEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useStore } from "zustand";
import { maxReason, minReason } from "#protocol/glass.ts";
import { fullName } from "#protocol/people.ts";
import { OptionList, PrimaryAction, SecondaryAction, Sheet, TextArea } from "../../ui/index.ts";
import type { AdmissionModel, AdmissionState } from "./admission-model.ts";
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
  /** Who is meant from the beginning; null to choose a colleague; this device's own emergency while the registry is silent. */
  readonly reader: { readonly userId: string } | "here" | null;
  readonly onClose: () => void;
};

/**
 * Lets somebody into the case: the consent first; where it ends, the patient is asked anew, or in an emergency the glass is broken, with a
 * reason that everybody reads.
 */
export function AdmissionSheet({ model, view, reader, onClose }: Props) {
  const [admission] = useState(() =>
    reader === "here" ? model.newEmergencyHere() : model.newAdmission(reader?.userId ?? null),
  );
  return admission === null ? null : <Steps admission={admission} view={view} onClose={onClose} />;
}

type StepsProps = Omit<Props, "model" | "reader"> & { readonly admission: AdmissionModel };
/** One sheet from the first question to the last answer: the focus stays inside, its title says where one is. */
type Part = { readonly title: string; readonly foot?: ReactNode; readonly body: ReactNode };

function Steps({ admission, view, onClose }: StepsProps) {
  const state = useStore(admission.store);
  const emergency = useEmergency({ admission, view, onClose });
  const choose = useChoice(admission);
  const refused = useRefusal({ admission, view });
  const ended = useEnd({ view, onClose });
  const part: Part =
    state.at === "choosing"
      ? choose
      : state.at === "refused"
        ? refused(state)
        : state.at === "emergency" || state.at === "breaking"
          ? emergency(state)
          : ended(state);
  return (
    <Sheet open title={part.title} foot={part.foot} onClose={onClose}>
      {part.body}
    </Sheet>
  );
}

function useChoice(admission: AdmissionModel): Part {
  const { t } = useWords();
  return {
    title: t("admission.title"),
    body: (
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
    ),
  };
}

type At<K extends AdmissionState["at"]> = Extract<AdmissionState, { at: K }>;

/** Whom the consent covers, and the two ways on. */
function useRefusal({ admission, view }: Omit<StepsProps, "onClose">): (state: At<"refused">) => Part {
  const words = useWords();
  const { t } = words;
  const { t: error } = useTranslation("errors");
  const [, go] = useLocation();
  const covered = view.consent?.consent.recipients ?? [];
  return ({ reader, reason, mayBreak }) => {
    const who = personName(reader, view.directory, "full");
    return {
      title: t("admission.refusedTitle", { who }),
      foot: (
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
      ),
      body: (
        <div className={styles.sheetForm} role="status">
          {/* The title says it all of an audience that is not covered. */}
          {reason !== "audience-not-covered" && <p>{error(reason)}</p>}
          {covered.length > 0 && (
            <div>
              <p className={styles.quiet}>{t("admission.covers")}</p>
              <ul>
                {covered.map((each) => (
                  <li key={JSON.stringify(each)}>{addresseeInWords(t, each, view.directory)}</li>
                ))}
              </ul>
            </div>
          )}
          <p>{t("admission.ways", { who })}</p>
        </div>
      ),
    };
  };
}

/** The glass: for whom, for how long, who will know; and why, in words that everybody reads. */
function useEmergency({
  admission,
  view,
  onClose,
}: StepsProps): (state: At<"emergency" | "breaking">) => Part {
  const words = useWords();
  const { t } = words;
  const [reason, setReason] = useState("");
  const form = useId();
  const { here } = admission;
  const minutes = (here ? view.rules?.localGlassMinutes : view.rules?.glassMinutes) ?? 0;
  const until = longMoment(words, view.nowMs + minutes * 60_000);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    void admission.breakGlass(reason);
  };
  return (state) => {
    const mine = state.reader === view.me;
    const busy = state.at === "breaking";
    const lacking = state.at === "emergency" && state.lack === "reason";
    const who = personName(state.reader, view.directory, "full");
    return {
      title: t(mine ? "admission.glassTitleMine" : "admission.glassTitle", { who }),
      foot: (
        <div className={styles.pair}>
          <PrimaryAction type="submit" form={form} tall busy={busy}>
            {t(busy ? "admission.breaking" : here ? "admission.breakHere" : "admission.breakGlass", {
              hours: Math.round(minutes / 60),
              minutes,
            })}
          </PrimaryAction>
          <SecondaryAction wide onClick={onClose}>
            {t("admission.giveUp")}
          </SecondaryAction>
        </div>
      ),
      body: (
        <form id={form} className={styles.sheetForm} onSubmit={submit}>
          <p>
            {t(here ? "admission.hereText" : mine ? "admission.glassTextMine" : "admission.glassText", {
              who,
              until,
            })}
          </p>
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
      ),
    };
  };
}

/** Waiting for the archivist's answer, and the answer. */
function useEnd({
  view,
  onClose,
}: Omit<StepsProps, "admission">): (state: At<"asking" | "failed" | "done">) => Part {
  const { t } = useWords();
  const { t: error } = useTranslation("errors");
  return (state) => {
    const who = personName(state.reader, view.directory, "full");
    const title = t("admission.title");
    if (state.at === "asking") return { title, body: <p role="status">{t("admission.asking", { who })}</p> };
    if (state.at === "failed")
      return {
        title,
        foot: (
          <SecondaryAction wide onClick={onClose}>
            {t("admission.close")}
          </SecondaryAction>
        ),
        body: (
          <p role="alert">
            <strong>{t("admission.failed", { who })}</strong> {error(state.error)}
          </p>
        ),
      };
    return {
      title,
      foot: <PrimaryAction onClick={onClose}>{t("admission.back")}</PrimaryAction>,
      body: <p role="status">{t(`admission.done.${doneBy(state, view.me)}`, { who })}</p>,
    };
  };
}

const doneBy = ({ by, reader }: At<"done">, me: string) => (by === "glass" && reader === me ? "me" : by);
