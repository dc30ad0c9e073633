import { describe, expect, test } from "vitest";
import {
  bodyRegionIdSchema,
  bodyRegions,
  bodySiteSchema,
  lateralitySchema,
  lateralitySnomed,
  regionOf,
  siteInWords,
} from "./body-sites.ts";

/** SNOMED CT concept, English, French; of a region with two sides the French of its right one. A second place, so that no code slips. */
const table = `
  scalp 41695006 Scalp | Cuir chevelu
  face 89545001 Face | Visage
  forehead 52795006 Forehead | Front
  cheek 60819002 Cheek | Joue droite
  nose 45206002 Nose | Nez
  lips 48477009 Lips | Lèvres
  eye 81745001 Eye | Œil droit
  eyelid 80243003 Eyelid | Paupière droite
  retina 5665001 Fundus of the eye | Fond d’œil droit
  ear 117590005 Ear | Oreille droite
  neck 45048000 Neck | Cou
  nape 45048000 Nape of the neck | Nuque
  shoulder 16982005 Shoulder | Épaule droite
  chest 51185008 Chest | Thorax
  breast 76752008 Breast | Sein droit
  abdomen 818983003 Abdomen | Abdomen
  groin 26893007 Groin | Aine droite
  back 77568009 Back | Dos
  scapula 79601000 Shoulder blade | Omoplate droite
  lumbar 52612000 Lower back | Lombes
  buttock 46862004 Buttock | Fesse droite
  perineum 38864007 Perineum | Périnée
  upper-arm 40983000 Upper arm | Bras droit
  forearm 14975008 Forearm | Avant-bras droit
  wrist 8205005 Wrist | Poignet droit
  hand 85562004 Hand | Main droite
  finger 7569003 Finger | Doigt droit
  hip 29836001 Hip | Hanche droite
  thigh 68367000 Thigh | Cuisse droite
  knee 72696002 Knee | Genou droit
  lower-leg 30021000 Lower leg | Jambe droite
  ankle 70258002 Ankle | Cheville droite
  foot 56459004 Foot | Pied droit
  toe 29707007 Toe | Orteil droit
`;

describe("the regions of the body", () => {
  test("are these, with these codes, and agree with their side in French", () => {
    const lines = bodyRegions.map(({ id, snomed, en, fr, sided }) => {
      const french = sided ? siteInWords({ region: id, laterality: "R" }, "fr") : fr;
      return `${id} ${snomed} ${en} | ${french}`;
    });
    expect(lines).toEqual(table.trim().split(/\n\s+/));
  });

  test("are found by their name, and no others", () => {
    for (const region of bodyRegions) {
      expect(regionOf(region.id)).toBe(region);
      expect(bodyRegionIdSchema.safeParse(region.id).success).toBe(true);
    }
    expect(bodyRegionIdSchema.safeParse("soul").success).toBe(false);
  });
});

describe("a side", () => {
  test("has SNOMED's code, and none where there is no side", () => {
    expect(lateralitySnomed).toEqual({ L: "7771000", R: "24028007", B: "51440002", U: undefined });
    expect(lateralitySchema.options).toEqual(["L", "R", "B", "U"]);
  });

  test("is said in words, of each and of both", () => {
    const say = (laterality: "L" | "R" | "B", language: "fr" | "en") =>
      siteInWords({ region: "scapula", laterality }, language);
    expect([say("L", "fr"), say("R", "fr"), say("B", "fr")]).toEqual([
      "Omoplate gauche",
      "Omoplate droite",
      "Omoplate, des deux côtés",
    ]);
    expect([say("L", "en"), say("R", "en"), say("B", "en")]).toEqual([
      "Left shoulder blade",
      "Right shoulder blade",
      "Both sides, shoulder blade",
    ]);
    expect(siteInWords({ region: "retina", laterality: "R" }, "en")).toBe("Right fundus of the eye");
    expect(siteInWords({ region: "back", laterality: "U" }, "en")).toBe("Back");
  });

  test("is missing in so many words", () => {
    expect(bodySiteSchema.safeParse({ region: "eye", laterality: "U" }).error?.issues[0]?.message).toBe(
      "A paired region needs its side, an unpaired one has none",
    );
    for (const laterality of ["R", "B"])
      expect(bodySiteSchema.safeParse({ region: "back", laterality }).success).toBe(false);
  });
});
