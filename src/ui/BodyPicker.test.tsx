import { createInstance } from "i18next";
import { renderToStaticMarkup } from "react-dom/server";
import { I18nextProvider, initReactI18next } from "react-i18next";
import { describe, expect, test } from "vitest";
import { type BodySite, bodyRegions } from "#protocol/body-sites.ts";
import { ui as en } from "../i18n/en/ui.ts";
import { ui as fr } from "../i18n/fr/ui.ts";
import { BodyPicker, type BodyView } from "./BodyPicker.tsx";
import { drawings, middleOf } from "./body-drawings.ts";

function shown(view: BodyView, site: BodySite | null = null, lng = "fr"): string {
  const texts = createInstance();
  void texts.use(initReactI18next).init({
    lng,
    resources: { fr: { ui: fr }, en: { ui: en } },
    initAsync: false,
  });
  return renderToStaticMarkup(
    <I18nextProvider i18n={texts}>
      <BodyPicker view={view} site={site} onPick={() => undefined} />
    </I18nextProvider>,
  );
}

const sidesIn = (markup: string) => [...markup.matchAll(/<span>([^<]+)<\/span>/g)].map(([, word]) => word);
/** The names of the buttons whose shape is not mirrored, so on the picture's left. */
const onTheLeft = (markup: string) =>
  [...markup.matchAll(/<path d="[^"]+" role="button"[^>]*aria-label="([^"]+)"/g)].map(([, name]) => name);

describe("the drawing of the body", () => {
  test("seen from behind, the patient's left is on the left", () => {
    const markup = shown("back");
    expect(sidesIn(markup)).toEqual(["Gauche", "Droite"]);
    expect(onTheLeft(markup)).toContain("Omoplate gauche");
    expect(onTheLeft(markup)).not.toContain("Omoplate droite");
  });
  test("seen from the front, the patient's left is on the right", () => {
    const markup = shown("front", null, "en");
    expect(sidesIn(markup)).toEqual(["Right", "Left"]);
    expect(onTheLeft(markup)).toContain("Right knee");
    expect(onTheLeft(markup)).not.toContain("Left knee");
  });
  test("what is picked is said to be pressed, and nothing else", () => {
    const markup = shown("back", { region: "scapula", laterality: "L" });
    expect(markup.match(/aria-pressed="true"/g)).toHaveLength(1);
    expect(markup).toMatch(/aria-pressed="true" aria-label="Omoplate gauche"/);
  });
  test("both sides picked are both pressed", () => {
    expect(shown("back", { region: "hand", laterality: "B" }).match(/aria-pressed="true"/g)).toHaveLength(2);
  });
  test("every region of the protocol is somewhere on it", () => {
    const drawn: ReadonlySet<string> = new Set(
      Object.values(drawings).flatMap((drawing) => drawing.zones.map((zone) => zone.region)),
    );
    expect(bodyRegions.map((each) => each.id).filter((id) => !drawn.has(id))).toEqual([]);
  });
  test("the knot is tied in the middle of a region", () => {
    expect(middleOf("M10 20H50V60L10 60Z")).toEqual([30, 40]);
  });
});
