import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { SignaturePad, TextAction, TextArea, TextField } from "../../ui/index.ts";
import type { ConsentModel } from "./consent-model.ts";
import styles from "./Given.module.css";
import { Oral } from "./Oral.tsx";
import { Representative } from "./Representative.tsx";
import { sexContext } from "./sheet-words.ts";

type Props = { readonly model: ConsentModel; readonly phone: ReactNode };

/** How the decision is known, and by whom it was taken: the patient, or somebody for them. */
export function Given({ model, phone }: Props) {
  const { t } = useTranslation("consent");
  const { proof, giver } = useStore(model.store);
  return (
    <section className={styles.given} aria-label={t("how")}>
      {giver.kind === "representative" && proof.kind !== "emergency" && (
        <Representative model={model} giver={giver} />
      )}
      <Known model={model} phone={phone} />
      <OtherWays model={model} phone={phone} />
      {proof.kind !== "emergency" && <Whose model={model} />}
      <p className={styles.attested}>{t("attested")}</p>
    </section>
  );
}

/** The proof itself. */
function Known({ model, phone }: Props) {
  const { t } = useTranslation("consent");
  const { proof, giver } = useStore(model.store);
  const context = sexContext(model.subject.patient.sex);
  switch (proof.kind) {
    case "signature":
      return (
        <SignaturePad
          label={t(giver.kind === "patient" ? "signature" : "signatureRepresentative")}
          strokes={proof.strokes}
          onChange={(strokes) => model.setProof({ kind: "signature", strokes })}
        />
      );
    case "oral":
      return <Oral model={model} witness={proof.witness} />;
    case "non-opposition":
      return (
        <div className={styles.words}>
          <h2 className={styles.title}>{t("unopposedTitle")}</h2>
          <p>{t("unopposedText", { context })}</p>
        </div>
      );
    case "emergency":
      return (
        <div className={styles.words}>
          <h2 className={styles.title}>{t("emergencyTitle")}</h2>
          <p>{t("emergencyText", { hours: model.rules.emergencyHours })}</p>
          <TextArea
            label={t("emergencyReason")}
            hint={t("emergencyReasonHelp")}
            rows={2}
            maxLength={1000}
            value={proof.reason}
            onChange={(event) => model.setProof({ kind: "emergency", reason: event.target.value })}
          />
        </div>
      );
    case "phone":
      return phone;
  }
}

/** What else than a signature or the spoken word: the patient's own phone, no objection inside the team, an emergency. */
function OtherWays({ model, phone }: Props) {
  const { t } = useTranslation("consent");
  const proof = useStore(model.store, (state) => state.proof.kind);
  const ways = [
    { kind: "phone", offered: phone !== undefined, take: () => model.setProof({ kind: "phone" }) },
    { kind: "non-opposition", offered: model.mayGoUnopposed, take: model.sayUnopposed },
    { kind: "emergency", offered: true, take: model.sayEmergency },
  ].filter((way) => way.offered && way.kind !== proof);
  return (
    <p className={styles.ways}>
      <span className={styles.quiet}>{t("or")}</span>
      {ways.map((way) => (
        <TextAction key={way.kind} tone="link" onClick={way.take}>
          {t(`ways.${way.kind}`)}
        </TextAction>
      ))}
    </p>
  );
}

/** Whose word it is, and through whom it was said. */
function Whose({ model }: Pick<Props, "model">) {
  const { t } = useTranslation("consent");
  const { giver, interpreter } = useStore(model.store);
  const context = sexContext(model.subject.patient.sex);
  return (
    <>
      {interpreter !== null && (
        <TextField
          label={t("interpreterName")}
          value={interpreter}
          maxLength={200}
          autoComplete="off"
          onChange={(event) => model.setInterpreter(event.target.value)}
        />
      )}
      <p className={styles.ways}>
        {giver.kind === "patient" && (
          <TextAction
            tone="link"
            onClick={() =>
              model.setGiver({ kind: "representative", name: "", capacity: "guardian", second: "" })
            }
          >
            {t("representative")}
          </TextAction>
        )}
        {giver.kind === "representative" && !model.minor && (
          <TextAction tone="link" onClick={() => model.setGiver({ kind: "patient" })}>
            {t("patientDecides", { context })}
          </TextAction>
        )}
        <TextAction tone="link" onClick={() => model.setInterpreter(interpreter === null ? "" : null)}>
          {t(interpreter === null ? "interpreter" : "noInterpreter")}
        </TextAction>
      </p>
    </>
  );
}
