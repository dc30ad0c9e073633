import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import type { Request } from "#protocol/events.ts";
import { maxAmendReason } from "#protocol/opinion.ts";
import type { Clinician } from "#protocol/people.ts";
import { localeOf } from "../../i18n/locale.ts";
import { Icon, RuledTextarea, Segmented, TextField } from "../../ui/index.ts";
import { ageInYears, birthDateInWords } from "../patient/index.ts";
import { Letter } from "./Letter.tsx";
import styles from "./OpinionScreen.module.css";
import type { Hold, OpinionModel, Section } from "./opinion-model.ts";
import { SignBar } from "./SignBar.tsx";

type Props = {
  readonly model: OpinionModel;
  /** What is answered. */
  readonly request: Request;
  readonly requester: Clinician | undefined;
  readonly author: Clinician | undefined;
  readonly nowMs: number;
  readonly onClose: () => void;
  readonly onGiven: () => void;
};

/** The answer in the order in which a colleague reads it; kept as it is written, signed once. */
export function OpinionScreen({ model, request, requester, author, nowMs, onClose, onGiven }: Props) {
  const { t } = useTranslation("opinion");
  const { text, kept, step, loaded } = useStore(model.store);
  const [letter, setLetter] = useState(false);
  const sex = sexContext(request);
  useEffect(() => {
    if (step.at === "given") onGiven();
  }, [step, onGiven]);
  const write = (section: Section, rows = 2) => (
    <RuledTextarea
      label={t(`sections.${section}`)}
      labelShown
      rows={rows}
      className={styles.voice}
      placeholder={t(`placeholders.${section}`)}
      value={text[section]}
      onChange={(event) => model.write(section, event.target.value)}
      data-section={section}
    />
  );

  return (
    <div className={styles.page}>
      <Band
        request={request}
        nowMs={nowMs}
        onClose={onClose}
        kept={kept === "nothing" ? "" : t(`kept.${kept}`)}
      />
      <main className={styles.main} aria-busy={!loaded}>
        <aside className={styles.asked} aria-label={t("question")}>
          <p className={styles.label}>{t("question")}</p>
          <p className={styles.question}>{request.question}</p>
        </aside>
        <div className={styles.form}>
          {model.amends !== null && <Why model={model} />}
          {write("findings")}
          {write("assessment", 1)}
          <Segmented
            label={t("certainty.label")}
            options={(["possible", "probable", "very-probable", "certain"] as const).map((id) => ({
              id,
              label: t(`certainty.${id}`),
            }))}
            chosen={text.certainty}
            onChoose={model.setCertainty}
          />
          {write("plan")}
          {write("ifWorse", 1)}
          <fieldset className={styles.inPerson}>
            <legend className={styles.label}>{t("inPerson.label", { context: sex })}</legend>
            <Segmented
              label={t("inPerson.label", { context: sex })}
              options={[
                { id: "yes", label: t("inPerson.yes") },
                { id: "no", label: t("inPerson.no") },
              ]}
              chosen={text.inPerson === null ? null : text.inPerson ? "yes" : "no"}
              onChoose={(id) => model.setInPerson(id === "yes")}
            />
            {text.inPerson === true && (
              <TextField
                label={t("inPerson.when")}
                placeholder={t("inPerson.whenPlaceholder")}
                value={text.when}
                maxLength={300}
                data-section="when"
                onChange={(event) => model.setWhen(event.target.value)}
              />
            )}
          </fieldset>
          {write("limits", 1)}
        </div>
      </main>
      <SignBar
        model={model}
        request={request}
        requester={requester}
        onLetter={() => setLetter(true)}
        onHeld={focusOn}
      />
      <Letter
        open={letter}
        onClose={() => setLetter(false)}
        text={text}
        request={request}
        requester={requester}
        author={author}
        photos={model.pictures()}
      />
    </div>
  );
}

/** Of a later version: whether something was added or wrong, and what. */
function Why({ model }: { model: OpinionModel }) {
  const { t, i18n } = useTranslation("opinion");
  const { text } = useStore(model.store);
  const signedAt = new Intl.DateTimeFormat(localeOf(i18n.language), {
    dateStyle: "long",
    timeStyle: "short",
  }).format(Date.parse(model.amends?.opinion.signedAt ?? ""));
  return (
    <fieldset className={styles.inPerson}>
      <legend className={styles.label}>{t("amend.title", { date: signedAt })}</legend>
      <p>{t("amend.text")}</p>
      <Segmented
        label={t("amend.how")}
        options={(["completed", "corrected"] as const).map((id) => ({ id, label: t(`amend.${id}`) }))}
        chosen={text.how}
        onChoose={model.setHow}
      />
      <TextField
        label={t("amend.reason")}
        hint={t("amend.reasonHint")}
        value={text.reason}
        maxLength={maxAmendReason}
        data-section="reason"
        onChange={(event) => model.setReason(event.target.value)}
      />
    </fieldset>
  );
}

/** Leads the eye and the keyboard to what lacks. */
function focusOn(hold: Hold): void {
  const fields: Partial<Record<Hold, string>> = {
    assessment: "assessment",
    plan: "plan",
    "if-worse": "ifWorse",
    when: "when",
    unchanged: "assessment",
    reason: "reason",
  };
  const choices: Partial<Record<Hold, string>> = { certainty: "possible", how: "completed" };
  const section = fields[hold];
  const found =
    section === undefined ? `[data-id='${choices[hold] ?? "yes"}']` : `[data-section='${section}']`;
  document.querySelector<HTMLElement>(found)?.focus();
}

const sexContext = ({ patient }: Request): "female" | "male" | "other" =>
  patient.sex === "female" || patient.sex === "male" ? patient.sex : "other";

type BandProps = {
  readonly request: Request;
  readonly nowMs: number;
  readonly kept: string;
  readonly onClose: () => void;
};

const majority = 18;

function Band({ request, nowMs, kept, onClose }: BandProps) {
  const { t } = useTranslation("opinion");
  const { patient } = request;
  const age = ageInYears(patient.birthDate, nowMs);
  const traits = [
    age === null ? null : t("patient.age", { count: age }),
    t(`patient.${age !== null && age < majority ? "child" : "adult"}.${patient.sex}`),
    birthDateInWords(patient.birthDate),
  ].filter((part) => part !== null);
  return (
    <header className={styles.band}>
      <button type="button" className={styles.close} onClick={onClose} aria-label={t("back")}>
        <Icon name="back" />
      </button>
      <div className={styles.who}>
        <h1 className={styles.name} tabIndex={-1}>
          <bdi>
            <span className={styles.family}>{patient.family}</span> {patient.given}
          </bdi>
        </h1>
        <p className={styles.traits}>
          {traits.join(" · ")} · <strong>{t(`patient.${patient.identity}`)}</strong>
        </p>
      </div>
      <p className={styles.kept} role="status">
        {kept}
      </p>
    </header>
  );
}
