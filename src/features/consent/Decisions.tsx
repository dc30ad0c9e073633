import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import type { Purpose } from "#protocol/consent.ts";
import { shortName } from "#protocol/people.ts";
import { Switch, TextAction, TextField } from "../../ui/index.ts";
import { civilName } from "../patient/index.ts";
import type { ConsentModel } from "./consent-model.ts";
import styles from "./Decisions.module.css";
import { filming, otherUses } from "./purposes.ts";
import { ofRecipient } from "./sheet-words.ts";

/** Each purpose its own decision, each off until somebody chooses; each says who would see. What care never needs is folded away. */
export function Decisions({ model }: { model: ConsentModel }) {
  const { t } = useTranslation("consent");
  const { granted, othersOpen, proof } = useStore(model.store);
  const { patient, recipients } = model.subject;
  const words = [t("yes"), t("no")] as const;
  const row = (purpose: Purpose, label: string, detail: string | null) => (
    <Switch
      key={purpose}
      label={label}
      detail={detail}
      words={words}
      checked={granted.has(purpose)}
      onChange={(yes) => model.choose(purpose, yes)}
    />
  );
  const say = (key: string, values: Readonly<Record<string, string | number>> = {}) => t(key, values);
  const given = civilName(patient.given);
  const pictures = model.minor ? t("picturesChild", { given }) : t("pictures");
  return (
    <section className={styles.decisions} aria-label={t("choices")}>
      {row(
        "opinion",
        recipients.length > 1
          ? t("opinionOfMany")
          : t("opinion", { of: ofRecipient(say, recipients[0], model.clinicians, model.teams) }),
        null,
      )}
      {model.care.map(({ purpose, people }) =>
        row(
          purpose,
          model.care.length > 1 ? t(`picturesTo.${purpose}`) : pictures,
          t("picturesHelp", { who: people.map(shortName).join(", ") }),
        ),
      )}
      {proof.kind !== "emergency" && row(filming, t("video"), t("videoHelp"))}
      {othersOpen && proof.kind !== "emergency" && <OtherUses model={model} row={row} />}
      {!othersOpen && proof.kind !== "emergency" && (
        <TextAction tone="link" onClick={model.openOthers}>
          {t("others")}
        </TextAction>
      )}
    </section>
  );
}

type OthersProps = {
  readonly model: ConsentModel;
  readonly row: (purpose: Purpose, label: string, detail: string | null) => React.ReactNode;
};

function OtherUses({ model, row }: OthersProps) {
  const { t } = useTranslation("consent");
  const { granted, project } = useStore(model.store);
  return (
    <>
      {otherUses.map((use) => row(use, t(use), t(`${use}Help`, { hospital: model.hospital })))}
      {granted.has("research") && (
        <TextField
          label={t("project")}
          hint={t("projectHelp")}
          value={project}
          maxLength={200}
          autoComplete="off"
          onChange={(event) => model.setProject(event.target.value)}
        />
      )}
    </>
  );
}
