import { useTranslation } from "react-i18next";
import { type BodySite, regionOf, siteInWords } from "#protocol/body-sites.ts";
import styles from "./BodyPicker.module.css";
import { drawings, drawingWidth, middleOf, mirror, type Zone } from "./body-drawings.ts";

export type BodyView = keyof typeof drawings;

type Props = {
  readonly view: BodyView;
  readonly site: BodySite | null;
  readonly onPick: (site: BodySite) => void;
};

/**
 * Where on the body. Sides are the patient's own: seen from behind they stand as one's own, seen from the front they are crossed, and the
 * words "left" and "right" always say so. Each region is a button with its name; the thread ties its knot on the one picked.
 */
export function BodyPicker({ view, site, onPick }: Props) {
  const { t, i18n } = useTranslation("ui");
  const language = i18n.language === "en" ? "en" : "fr";
  const drawing = drawings[view];
  const [first, second] =
    view === "back"
      ? ([t("sides.left"), t("sides.right")] as const)
      : ([t("sides.right"), t("sides.left")] as const);
  const places = drawing.zones.flatMap((zone) => placesOf(view, zone));
  const isPicked = ({ site: here }: Place) =>
    here.region === site?.region && (here.laterality === site.laterality || site.laterality === "B");
  return (
    <div className={styles.picker}>
      <p className={styles.sides}>
        <span>{first}</span>
        <span>{second}</span>
      </p>
      {/* biome-ignore lint/a11y/useSemanticElements: an SVG of buttons is a group, and cannot be a fieldset */}
      <svg
        className={styles.body}
        viewBox={`0 0 ${drawingWidth} ${drawing.height}`}
        role="group"
        aria-label={t("body")}
      >
        <Body view={view} />
        {places.map((place) => (
          // biome-ignore lint/a11y/useSemanticElements: an SVG shape cannot be a button element
          <path
            key={place.key}
            d={place.d}
            transform={place.mirrored ? mirror : undefined}
            role="button"
            tabIndex={0}
            aria-pressed={isPicked(place)}
            aria-label={siteInWords(place.site, language)}
            className={isPicked(place) ? styles.picked : place.around ? styles.around : styles.zone}
            onClick={() => onPick(place.site)}
            onKeyDown={(event) => {
              if (event.key !== "Enter" && event.key !== " ") return;
              event.preventDefault();
              onPick(place.site);
            }}
          />
        ))}
        {places.filter(isPicked).map((place) => (
          <TiedHere key={place.key} place={place} />
        ))}
      </svg>
    </div>
  );
}

function Body({ view }: { view: BodyView }) {
  const { outline, seam, folds, dotted } = drawings[view];
  return (
    <>
      {outline.map((d) => (
        <path key={d} d={d} className={styles.outline} />
      ))}
      <path d={seam} className={styles.seam} />
      {folds.map((d) => (
        <path key={d} d={d} className={styles.fold} />
      ))}
      {dotted.map((d) => (
        <path key={d} d={d} className={styles.dotted} />
      ))}
    </>
  );
}

/** The thread comes in from the nearer edge of the paper and ties a knot around the place. */
function TiedHere({ place }: { place: Place }) {
  const [x, y] = middleOf(place.d);
  const way = `M-3000 ${y + 96}H-40C20 ${y + 96} ${x - 84} ${y + 26} ${x - 10} ${y + 14}`;
  const loop = `M${x - 10} ${y + 14}C${x + 3} ${y + 11} ${x + 10} ${y + 5} ${x + 10} ${y - 1}C${x + 10} ${y - 8} ${x + 6} ${y - 12} ${x} ${y - 12}C${x - 6} ${y - 12} ${x - 10} ${y - 8} ${x - 10} ${y - 1}C${x - 10} ${y + 7} ${x - 3} ${y + 14} ${x + 12} ${y + 13}`;
  return (
    <g transform={place.mirrored ? mirror : undefined} className={styles.tied}>
      <path d={way} />
      <path d={loop} pathLength={1} className={styles.tie} />
      <circle cx={x} cy={y} r={3} className={styles.point} />
    </g>
  );
}

type Place = {
  readonly key: string;
  readonly d: string;
  readonly site: BodySite;
  readonly mirrored: boolean;
  readonly around: boolean;
};

/** A sided zone is drawn on the picture's left half and once more mirrored. */
function placesOf(view: BodyView, { region, d, around }: Zone): Place[] {
  const place = (laterality: BodySite["laterality"], mirrored: boolean): Place => ({
    key: `${view} ${region} ${laterality}`,
    d,
    site: { region, laterality },
    mirrored,
    around: around === true,
  });
  if (!regionOf(region).sided) return [place("U", false)];
  const [onLeft, onRight] = view === "back" ? (["L", "R"] as const) : (["R", "L"] as const);
  return [place(onLeft, false), place(onRight, true)];
}
