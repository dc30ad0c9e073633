import { z } from "zod";

/**
 * Body regions that a photo or a question may name, with the SNOMED CT concept that FHIR bodySite and DICOM
 * AnatomicRegionSequence (CID 4031) carry. `sided` regions need a side: the patient's own left or right.
 * @see DICOM PS3.16 CID 4031; FHIR R4 value set body-site
 */
const region = <Id extends string>(id: Id, snomed: string, fr: string, en: string, sided: boolean) =>
  ({ id, snomed, fr, en, sided }) as const;

export const bodyRegions = [
  region("scalp", "41695006", "Cuir chevelu", "Scalp", false),
  region("face", "89545001", "Visage", "Face", false),
  region("forehead", "52795006", "Front", "Forehead", false),
  region("cheek", "60819002", "Joue", "Cheek", true),
  region("nose", "45206002", "Nez", "Nose", false),
  region("lips", "48477009", "Lèvres", "Lips", false),
  region("eye", "81745001", "Œil", "Eye", true),
  region("eyelid", "80243003", "Paupière", "Eyelid", true),
  region("retina", "5665001", "Fond d’œil", "Fundus of the eye", true),
  region("ear", "117590005", "Oreille", "Ear", true),
  region("neck", "45048000", "Cou", "Neck", false),
  region("nape", "45048000", "Nuque", "Nape of the neck", false),
  region("shoulder", "16982005", "Épaule", "Shoulder", true),
  region("chest", "51185008", "Thorax", "Chest", false),
  region("breast", "76752008", "Sein", "Breast", true),
  region("abdomen", "818983003", "Abdomen", "Abdomen", false),
  region("groin", "26893007", "Aine", "Groin", true),
  region("back", "77568009", "Dos", "Back", false),
  region("scapula", "79601000", "Omoplate", "Shoulder blade", true),
  region("lumbar", "52612000", "Lombes", "Lower back", false),
  region("buttock", "46862004", "Fesse", "Buttock", true),
  region("perineum", "38864007", "Périnée", "Perineum", false),
  region("upper-arm", "40983000", "Bras", "Upper arm", true),
  region("forearm", "14975008", "Avant-bras", "Forearm", true),
  region("wrist", "8205005", "Poignet", "Wrist", true),
  region("hand", "85562004", "Main", "Hand", true),
  region("finger", "7569003", "Doigt", "Finger", true),
  region("hip", "29836001", "Hanche", "Hip", true),
  region("thigh", "68367000", "Cuisse", "Thigh", true),
  region("knee", "72696002", "Genou", "Knee", true),
  region("lower-leg", "30021000", "Jambe", "Lower leg", true),
  region("ankle", "70258002", "Cheville", "Ankle", true),
  region("foot", "56459004", "Pied", "Foot", true),
  region("toe", "29707007", "Orteil", "Toe", true),
] as const;

export type BodyRegion = (typeof bodyRegions)[number];
export type BodyRegionId = BodyRegion["id"];

export const bodyRegionIdSchema = z.enum(
  bodyRegions.map((each) => each.id) as [BodyRegionId, ...BodyRegionId[]],
);

/** The patient's own side, as DICOM ImageLaterality says it: L, R, B (both), U (unpaired). */
export const lateralitySchema = z.enum(["L", "R", "B", "U"]);
export type Laterality = z.infer<typeof lateralitySchema>;

/** SNOMED CT qualifiers for the sides. */
export const lateralitySnomed: Readonly<Record<Laterality, string | undefined>> = {
  L: "7771000",
  R: "24028007",
  B: "51440002",
  U: undefined,
};

/** One place on the body: a region and, where the region has two, the side. */
export const bodySiteSchema = z
  .object({ region: bodyRegionIdSchema, laterality: lateralitySchema })
  .refine((site) => (regionOf(site.region).sided ? site.laterality !== "U" : site.laterality === "U"), {
    error: "A paired region needs its side, an unpaired one has none",
  });
export type BodySite = z.infer<typeof bodySiteSchema>;

export function regionOf(id: BodyRegionId): BodyRegion {
  const found = bodyRegions.find((each) => each.id === id);
  if (found === undefined) throw new Error(`Unknown body region: ${id}`);
  return found;
}

const feminine = new Set<BodyRegionId>([
  "cheek",
  "eyelid",
  "ear",
  "shoulder",
  "groin",
  "scapula",
  "buttock",
  "hand",
  "hip",
  "thigh",
  "lower-leg",
  "ankle",
]);

/** A place in words: "Omoplate gauche", "Left shoulder blade". */
export function siteInWords(site: BodySite, language: "fr" | "en"): string {
  const found = regionOf(site.region);
  if (site.laterality === "U") return found[language];
  if (language === "en") {
    const side = { L: "Left", R: "Right", B: "Both sides," }[site.laterality];
    return `${side} ${found.en.charAt(0).toLowerCase()}${found.en.slice(1)}`;
  }
  if (site.laterality === "B") return `${found.fr}, des deux côtés`;
  const right = feminine.has(site.region) ? "droite" : "droit";
  return `${found.fr} ${site.laterality === "L" ? "gauche" : right}`;
}
