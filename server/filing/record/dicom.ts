import { z } from "zod";
import { sha256Hex } from "../ids.ts";
import { samePicture } from "../jpeg.ts";
import type { Step } from "../plan/types.ts";
import { dicomFile, jpegBaseline } from "./dicom-object.ts";
import { faultOf, type HttpAnswer, RecordFault, type RecordHttp } from "./http.ts";
import { multipartParts } from "./multipart.ts";

type DicomStep = Extract<Step, { kind: "dicom" }>;

const dicomJson = "application/dicom+json";
const sequence = z.object({ Value: z.array(z.unknown()).optional() }).optional();
const stowSchema = z.object({ "00081199": sequence, "00081198": sequence });
const metadataSchema = z
  .array(z.object({ "00100020": z.object({ Value: z.array(z.string()).optional() }).optional() }))
  .min(1);

export type DicomArchive = ReturnType<typeof createDicomArchive>;

/** The hospital's DICOM archive over DICOMweb (PS3.18). Storing the same instance again changes nothing. */
export function createDicomArchive(http: RecordHttp) {
  /** STOW-RS with one `application/dicom` part, the only form that every archive takes. */
  async function store(step: DicomStep, jpeg: Uint8Array): Promise<void> {
    const file = dicomFile(step.dataset, jpeg);
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

  /** Whether the archive holds this very JPEG, a pad byte aside, for this very patient. */
  async function readBack(step: DicomStep, jpeg: Uint8Array): Promise<"same" | "missing" | "differs"> {
    const path = `studies/${step.study}/series/${step.series}/instances/${step.instance}`;
    const metadata = await http.request({ method: "GET", path: `${path}/metadata`, accept: dicomJson });
    if (metadata.status === 404) return "missing";
    const facts = metadataSchema.safeParse(parseJson(metadata));
    if (metadata.status !== 200 || !facts.success) throw faultOf(metadata.status, false);
    if (facts.data[0]?.["00100020"]?.Value?.[0] !== step.patientId) return "differs";
    const frame = await readFrame(path);
    return frame !== undefined && samePicture(frame, jpeg) ? "same" : "differs";
  }

  async function readFrame(path: string): Promise<Uint8Array | undefined> {
    const answer = await http.request({
      method: "GET",
      path: `${path}/frames/1`,
      accept: `multipart/related; type="image/jpeg"; transfer-syntax=${jpegBaseline}`,
    });
    if (answer.status !== 200) throw faultOf(answer.status, false);
    return multipartParts(answer.bytes, answer.contentType)[0];
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

  return { store, readBack, isUp };
}

function parseJson(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(Buffer.from(answer.bytes).toString("utf8"));
  } catch {
    return undefined;
  }
}
