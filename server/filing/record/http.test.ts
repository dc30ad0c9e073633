import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DestinationFault, type Trouble } from "../../kit/destination/index.ts";
import { toLog } from "../../kit/log.ts";
import { covers, createFhirRecord } from "./fhir.ts";
import { createRecordHttp, faultOf, RecordFault } from "./http.ts";
import { multipartParts } from "./multipart.ts";

describe("the record's HTTP", () => {
  test("[F23] never leaves the configured address, whatever the path", async () => {
    const asked: string[] = [];
    const http = createRecordHttp("http://record.test/fhir", async (input) => {
      asked.push(String(input));
      return new Response("{}");
    });
    await http.request({ method: "GET", path: "Patient/1", accept: "*/*" });
    expect(asked).toEqual(["http://record.test/fhir/Patient/1"]);
    for (const path of ["http://169.254.169.254/", "//elsewhere.test/", "../admin", "/admin"])
      await expect(http.request({ method: "GET", path, accept: "*/*" })).rejects.toThrow();
    expect(asked).toHaveLength(1);
  });

  test("[F23] asks for no redirect to be followed", async () => {
    let seen: RequestInit | undefined;
    const http = createRecordHttp("http://record.test/fhir", async (_input, init) => {
      seen = init;
      return new Response("{}");
    });
    await http.request({ method: "GET", path: "Patient/1", accept: "*/*" });
    expect(seen?.redirect).toBe("error");
  });

  test("[F6] only a refusal in the server's own words is final", () => {
    expect(faultOf(422, true).what).toBe("refused");
    expect(faultOf(422, false).what).toBe("down");
    for (const status of [401, 403, 408, 429, 502, 503, 504, 302])
      expect(faultOf(status, true).what).toBe("down");
    for (const status of [409, 412]) expect(faultOf(status, true).what).toBe("conflict");
  });
});

describe("a record that is down", () => {
  const faultWith = async (fetcher: typeof fetch) => {
    const http = createRecordHttp("http://record.test/fhir", fetcher);
    const fault = await createFhirRecord(http)
      .read("Patient/1")
      .catch((error: unknown) => error);
    return fault instanceof RecordFault ? [fault.what, fault.code] : fault;
  };

  test("[F23] is told apart for its administrator: credentials, certificate, redirect, or nobody there", async () => {
    const answers = (status: number) => async () => new Response("{}", { status });
    const fails = (code: Trouble) => async () => Promise.reject(new DestinationFault(code));
    expect(await faultWith(answers(401))).toEqual(["down", "down: credentials-refused"]);
    expect(await faultWith(answers(403))).toEqual(["down", "down: status 403"]);
    for (const code of ["credentials-refused", "certificate-not-trusted", "redirected"] as const)
      expect(await faultWith(fails(code))).toEqual(["down", `down: ${code}`]);
    expect(await faultWith(async () => Promise.reject(new TypeError("fetch failed")))).toEqual([
      "down",
      "down: unreachable",
    ]);
    expect(toLog(new RecordFault("down", 401))).toMatchObject({ errorCode: "down: credentials-refused" });
  });
});

describe("the read-back", () => {
  test("[F7] accepts what the server adds, and nothing that it changes or leaves out", () => {
    const sent = { a: "x", list: [{ b: 1 }, "y"], at: "2026-01-01T10:00:00+01:00", meta: { profile: ["p"] } };
    expect(covers({ ...sent, added: 1, meta: {} }, sent, "")).toBe(true);
    expect(covers({ ...sent, at: "2026-01-01T09:00:00.000Z" }, sent, "")).toBe(true);
    expect(covers({ ...sent, a: "z" }, sent, "")).toBe(false);
    expect(covers({ ...sent, list: ["y", { b: 1 }] }, sent, "")).toBe(false);
    expect(covers({ a: "x" }, sent, "")).toBe(false);
  });
});

describe("a multipart answer", () => {
  test("gives back the bytes of its parts, line ends and all", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 3 }), (parts) => {
        const body = Buffer.concat([
          ...parts.flatMap((part) => [
            Buffer.from("--b0undary-X\r\nContent-Type: x\r\n\r\n"),
            part,
            Buffer.from("\r\n"),
          ]),
          Buffer.from("--b0undary-X--\r\n"),
        ]);
        const read = multipartParts(body, 'multipart/related; type="x"; boundary="b0undary-X"');
        expect(read.map((part) => Buffer.from(part).toString("hex"))).toEqual(
          parts.map((part) => Buffer.from(part).toString("hex")),
        );
      }),
    );
  });
});
