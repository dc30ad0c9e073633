import type { Sent } from "./file-cases.ts";

/** A file that must be refused, and a sign that it is refused for what is wrong with it. */
export type Broken = { readonly bytes: string | Uint8Array; readonly because: RegExp };

/**
 * The positive control: what was filed, each time with one thing broken, under the name of what is wrong with it. A judge that takes one of
 * these proves nothing.
 */
export function brokenFhir(sent: Sent): ReadonlyMap<string, Broken> {
  const provided = [...sent.fhir].find(([name]) => name.startsWith("contained-adult-02"))?.[1] ?? "";
  const workflow = [...sent.fhir].find(([name]) => name.startsWith("contained-adult-03"))?.[1] ?? "";
  const byReference = [...sent.fhir].find(([name]) => name.startsWith("uncontained-adult-02"))?.[1] ?? "";
  const change = (text: string, from: string | RegExp, to: string): string => {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`Nothing to break: ${from}`);
    return changed;
  };
  const broken = (bytes: string, because: RegExp): Broken => ({ bytes, because });
  const provenance = JSON.stringify({
    fullUrl: "urn:uuid:3e3b6a39-5d6c-4a57-9b7a-3a7f1d1b0c11",
    resource: {
      resourceType: "Provenance",
      target: [{ reference: "Patient/delattre" }],
      recorded: "2026-11-22T10:00:00Z",
      agent: [{ who: { display: "somebody" } }],
    },
    request: { method: "POST", url: "Provenance" },
  });
  return new Map([
    ["provenance-in-iti-65", broken(change(provided, '"entry":[', `"entry":[${provenance},`), /slic|match/i)],
    [
      "submission-set-with-a-uuid",
      broken(
        provided.replace(
          /"use":"usual"(.*?)urn:oid:[\d.]+/,
          '"use":"usual"$1urn:uuid:3e3b6a39-5d6c-4a57-9b7a-3a7f1d1b0c11',
        ),
        /mhd-startswithoid|slic|match/i,
      ),
    ],
    [
      "document-by-put",
      broken(
        change(
          provided,
          '"method":"POST","url":"DocumentReference"',
          '"method":"PUT","url":"DocumentReference/1"',
        ),
        /slic|match/i,
      ),
    ],
    [
      "author-by-reference",
      broken(
        change(
          change(
            byReference,
            "IHE.MHD.UnContained.Comprehensive.ProvideBundle",
            "IHE.MHD.Comprehensive.ProvideBundle",
          ),
          /IHE\.MHD\.UnContained\.Comprehensive/g,
          "IHE.MHD.Comprehensive",
        ),
        /aggregat|slic|match/i,
      ),
    ],
    [
      "document-without-type",
      broken(change(provided, /("status":"current"),"type":\{"coding":\[.*?\]\}/, "$1"), /type|slic|match/i),
    ],
    [
      "bytes-inside-the-reference",
      broken(change(provided, '"attachment":{', '"attachment":{"data":"aGVsbG8=",'), /data|slic|match/i),
    ],
    ["hash-of-other-bytes", broken(change(provided, /"hash":"[^"]{4}/, '"hash":"AAAA'), /^hash$/)],
    [
      "two-official-identifiers",
      broken(
        change(
          provided,
          /"use":"usual"(,"type":\{"coding":\[\{"system":"http:\/\/terminology)/,
          '"use":"official"$1',
        ),
        /two official/,
      ),
    ],
    ["provenance-without-agent", broken(change(workflow, /"agent":\[.*?\],"entity"/, '"entity"'), /agent/i)],
    [
      "audit-without-patient",
      broken(
        change(workflow, /("IHE|"code":"110106".*?"entity":\[)\{.*?"Patient"\}\},/, "$1"),
        /patient|entity|minimum/i,
      ),
    ],
    [
      "unknown-status",
      broken(change(workflow, '"status":"active"', '"status":"perhaps"'), /perhaps|status/i),
    ],
  ]);
}

/** A DICOM object without one of the UIDs that everything hangs on. */
export function brokenDicom(sent: Sent): ReadonlyMap<string, Broken> {
  const [object] = sent.dicom.values();
  if (object === undefined) throw new Error("A case has a DICOM object");
  const bytes = Buffer.from(object);
  // (0020,000D) becomes a private-looking tag of the same length: the study's UID is gone, the file can be read.
  const at = bytes.indexOf(Buffer.from("20000d005549", "hex"));
  if (at === -1) throw new Error("Nothing to break in the DICOM object");
  bytes.writeUInt16LE(0x000b, at + 2);
  return new Map([["no-study", { bytes: new Uint8Array(bytes), because: /StudyInstanceUID/ }]]);
}

/** A letter whose mark of PDF/A is gone, and one that was cut short. */
export function brokenPdf(sent: Sent): ReadonlyMap<string, Broken> {
  const [pdf] = sent.pdf.values();
  if (pdf === undefined) throw new Error("A case has a letter");
  const unmarked = Buffer.from(pdf);
  const at = unmarked.indexOf("pdfaid:part");
  if (at === -1) throw new Error("Nothing to break in the PDF");
  unmarked.write("pdfxxx:part", at, "latin1");
  return new Map([
    ["no-mark", { bytes: new Uint8Array(unmarked), because: /./ }],
    ["cut-short", { bytes: pdf.subarray(0, pdf.length / 2), because: /./ }],
  ]);
}
