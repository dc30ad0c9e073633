import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { SecondaryAction, TextField } from "../../ui/index.ts";
import type { ConsentModel } from "./consent-model.ts";
import styles from "./Oral.module.css";
import { sexContext } from "./sheet-words.ts";

/**
 * Spoken before a witness. The usual case is two taps: "she says yes to both, aloud", then the colleague who stands by, whose
 * name records it. Nobody is a witness without being named by a person.
 */
export function Oral({ model, witness }: { model: ConsentModel; witness: string }) {
  const { t } = useTranslation("consent");
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // The witness is the next act: the whole of it comes into view, not its title alone.
    title.current?.focus({ preventScroll: true });
    title.current?.parentElement?.scrollIntoView({ block: "center" });
  }, []);
  const { granted, giver, witnesses } = useStore(model.store);
  const context = giver.kind === "patient" ? sexContext(model.subject.patient.sex) : "other";
  const both = granted.has("opinion") && model.care.every(({ purpose }) => granted.has(purpose));
  const ready = model.lack() === null || model.lack() === "witness-missing";
  return (
    <section className={styles.oral} aria-labelledby="oral-title">
      <h2 ref={title} id="oral-title" tabIndex={-1} className={styles.title}>
        {t("oralTitle")}
      </h2>
      <p>{both ? t("oralText", { context }) : t("oralPart")}</p>
      {ready && witnesses.length > 0 && (
        <ul className={styles.near}>
          {witnesses.map((name) => (
            <li key={name}>
              <SecondaryAction wide onClick={() => void model.recordBefore(name)}>
                {t("recordBefore", { name })}
              </SecondaryAction>
            </li>
          ))}
        </ul>
      )}
      <TextField
        label={t("witness")}
        hint={t("witnessHelp")}
        value={witness}
        maxLength={200}
        autoComplete="off"
        onChange={(event) => model.setProof({ kind: "oral", witness: event.target.value })}
      />
    </section>
  );
}
