import { createHash } from "node:crypto";
import fc from "fast-check";
import { strFromU8, unzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { startMs } from "../testing/a-case.ts";
import { letterAsCda, timestamp } from "./cda.ts";
import { lambert, letter } from "./testing/a-letter.ts";
import { at, readXml } from "./testing/read-xml.ts";
import { xdmPackage } from "./xdm.ts";

const inside = (changed = letter, recipient = lambert) => {
  const files = unzipSync(xdmPackage(changed, recipient, startMs + 60_000));
  const document = files["IHE_XDM/SUBSET01/DOC0001.XML"] ?? new Uint8Array();
  const [metadata, cda] = readXml([files["IHE_XDM/SUBSET01/METADATA.XML"] ?? new Uint8Array(), document]);
  return { files, document, metadata, cda };
};
const slots = (document: ReturnType<typeof inside>["metadata"], object: string, name: string) => {
  const all = document?.elements ?? [];
  const from = all.findIndex(
    (each) => each.path.endsWith(`/${object}/Slot`) && each.attributes.name === name,
  );
  if (from < 0) return [];
  const rest = all.slice(from + 1);
  const end = rest.findIndex((each) => !each.path.includes(`/${object}/Slot/`));
  return (end < 0 ? rest : rest.slice(0, end))
    .filter((each) => each.path.endsWith("/Value"))
    .map((each) => each.text);
};

describe("the letter as CDA R2 level 1", () => {
  test("holds the very PDF, in the header of a French report of a remote opinion", () => {
    const { cda } = inside();
    const [text] = at(cda, "/nonXMLBody/text");
    expect(text?.attributes).toEqual({ mediaType: "application/pdf", representation: "B64" });
    expect(Buffer.from(text?.text ?? "", "base64")).toEqual(Buffer.from(letter.pdf));
    expect(at(cda, "/ClinicalDocument/code")[0]?.attributes.code).toBe("85208-7");
    expect(at(cda, "/ClinicalDocument/templateId").map((each) => each.attributes.root)).toContain(
      "1.3.6.1.4.1.19376.1.2.20",
    );
    expect(at(cda, "/serviceEvent/code")[0]?.attributes.code).toBe("TE2");
  });

  test("names patient, author, custodian and recipient by their national numbers", () => {
    const { cda } = inside();
    expect(at(cda, "/patientRole/id").map((each) => each.attributes)[0]).toEqual({
      root: "1.2.250.1.213.1.4.11",
      extension: "259036204111847",
    });
    expect(at(cda, "/patient/name/family").map((each) => each.text)).toEqual(["MARCHAND", "DELATTRE"]);
    expect(at(cda, "/birthTime")[0]?.attributes.value).toBe("19590314");
    expect(at(cda, "/assignedAuthor/id")[0]?.attributes.extension).toBe("889900000001");
    expect(at(cda, "/representedCustodianOrganization/id")[0]?.attributes.extension).toBe("1599900001");
    expect(at(cda, "/intendedRecipient/id")[0]?.attributes.extension).toBe("889900000077");
    expect(at(cda, "/intendedRecipient/telecom")[0]?.attributes.value).toBe(`mailto:${lambert.secureMail}`);
  });

  test("carries no national number of a patient whose identity is not qualified", () => {
    const { ins: _ins, ...rest } = letter.patient;
    const provisional = { ...letter.patient, identity: "provisional" as const };
    for (const patient of [provisional, { ...rest, identity: "qualified" as const }]) {
      const { cda, metadata } = inside({ ...letter, patient });
      expect(at(cda, "/patientRole/id").map((each) => each.attributes.extension)).toEqual(["100001"]);
      expect(JSON.stringify(metadata)).not.toContain("259036204111847");
    }
    expect(JSON.stringify(inside().metadata)).toContain("259036204111847");
  });

  test("says what is not known as unknown, never as nothing", () => {
    const { hospital, patient } = letter;
    const { birthDate: _birth, ...unborn } = patient;
    const { cda } = inside(
      { ...letter, hospital: { name: hospital.name, address: "" }, patient: { ...unborn, sex: "unknown" } },
      { ...lambert, rpps: undefined },
    );
    for (const path of ["/birthTime", "/administrativeGenderCode", "/intendedRecipient/id"])
      expect(at(cda, path)[0]?.attributes).toEqual({ nullFlavor: "UNK" });
  });

  test("whatever people are called, stays well formed and says it letter by letter", () => {
    const names: string[] = [];
    const documents: Uint8Array[] = [];
    const name = fc.oneof(
      fc.string({ unit: "binary", minLength: 1, maxLength: 40 }),
      fc.constantFrom(
        "<script>",
        "]]>",
        "O'Neill & Fils",
        'dit "le Bon"',
        "بن سعيد",
        "a\u0000b",
        "\uD800",
        "&amp;",
      ),
    );
    fc.assert(
      fc.property(name, (family) => {
        names.push(family);
        documents.push(letterAsCda({ ...letter, patient: { ...letter.patient, family } }, lambert));
      }),
      { numRuns: 40 },
    );
    const read = readXml(documents);
    expect(read.map((each) => each.problem).filter((each) => each !== undefined)).toEqual([]);
    const said = read.map((each) => at(each, "/patient/name/family")[1]?.text);
    const writable = (text: string) =>
      text.replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "\u{FFFD}");
    expect(said).toEqual(names.map(writable));
  });

  test("the same parser finds fault with what is not well formed", () => {
    expect(readXml([new TextEncoder().encode("<a><b></a>")])[0]?.problem).toBeDefined();
  });

  test.each([
    ["2026-11-24T10:52:00Z", "20261124115200+0100"],
    ["2026-07-01T22:30:05Z", "20260702003005+0200"],
  ])("tells the time of %s by the hospital's clock", (instant, told) => {
    expect(timestamp(Date.parse(instant), "Europe/Paris")).toBe(told);
  });
});

describe("the package", () => {
  test("is laid out as IHE XDM has it, with a page that leads to the letter", () => {
    const { files } = inside();
    expect(Object.keys(files).sort()).toEqual([
      "IHE_XDM/SUBSET01/DOC0001.XML",
      "IHE_XDM/SUBSET01/METADATA.XML",
      "INDEX.HTM",
      "README.TXT",
    ]);
    expect(strFromU8(files["INDEX.HTM"] ?? new Uint8Array())).toContain(
      'href="IHE_XDM/SUBSET01/DOC0001.XML"',
    );
  });

  test("has metadata that fit the document: hash, size, type, patient, author", () => {
    const { metadata, document } = inside();
    expect(slots(metadata, "ExtrinsicObject", "hash")).toEqual([
      createHash("sha1").update(document).digest("hex"),
    ]);
    expect(slots(metadata, "ExtrinsicObject", "size")).toEqual([String(document.length)]);
    expect(slots(metadata, "ExtrinsicObject", "URI")).toEqual(["DOC0001.XML"]);
    expect(slots(metadata, "ExtrinsicObject", "sourcePatientInfo")).toEqual([
      "PID-5|MARCHAND^Josiane^^^^^L",
      "PID-5|DELATTRE^Josiane^^^^^D",
      "PID-7|19590314",
      "PID-8|F",
    ]);
    const types = at(metadata, "/ExtrinsicObject/Classification").map(
      (each) => each.attributes.nodeRepresentation,
    );
    expect(types).toEqual(
      expect.arrayContaining(["85208-7", "10", "N", "urn:ihe:iti:xds-sd:pdf:2008", "SA01"]),
    );
    const ids = at(metadata, "ExternalIdentifier").map((each) => each.attributes);
    expect(ids.find((each) => each.identificationScheme?.startsWith("urn:uuid:58a6f841"))?.value).toBe(
      "259036204111847^^^&1.2.250.1.213.1.4.11&ISO^NH",
    );
    // One submission set that has the one document.
    expect(at(metadata, "/Association")[0]?.attributes).toMatchObject({
      sourceObject: "SubmissionSet01",
      targetObject: "Document01",
    });
  });

  test("is the same package when it is made again, and another set for somebody else", () => {
    const once = Buffer.from(xdmPackage(letter, lambert, startMs));
    expect(once.equals(Buffer.from(xdmPackage(letter, lambert, startMs)))).toBe(true);
    const other = xdmPackage(letter, { ...lambert, secureMail: "b@demo.medecin.mssante.fr" }, startMs);
    expect(once.equals(Buffer.from(other))).toBe(false);
  });

  test("separators of HL7 in a name stay one part of it", () => {
    const { metadata } = inside({ ...letter, patient: { ...letter.patient, birthFamily: "A^B|C&D~E" } });
    expect(slots(metadata, "ExtrinsicObject", "sourcePatientInfo")[0]).toBe("PID-5|A B C D E^Josiane^^^^^L");
  });
});
