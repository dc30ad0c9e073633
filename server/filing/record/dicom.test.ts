import { describe, expect, test } from "vitest";
import { tinyJpeg } from "../testing/a-case.ts";
import { createDicomArchive } from "./dicom.ts";
import { createRecordHttp } from "./http.ts";

const step = {
  kind: "dicom" as const,
  dataset: {},
  blob: "picture",
  study: "2.25.1",
  series: "2.25.2",
  instance: "2.25.3",
  patientId: "100001",
};

/** An archive that holds the photo, and gives this when it is asked for its frame. */
function archiveGiving(type: string, body: Uint8Array | string) {
  const fetcher: typeof fetch = async (input) =>
    String(input).endsWith("/metadata")
      ? Response.json([{ "00100020": { Value: [step.patientId] } }])
      : new Response(typeof body === "string" ? body : Uint8Array.from(body), {
          headers: { "content-type": type },
        });
  return createDicomArchive(createRecordHttp("http://archive.test/dicom-web", fetcher));
}
const multipart = 'multipart/related; type="image/jpeg"; boundary=X';
const part = (bytes: Uint8Array) =>
  Buffer.concat([
    Buffer.from("--X\r\nContent-Type: image/jpeg\r\n\r\n"),
    bytes,
    Buffer.from("\r\n--X--\r\n"),
  ]);

describe("a photo that is read back from the archive", () => {
  test("[F7] is the same when its frame is, and differs when that is another picture", async () => {
    expect(await archiveGiving(multipart, part(tinyJpeg)).readBack(step, tinyJpeg)).toBe("same");
    const other = Uint8Array.from(tinyJpeg);
    other[40] = (other[40] ?? 0) ^ 1;
    expect(await archiveGiving(multipart, part(other)).readBack(step, tinyJpeg)).toBe("differs");
  });

  test.each([
    ["a login page", "text/html", "<html><form>Sign in</form></html>"],
    ["an OperationOutcome", "application/fhir+json", '{"resourceType":"OperationOutcome"}'],
    ["a multipart of nothing", multipart, "--X--\r\n"],
  ])("[F5] %s with 200 in the place of its frame says nothing of it", async (_what, type, body) => {
    await expect(archiveGiving(type, body).readBack(step, tinyJpeg)).rejects.toMatchObject({ what: "down" });
  });
});
