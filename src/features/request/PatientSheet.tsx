import { type FormEvent, type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import type { Patient } from "#protocol/patient.ts";
import {
  Banner,
  PrimaryAction,
  SecondaryAction,
  Segmented,
  Sheet,
  TextAction,
  TextField,
} from "../../ui/index.ts";
import { spokenName } from "../patient/index.ts";
import { PatientCard } from "./PatientCard.tsx";
import styles from "./PatientSheet.module.css";
import type { PatientSearchModel } from "./patient-search-model.ts";
import { longDay, sexContext } from "./patient-traits.ts";
import type { RequestModel } from "./request-model.ts";

type Props = { readonly model: RequestModel; readonly open: boolean; readonly onClose: () => void };

/** The patient of a new request. */
export function PatientSheet({ model, open, onClose }: Props) {
  return (
    <PatientFinder
      newSearch={model.newSearch}
      nowMs={model.clock()}
      open={open}
      onClose={onClose}
      onChosen={(patient) => void model.setPatient(patient)}
      warning={(patient) => <Dropped model={model} next={patient} />}
    />
  );
}

type FinderProps = {
  readonly newSearch: () => PatientSearchModel;
  readonly nowMs: number;
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onChosen: (patient: Patient) => void;
  /** What to know before this one is chosen. */
  readonly warning?: (patient: Patient) => ReactNode;
};

/** Finds the patient in the record, and asks whether it is the right one. Nothing is created here. */
export function PatientFinder({ newSearch, nowMs, open, onClose, onChosen, warning }: FinderProps) {
  const { t } = useTranslation("request");
  const search = useMemo(() => ({ forOpening: open, model: newSearch() }), [newSearch, open]).model;
  const step = useStore(search.store, (state) => state.step);
  const confirm = (patient: Patient) => {
    onChosen(patient);
    onClose();
  };
  return (
    <Sheet
      open={open}
      title={t(step.at === "confirming" ? "patient.confirmTitle" : "patient.title")}
      onClose={onClose}
      foot={
        step.at === "confirming" ? (
          <Confirm search={search} patient={step.patient} onYes={confirm} />
        ) : undefined
      }
    >
      {step.at === "confirming" ? (
        <div className={styles.stack}>
          <PatientCard patient={step.patient} nowMs={nowMs} large />
          {warning?.(step.patient)}
        </div>
      ) : (
        <div className={styles.stack}>
          {step.at !== "several" && <SearchForm search={search} />}
          <Found search={search} nowMs={nowMs} />
        </div>
      )}
    </Sheet>
  );
}

function SearchForm({ search }: { search: PatientSearchModel }) {
  const { t, i18n } = useTranslation("request");
  const { traits, step } = useStore(search.store);
  const birthDate = search.birthDate();
  const unreadable = step.at === "unreadable" ? step.field : null;
  const fault = (field: typeof unreadable) =>
    unreadable === field ? t(`patient.unreadable.${field}`) : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void search.search();
  };
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <Segmented
        label={t("patient.by")}
        options={[
          { id: "traits", label: t("patient.traits") },
          { id: "identifier", label: t("patient.identifier") },
        ]}
        chosen={traits.by}
        onChoose={(by) => search.type({ by })}
      />
      {traits.by === "traits" ? (
        <>
          <TextField
            label={t("patient.family")}
            error={fault("family")}
            value={traits.family}
            autoComplete="off"
            autoCapitalize="words"
            spellCheck={false}
            dir="auto"
            onChange={(event) => search.type({ family: event.target.value })}
          />
          <TextField
            label={`${t("patient.given")} (${t("patient.optional")})`}
            value={traits.given}
            autoComplete="off"
            autoCapitalize="words"
            spellCheck={false}
            dir="auto"
            onChange={(event) => search.type({ given: event.target.value })}
          />
          <TextField
            label={t("patient.birthDate")}
            hint={
              birthDate === null
                ? t("patient.birthDateHelp")
                : t("patient.understood", { date: longDay(birthDate, i18n.language) })
            }
            error={fault("birthDate")}
            value={traits.birthDate}
            inputMode="numeric"
            autoComplete="off"
            onChange={(event) => search.type({ birthDate: event.target.value })}
          />
        </>
      ) : (
        <TextField
          label={t("patient.identifierLabel")}
          error={fault("identifier")}
          value={traits.identifier}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => search.type({ identifier: event.target.value })}
        />
      )}
      <PrimaryAction type="submit" busy={step.at === "searching"}>
        {t(step.at === "searching" ? "patient.searching" : "patient.search")}
      </PrimaryAction>
    </form>
  );
}

function Found({ search, nowMs }: { search: PatientSearchModel; nowMs: number }) {
  const { t } = useTranslation("request");
  const { t: error } = useTranslation("errors");
  const step = useStore(search.store, (state) => state.step);
  if (step.at === "none")
    return (
      <Banner>
        <strong>{t("patient.none")}</strong> {t("patient.noneHelp")}
      </Banner>
    );
  if (step.at === "failed")
    return (
      <Banner
        tone="urgent"
        action={
          <TextAction tone="link" onClick={() => void search.search()}>
            {t("patient.retry")}
          </TextAction>
        }
      >
        {error(step.error)} {t("patient.failedHelp")}
      </Banner>
    );
  if (step.at !== "several") return null;
  return (
    <section aria-live="polite">
      <h3 className={styles.several}>{t("patient.several", { count: step.matches.length })}</h3>
      <ul className={styles.matches}>
        {step.matches.map((patient) => (
          <li key={patient.recordId}>
            <button type="button" className={styles.match} onClick={() => search.choose(patient)}>
              <PatientCard patient={patient} nowMs={nowMs} />
            </button>
          </li>
        ))}
      </ul>
      {step.more && <p className={styles.more}>{t("patient.more")}</p>}
      <TextAction tone="link" onClick={search.back}>
        {t("patient.narrow")}
      </TextAction>
    </section>
  );
}

/** The foot: yes in the patient's own gender, or back to the search. */
function Confirm({
  search,
  patient,
  onYes,
}: {
  search: PatientSearchModel;
  patient: Patient;
  onYes: (patient: Patient) => void;
}) {
  const { t } = useTranslation("request");
  return (
    <div className={styles.confirm}>
      <PrimaryAction tall onClick={() => onYes(patient)}>
        {t("patient.yes", { context: sexContext(patient.sex) })}
      </PrimaryAction>
      <SecondaryAction wide onClick={search.back}>
        {t("patient.no")}
      </SecondaryAction>
    </div>
  );
}

/** What of the draft goes with a change of patient, said before. */
function Dropped({ model, next }: { model: RequestModel; next: Patient }) {
  const { t } = useTranslation("request");
  const { draft, photos } = useStore(model.store);
  if (draft.patient === null || draft.consent === null || draft.patient.recordId === next.recordId)
    return null;
  const name = spokenName(draft.patient);
  return (
    <Banner tone="urgent">
      {photos.length === 0
        ? t("patient.dropsConsent", { name })
        : t("patient.drops", { count: photos.length, name })}
    </Banner>
  );
}
