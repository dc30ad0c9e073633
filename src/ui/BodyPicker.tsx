import { useTranslation } from "react-i18next";
import { type BodyRegionId, type BodySite, regionOf, siteInWords } from "#protocol/body-sites.ts";
import styles from "./BodyPicker.module.css";
import { drawings, type Zone } from "./body-drawings.ts";

export type BodyView = keyof typeof drawings;

type Props = {
  readonly view: BodyView;
  readonly site: BodySite | null;
  readonly onPick: (site: BodySite) => void;
};

/**
 * Where on the body. Sides are the patient's own: seen from behind they stand as one's own, seen from the front they are crossed, and the
 * words "left" and "right" always say so. Each region is a button with its name.
 */
export function BodyPicker({ view, site, onPick }: Props) {
  const { t, i18n } = useTranslation("ui");
  const language = i18n.language === "en" ? "en" : "fr";
  const drawing = drawings[view];
  const [first, second] =
    view === "back"
      ? ([t("sides.left"), t("sides.right")] as const)
      : ([t("sides.right"), t("sides.left")] as const);
  return (
    <div className={styles.picker}>
      <p className={styles.sides}>
        <span>{first}</span>
        <span>{second}</span>
      </p>
      {/* biome-ignore lint/a11y/useSemanticElements: an SVG of buttons is a group, and cannot be a fieldset */}
      <svg className={styles.body} viewBox={drawing.viewBox} role="group" aria-label={t("body")}>
        {drawing.outline.map((d) => (
          <path key={d} d={d} className={styles.outline} />
        ))}
        {drawing.lines.map((d) => (
          <path key={d} d={d} className={styles.inkLine} />
        ))}
        {drawing.folds.map((d) => (
          <path key={d} d={d} className={styles.fold} />
        ))}
        {drawing.zones.flatMap((zone) =>
          sidesOf(view, zone).map(({ laterality, mirrored }) => {
            const here: BodySite = { region: zone.region, laterality };
            const picked =
              site !== null && site.region === here.region && site.laterality === here.laterality;
            const pick = () => onPick(here);
            return (
              // biome-ignore lint/a11y/useSemanticElements: an SVG shape cannot be a button element
              <path
                key={`${zone.region}${laterality}${zone.d}`}
                d={zone.d}
                transform={mirrored ? drawing.mirror : undefined}
                role="button"
                tabIndex={0}
                aria-pressed={picked}
                aria-label={siteInWords(here, language)}
                className={picked ? styles.picked : styles.zone}
                onClick={pick}
                onKeyDown={(event) => {
                  if (event.key !== "Enter" && event.key !== " ") return;
                  event.preventDefault();
                  pick();
                }}
              />
            );
          }),
        )}
      </svg>
    </div>
  );
}

type Side = { readonly laterality: BodySite["laterality"]; readonly mirrored: boolean };

/** A sided zone is drawn on the picture's left half and once more mirrored. */
function sidesOf(view: BodyView, zone: Zone): Side[] {
  if (!regionOf(zone.region satisfies BodyRegionId).sided) return [{ laterality: "U", mirrored: false }];
  const [onLeft, onRight] = view === "back" ? (["L", "R"] as const) : (["R", "L"] as const);
  return [
    { laterality: onLeft, mirrored: false },
    { laterality: onRight, mirrored: true },
  ];
}
