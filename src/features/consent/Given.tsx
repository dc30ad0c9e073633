import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { SignaturePad, TextAction } from "../../ui/index.ts";
import type { ConsentModel } from "./consent-model.ts";
import styles from "./Given.module.css";
import { Oral } from "./Oral.tsx";
import { Representative } from "./Representative.tsx";
import { sexContext } from "./sheet-words.ts";

/** How the decision is known: a signature drawn here, or words spoken before a witness; by the patient, or by somebody for them. */
export function Given({ model }: { model: ConsentModel }) {
  const { t } = useTranslation("consent");
  const { proof, giver } = useStore(model.store);
  const context = sexContext(model.subject.patient.sex);
  return (
    <section className={styles.given} aria-label={t("how")}>
      {giver.kind === "representative" && <Representative model={model} giver={giver} />}
      {proof.kind === "signature" ? (
        <SignaturePad
          label={t(giver.kind === "patient" ? "signature" : "signatureRepresentative")}
          strokes={proof.strokes}
          onChange={(strokes) => model.setProof({ kind: "signature", strokes })}
        />
      ) : (
        <Oral model={model} witness={proof.witness} />
      )}
      {giver.kind === "patient" && (
        <TextAction
          tone="link"
          onClick={() => model.setGiver({ kind: "representative", name: "", capacity: "guardian" })}
        >
          {t("representative")}
        </TextAction>
      )}
      {giver.kind === "representative" && !model.minor && (
        <TextAction tone="link" onClick={() => model.setGiver({ kind: "patient" })}>
          {t("patientDecides", { context })}
        </TextAction>
      )}
      <p className={styles.attested}>{t("attested")}</p>
    </section>
  );
}
