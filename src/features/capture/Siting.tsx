import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type BodySite, bodyRegions, bodySiteSchema, siteInWords } from "#protocol/body-sites.ts";
import type { Patient } from "#protocol/patient.ts";
import { BodyPicker, type BodyView, Field, PrimaryAction, Segmented } from "../../ui/index.ts";
import type { CaptureModel, CaptureState } from "./capture-model.ts";
import { Head } from "./Head.tsx";
import styles from "./Siting.module.css";

type Props = {
  readonly model: CaptureModel;
  readonly patient: Patient;
  readonly nowMs: number;
  readonly state: Extract<CaptureState, { step: "siting" }>;
  readonly onConfirmed: (source: "camera" | "file") => Promise<void>;
};

const bodyViews: readonly BodyView[] = ["front", "back", "head"];

/** Where the lesion is, on the patient's own left or right: said once more in the button, for sides get swapped. */
export function Siting({ model, patient, nowMs, state, onConfirmed }: Props) {
  const { t, i18n } = useTranslation("capture");
  const { t: error } = useTranslation("errors");
  const language = i18n.language === "en" ? "en" : "fr";
  const [bodyView, setBodyView] = useState<BodyView>(state.view === "fundus" ? "head" : "front");
  const [site, setSite] = useState<BodySite | null>(state.site);
  const context = patient.sex === "female" || patient.sex === "male" ? patient.sex : "other";
  const confirm = async () => {
    if (site === null) return;
    const { source } = state.shot;
    await model.confirmSite(site);
    if (model.store.getState().step === "closed") await onConfirmed(source);
  };
  return (
    <div className={styles.screen}>
      <Head
        patient={patient}
        nowMs={nowMs}
        back={{ icon: "back", label: t("site.back") }}
        onDone={model.back}
      />
      <main className={styles.main}>
        <div className={styles.ask}>
          <h1 className={styles.title} tabIndex={-1}>
            {t("site.title")}
          </h1>
          <Segmented
            label={t("site.views.label")}
            options={bodyViews.map((id) => ({ id, label: t(`site.views.${id}`) }))}
            chosen={bodyView}
            onChoose={setBodyView}
          />
        </div>
        <BodyPicker view={bodyView} site={site} onPick={setSite} />
        <div className={styles.list}>
          <SiteList site={site} language={language} onPick={setSite} />
        </div>
      </main>
      <footer className={styles.bar}>
        <div className={styles.inner}>
          <p className={styles.site} aria-live="polite">
            {site === null ? (
              <span className={styles.quiet}>{t("site.choose")}</span>
            ) : (
              <>
                <span className={styles.words}>{siteInWords(site, language)}</span>
                {(site.laterality === "L" || site.laterality === "R") && (
                  <span className={styles.quiet}>
                    {t(site.laterality === "L" ? "site.theirs" : "site.theirsRight", { context })}
                  </span>
                )}
              </>
            )}
          </p>
          {state.error !== null && (
            <p className={styles.failed} role="alert">
              <strong>{t("site.failed")}</strong> {error(state.error)}
            </p>
          )}
          <PrimaryAction
            tall
            busy={state.saving}
            heldBy={site === null ? t("site.hold") : null}
            onClick={() => void confirm()}
          >
            {t(state.saving ? "site.saving" : verbOf(site))}
          </PrimaryAction>
        </div>
      </footer>
    </div>
  );
}

function verbOf(site: BodySite | null): string {
  if (site?.laterality === "L") return "site.left";
  if (site?.laterality === "R") return "site.right";
  return site?.laterality === "B" ? "site.both" : "site.unpaired";
}

type ListProps = {
  readonly site: BodySite | null;
  readonly language: "fr" | "en";
  readonly onPick: (site: BodySite) => void;
};

/** Every place by its name: what the drawing is too small for, and the way without a pointer. */
function SiteList({ site, language, onPick }: ListProps) {
  const { t } = useTranslation("capture");
  const places = bodyRegions
    .flatMap((region) =>
      (region.sided ? (["L", "R", "B"] as const) : (["U"] as const)).map(
        (laterality): BodySite => ({ region: region.id, laterality }),
      ),
    )
    .map((each) => ({ id: `${each.region} ${each.laterality}`, words: siteInWords(each, language) }))
    .sort((a, b) => a.words.localeCompare(b.words, language));
  const pick = (id: string) => {
    const [region, laterality] = id.split(" ");
    const parsed = bodySiteSchema.safeParse({ region, laterality });
    if (parsed.success) onPick(parsed.data);
  };
  return (
    <Field label={t("site.list")}>
      {(tie) => (
        <select
          {...tie}
          className={styles.select}
          value={site === null ? "" : `${site.region} ${site.laterality}`}
          onChange={(event) => pick(event.target.value)}
        >
          <option value="" disabled>
            {t("site.listBlank")}
          </option>
          {places.map((each) => (
            <option key={each.id} value={each.id}>
              {each.words}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
