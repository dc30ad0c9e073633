import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bodyRegions, bodySiteSchema, siteInWords } from "./body-sites.ts";
import { canonicalJson, type Json } from "./canonical.ts";
import { contentKeys, parseCaseEvent } from "./events.ts";
import { mxcUriSchema } from "./ids.ts";
import { initialsOf } from "./patient.ts";

const at = { eventId: "$e", sender: "@a:b", atMs: 1 };

describe("canonicalJson", () => {
  test("[E1] the order of members changes nothing, and it parses back", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const shuffled = Object.fromEntries(Object.entries(value).reverse());
        const text = canonicalJson(value as Json);
        expect(canonicalJson(shuffled as Json)).toBe(text);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });
  test("[E1] a number that JSON cannot say is refused", () => {
    expect(() => canonicalJson({ dose: Number.NaN })).toThrow();
    expect(canonicalJson({ dose: 5, unit: undefined })).toBe('{"dose":5}');
  });
});

describe("parseCaseEvent", () => {
  test("[E2] what claims to be ours and is not well made is malformed", () => {
    const content = { msgtype: "m.text", body: "?", [contentKeys.request]: { question: 3 } };
    expect(parseCaseEvent({ ...at, type: "m.room.message", content })).toMatchObject({
      kind: "malformed",
      what: "request",
    });
  });
  test("[E2] a stranger's text is a message, a stranger's image is nothing", () => {
    const text = { msgtype: "m.text", body: "Bonjour" };
    expect(parseCaseEvent({ ...at, type: "m.room.message", content: text })).toMatchObject({
      kind: "message",
      text: "Bonjour",
    });
    const image = { msgtype: "m.image", body: "IMG_1.jpg", url: "mxc://b/c" };
    expect(parseCaseEvent({ ...at, type: "m.room.message", content: image })).toMatchObject({
      kind: "foreign",
    });
  });
  test("[E2] no content of any shape makes it throw", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("m.room.message", "fr.colloque.filed", "fr.colloque.seen", "x"),
        fc.anything(),
        (type, content) => {
          expect(parseCaseEvent({ ...at, type, content }).eventId).toBe("$e");
        },
      ),
    );
  });
});

describe("identifiers", () => {
  test.each([
    "mxc://server/../../account",
    "mxc://server/a/b",
    "mxc://server/a?x",
    "https://server/a",
    "mxc://server/",
  ])("[E3] %s is no mxc", (uri) => expect(mxcUriSchema.safeParse(uri).success).toBe(false));
  test("[E3] an honest mxc is one", () =>
    expect(mxcUriSchema.safeParse("mxc://valombre.example/aBc_-9").success).toBe(true));
});

describe("body sites", () => {
  test.each(bodyRegions.map((region) => [region.id, region.sided] as const))(
    "[E4] %s asks for its side exactly when it has one",
    (id, sided) => {
      expect(bodySiteSchema.safeParse({ region: id, laterality: "L" }).success).toBe(sided);
      expect(bodySiteSchema.safeParse({ region: id, laterality: "U" }).success).toBe(!sided);
    },
  );
  test("sides agree in French", () => {
    expect(siteInWords({ region: "scapula", laterality: "R" }, "fr")).toBe("Omoplate droite");
    expect(siteInWords({ region: "eye", laterality: "R" }, "fr")).toBe("Œil droit");
    expect(siteInWords({ region: "eye", laterality: "L" }, "en")).toBe("Left eye");
    expect(siteInWords({ region: "back", laterality: "U" }, "fr")).toBe("Dos");
  });
});

describe("initialsOf", () => {
  test.each([
    [{ given: "Josiane", family: "DELATTRE" }, "J. D."],
    [{ given: "Aïcha-Élodie", family: "N’GUESSAN" }, "A. N."],
    [{ given: "<script>alert(1)</script>", family: "TEST" }, "S. T."],
    [{ given: "أحمد", family: "حسن" }, "أ. ح."],
    [{ given: "", family: "X" }, "X."],
  ])("of %o is %s", (patient, initials) => expect(initialsOf(patient)).toBe(initials));
});
