import { z } from "zod";
import { sha256Hex } from "../ids.ts";
import { samePicture } from "../jpeg.ts";
import { videoClass } from "../plan/dicom.ts";
import type { Step } from "../plan/types.ts";
import { dicomFile, jpegBaseline, pixelsOf } from "./dicom-object.ts";
import { faultOf, type HttpAnswer, RecordFault, type RecordHttp } from "./http.ts";
import { multipartParts } from "./multipart.ts";

type DicomStep = Extract<Step, { kind: "dicom" }>;
type Rejection = Extract<Step, { kind: "reject" }>;

const dicomJson = "application/dicom+json";
const sequence = z.object({ Value: z.array(z.unknown()).optional() }).optional();
const stowSchema = z.object({ "00081199": sequence, "00081198": sequence });
const metadataSchema = z
  .array(z.object({ "00100020": z.object({ Value: z.array(z.string()).optional() }).optional() }))
  .min(1);
/** The instances that a Key Object Selection points to, by its content. */
const keyObjectSchema = z
  .array(
    z.object({
      "0040A730": z.object({
        Value: z.array(
          z.object({
            "00081199": z
              .object({ Value: z.array(z.object({ "00081155": z.object({ Value: z.array(z.string()) }) })) })
              .optional(),
          }),
        ),
      }),
    }),
  )
  .min(1);

export type DicomArchive = ReturnType<typeof createDicomArchive>;

/** The hospital's DICOM archive over DICOMweb (PS3.18). Storing the same instance again changes nothing. */
export function createDicomArchive(http: RecordHttp) {
  const store = (step: DicomStep, picture: Uint8Array): Promise<void> =>
    stow(dicomFile(step.dataset, picture));

  /** Tells the archive to show these photos no longer (IHE IOCM). */
  const reject = (step: Rejection): Promise<void> => stow(dicomFile(step.dataset));

  /** STOW-RS with one `application/dicom` part, the only form that every archive takes. */
  async function stow(file: Uint8Array): Promise<void> {
    const boundary = `colloque-${sha256Hex(file).slice(0, 32)}`;
    const body = Buffer.concat([
      Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`),
      file,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]);
    const answer = await http.request({
      method: "POST",
      path: "studies",
      accept: dicomJson,
      contentType: `multipart/related; type="application/dicom"; boundary=${boundary}`,
      body: new Uint8Array(body),
      timeoutMs: 60_000,
    });
    const parsed = stowSchema.safeParse(parseJson(answer));
    if (answer.status !== 200 && answer.status !== 202) throw faultOf(answer.status, parsed.success);
    if (!parsed.success) throw new RecordFault("down", answer.status);
    // Some archives answer with an empty list of failures: only its items count.
    if ((parsed.data["00081198"]?.Value?.length ?? 0) > 0) throw new RecordFault("refused", answer.status);
    if ((parsed.data["00081199"]?.Value?.length ?? 0) === 0) throw new RecordFault("down", answer.status);
  }

  /** Whether the archive holds this very JPEG or video, a pad byte aside, for this very patient. */
  async function readBack(step: DicomStep, picture: Uint8Array): Promise<"same" | "missing" | "differs"> {
    const path = pathOf(step);
    const facts = await readMetadata(path, metadataSchema);
    if (facts === undefined) return "missing";
    if (facts[0]?.["00100020"]?.Value?.[0] !== step.patientId) return "differs";
    // A frame of a video is none of its bytes, and some archives give none: the whole object has them.
    const stored =
      step.dataset.SOPClassUID === videoClass
        ? pixelsOf(await readPart(path, 'type="application/dicom"; transfer-syntax=*'))
        : await readPart(`${path}/frames/1`, `type="image/jpeg"; transfer-syntax=${jpegBaseline}`);
    return stored !== undefined && samePicture(stored, picture) ? "same" : "differs";
  }

  /** Whether the archive holds this very note; one that heeds it may hide the note together with what it rejects. */
  async function readRejection(step: Rejection): Promise<"same" | "missing" | "differs"> {
    const found = await readMetadata(pathOf(step), keyObjectSchema);
    if (found === undefined) return (await areHidden(step)) ? "same" : "missing";
    const pointed = (found[0]?.["0040A730"].Value ?? []).flatMap((item) =>
      (item["00081199"]?.Value ?? []).flatMap((each) => each["00081155"].Value),
    );
    return pointed.join() === step.rejected.join() ? "same" : "differs";
  }

  async function areHidden(step: Rejection): Promise<boolean> {
    for (const instance of step.rejected) {
      const path = `studies/${uid(step.study)}/instances?SOPInstanceUID=${uid(instance)}`;
      const answer = await http.request({ method: "GET", path, accept: dicomJson });
      const found = z.array(z.unknown()).safeParse(answer.status === 204 ? [] : parseJson(answer));
      if (answer.status === 404) continue;
      if ((answer.status !== 200 && answer.status !== 204) || !found.success)
        throw faultOf(answer.status, false);
      if (found.data.length > 0) return false;
    }
    return true;
  }

  async function readMetadata<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const answer = await http.request({ method: "GET", path: `${path}/metadata`, accept: dicomJson });
    if (answer.status === 404) return undefined;
    const facts = schema.safeParse(parseJson(answer));
    if (answer.status !== 200 || !facts.success) throw faultOf(answer.status, false);
    return facts.data;
  }

  async function readPart(path: string, what: string): Promise<Uint8Array> {
    const accept = `multipart/related; ${what}`;
    const answer = await http.request({ method: "GET", path, accept, timeoutMs: 60_000 });
    if (answer.status !== 200) throw faultOf(answer.status, false);
    const part = multipartParts(answer.bytes, answer.contentType)[0];
    // A login page, or an OperationOutcome, with 200 says nothing of the picture.
    if (part === undefined) throw new RecordFault("down", answer.status);
    return part;
  }

  async function isUp(): Promise<boolean> {
    try {
      const answer = await http.request({
        method: "GET",
        path: "studies?limit=1",
        accept: dicomJson,
        timeoutMs: 4000,
      });
      return answer.status === 200 || answer.status === 204;
    } catch {
      return false;
    }
  }

  return { store, readBack, reject, readRejection, isUp };
}

const pathOf = ({ study, series, instance }: Pick<DicomStep, "study" | "series" | "instance">): string =>
  `studies/${uid(study)}/series/${uid(series)}/instances/${uid(instance)}`;

/** A UID is digits and dots (PS3.5 §9), so that it cannot add a path or a query. */
function uid(value: string): string {
  if (!/^[0-9]+(\.[0-9]+)+$/.test(value) || value.length > 64) throw new Error("Not a DICOM UID");
  return value;
}

function parseJson(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(Buffer.from(answer.bytes).toString("utf8"));
  } catch {
    return undefined;
  }
}
