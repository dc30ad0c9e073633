import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Patient } from "#protocol/patient.ts";
import { createFhirReader } from "../../directory/fhir.ts";
import { searchPatients } from "../../directory/patients.ts";
import type { Step } from "../plan/index.ts";
import { delattre, type People, people, tinyJpeg } from "../testing/a-case.ts";
import { plansOf } from "../testing/a-plan.ts";
import { createDicomArchive } from "./dicom.ts";
import { createFhirRecord } from "./fhir.ts";
import { createRecordHttp } from "./http.ts";
import { multipartParts } from "./multipart.ts";
import { noNames } from "./names.ts";
import { createPatientLookup } from "./patient-lookup.ts";
import { provideBundle } from "./provide.ts";

/**
 * Nothing of a patient (names, identifiers, free text) adds a parameter, leaves the base address, reaches another host or changes a path:
 * each property looks at every address that the real builders make, and each is shown a careless builder, which it must catch.
 */
const base = "http://record.test:8443/a/fhir";
const id = "[0-9a-f-]{36}";

/** Text as people type it, and as somebody types it who means harm. */
const nasty = fc.oneof(
  fc.string({ minLength: 1, maxLength: 60, unit: "binary" }),
  fc
    .tuple(
      fc.constantFrom(
        ...[
          "../",
          "..",
          ".",
          "/",
          "//evil.test/",
          "\\\\evil.test\\",
          "https://evil.test/",
          "@evil.test",
          "%2e%2e%2f",
        ],
        ...[
          "?_x=*",
          "&_count=9",
          "#",
          ";x=1",
          "|",
          ",",
          "$",
          "\r\nHost: evil.test",
          "\u0000",
          "\ud800",
          "é’",
          "\u202e",
        ],
      ),
      fc.string({ maxLength: 12 }),
      fc.constantFrom("", "../../Patient/1", "?identifier=|", "&name=x", "\r\n--"),
    )
    .map((parts) => parts.join("")),
);

/** What an address may be; anything else is said. */
function straying(addresses: readonly string[], allowed: readonly RegExp[]): string[] {
  return addresses.filter((address) => {
    if (!URL.canParse(address)) return true;
    const url = new URL(address);
    const rest = address.slice(base.length + 1);
    const inside =
      url.origin === new URL(base).origin && url.href === address && address.startsWith(`${base}/`);
    return !inside || !allowed.some((pattern) => pattern.test(rest));
  });
}

/** A server that answers the same to everything, and remembers where it was asked. */
function listening(answer: (url: URL) => Response) {
  const addresses: string[] = [];
  const bodies: RequestInit[] = [];
  const fetcher: typeof fetch = async (input, init) => {
    addresses.push(String(input));
    bodies.push(init ?? {});
    return answer(new URL(String(input)));
  };
  return { addresses, bodies, fetcher };
}
const json = (body: unknown) => new Response(JSON.stringify(body));
const emptyBundle = () => json({ resourceType: "Bundle", type: "searchset", entry: [] });

/** Must not hold for the careless builder. */
async function catches(careless: (text: string) => string, allowed: readonly RegExp[]): Promise<void> {
  const result = await fc.check(
    fc.property(nasty, (text) => {
      let address: string;
      try {
        address = new URL(careless(text), `${base}/`).href;
      } catch {
        return true;
      }
      return straying([address], allowed).length === 0;
    }),
    { numRuns: 2000 },
  );
  expect(result.failed).toBe(true);
}

let all: People;
beforeAll(async () => {
  all = await people();
});

describe("the addresses of the directory's patient search", () => {
  const allowed = [/^Patient\/_search$/];
  const query = fc.oneof(
    fc.record({ identifier: nasty }),
    fc.record({ family: nasty, given: nasty }, { requiredKeys: ["family"] }),
  );

  test("[F22] [F23] are one, and the form has the parameters that were meant, whatever is typed", async () => {
    await fc.assert(
      fc.asyncProperty(query, async (typed) => {
        const server = listening(emptyBundle);
        await searchPatients(createFhirReader(base, server.fetcher), typed);
        expect(straying(server.addresses, allowed)).toEqual([]);
        const keys = [...new URLSearchParams(String(server.bodies[0]?.body)).keys()].sort();
        expect(keys).toEqual([...Object.keys(typed).filter((key) => key in typed), "_count"].sort());
      }),
    );
    await catches((text) => `Patient?family=${text}`, [/^Patient\?family=[^&#]*$/]);
  });
});

describe("the addresses of filing's patient lookup", () => {
  const allowed = [/^Patient\/[A-Za-z0-9.-]{1,64}$/, /^Patient\/_search$/, /^Patient\/\$ihe-pix$/];
  const patients = fc.record({
    recordId: fc.oneof(nasty, fc.constantFrom(".", "..", "...", "p1")),
    family: nasty,
    given: nasty,
    system: nasty,
    value: nasty,
    how: fc.constantFrom("pdqm" as const, "pixm" as const),
  });

  test("[F22] [F23] stay below the record, hold no trait, and ask for one identifier", async () => {
    await fc.assert(
      fc.asyncProperty(patients, async ({ recordId, family, given, system, value, how }) => {
        const ins = { system, value };
        const meant: Patient = { ...delattre, recordId, family, given, ins };
        const found = { resourceType: "Patient", id: recordId, name: [{ family }], identifier: [ins] };
        const server = listening(({ pathname }) =>
          pathname.includes("_search") || pathname.includes("pix")
            ? emptyBundle()
            : json({ ...found, birthDate: meant.birthDate }),
        );
        const http = createRecordHttp(base, server.fetcher);
        await createPatientLookup(http, how)
          .problemWith(meant)
          .catch(() => undefined);
        expect(straying(server.addresses, allowed)).toEqual([]);
        for (const { body } of server.bodies.filter(({ method }) => method === "POST"))
          if (!String(body).startsWith("{"))
            expect([...new URLSearchParams(String(body)).keys()].sort()).toEqual(["_count", "identifier"]);
      }),
    );
    await catches((text) => `Patient/${text}`, allowed);
    await catches((text) => `Patient?identifier=${text}`, [/^Patient\?identifier=[^&#]*$/]);
  });
});

describe("the addresses of what is filed", () => {
  const writable = new RegExp(`^[A-Z][A-Za-z]+/${id}$`);
  const created = /^(List|DocumentReference)$/;
  const oneIdentifier = /^identifier=urn:ietf:rfc:3986\|urn:(oid:[0-9.]+|uuid:[0-9a-f-]{36})$/;
  const bundleSchema = z.object({
    entry: z.array(
      z.object({
        fullUrl: z.string(),
        request: z.object({ method: z.string(), url: z.string(), ifNoneExist: z.string().optional() }),
      }),
    ),
  });

  const stepsOf = async (text: string): Promise<readonly Step[]> => {
    const patient: Patient = {
      ...delattre,
      given: text.slice(0, 100),
      family: `X${text}`.slice(0, 100),
      birthFamily: text.slice(0, 100),
      ins: { system: text.slice(0, 200), value: text.slice(0, 40) },
      hospitalNumber: text.slice(0, 60),
    };
    return (await plansOf(all, { question: `?${text}`, patient }, { patient }, 3)).flatMap(
      ({ steps }) => steps,
    );
  };

  test("[F22] [F23] are the base, and in each transaction our own ids, whatever people typed", async () => {
    await fc.assert(
      fc.asyncProperty(nasty, async (text) => {
        const server = listening(() => emptyBundle());
        const record = createFhirRecord(createRecordHttp(base, server.fetcher));
        for (const step of await stepsOf(text)) {
          if (step.kind === "bundle")
            await record.write(step.writes, noNames, async () => tinyJpeg).catch(() => undefined);
          if (step.kind !== "documents") continue;
          await record.provide(step, noNames, async () => tinyJpeg).catch(() => undefined);
          const made = bundleSchema.parse(
            await provideBundle(new URL(`${base}/`), step.writes, step.profile, async () => tinyJpeg),
          );
          for (const { request } of made.entry) {
            expect(request.url).toMatch(request.method === "POST" ? created : writable);
            if (request.ifNoneExist !== undefined) expect(request.ifNoneExist).toMatch(oneIdentifier);
          }
        }
        const lists = /^List\?identifier=urn%3Aietf%3Arfc%3A3986%7Curn%3Aoid%3A[0-9.]+$/;
        expect(server.addresses.length).toBeGreaterThan(3);
        expect(straying(server.addresses, [/^$/, lists])).toEqual([]);
        for (const { body } of server.bodies.filter(({ method }) => method === "POST"))
          for (const { fullUrl, request } of bundleSchema.parse(JSON.parse(String(body))).entry) {
            if (request.method === "PUT") expect(straying([fullUrl], [writable])).toEqual([]);
            else expect(fullUrl).toMatch(new RegExp(`^urn:uuid:${id}$`));
          }
      }),
      { numRuns: 40 },
    );
    await catches((text) => `DocumentReference/${text}`, [writable]);
    await catches((text) => `List?identifier=${text}`, [/^List\?identifier=[^&#]*$/]);
  });

  test("[F22] [F23] of the archive hold UIDs only, and what is stored is one part, whatever people typed", async () => {
    await fc.assert(
      fc.asyncProperty(nasty, async (text) => {
        const server = listening(() => json([{ "00100020": { Value: ["x"] } }]));
        const archive = createDicomArchive(createRecordHttp(base, server.fetcher));
        for (const step of await stepsOf(text)) {
          if (step.kind !== "dicom") continue;
          await archive.store(step, tinyJpeg).catch(() => undefined);
          await archive.readBack(step, tinyJpeg).catch(() => undefined);
          // Were ever a UID made of what people type, it would not be asked for.
          await archive.readBack({ ...step, instance: text }, tinyJpeg).catch(() => undefined);
        }
        const instance =
          /^studies\/2\.25\.\d+\/series\/2\.25\.\d+\/instances\/2\.25\.\d+\/(metadata|frames\/1)$/;
        expect(server.addresses.length).toBeGreaterThan(1);
        expect(straying(server.addresses, [/^studies$/, instance])).toEqual([]);
        const { headers, body } = server.bodies[0] ?? {};
        const type = new Headers(headers).get("content-type") ?? "";
        expect(multipartParts(body instanceof Uint8Array ? body : new Uint8Array(), type)).toHaveLength(1);
      }),
      { numRuns: 30 },
    );
    await catches((text) => `studies/${text}`, [/^studies\/[0-9.]+$/]);
  });
});

describe("the door to record and archive", () => {
  test("[F23] lets nothing out of the base, whatever path it is given", async () => {
    const paths = fc.oneof(
      nasty,
      nasty.map((text) => `Patient/${text}`),
      fc.constantFrom(
        "../fhirx/Patient/1",
        "../fhir",
        "./../../b",
        "Patient/..%2f..%2fadmin",
        "//evil.test/x",
        "",
      ),
    );
    await fc.assert(
      fc.asyncProperty(paths, async (path) => {
        const server = listening(emptyBundle);
        const http = createRecordHttp(base, server.fetcher);
        await http.request({ method: "GET", path, accept: "*/*" }).catch(() => undefined);
        expect(server.addresses.every((address) => address.startsWith(`${base}/`))).toBe(true);
        expect(server.addresses.every((address) => !/%2f|%2e/i.test(new URL(address).pathname))).toBe(true);
      }),
      { numRuns: 500 },
    );
    await catches((text) => text, [/^[^%]*$/]);
  });

  test("[F23] reads one resource by its own alphabet, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(nasty, fc.constantFrom("Patient/.", "Patient/..", "Patient/1?x=1")),
        async (text) => {
          const server = listening(emptyBundle);
          await createFhirRecord(createRecordHttp(base, server.fetcher))
            .read(text)
            .catch(() => undefined);
          expect(straying(server.addresses, [/^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]+$/])).toEqual([]);
        },
      ),
    );
    const server = listening(() => json({ resourceType: "Patient", id: "1" }));
    await createFhirRecord(createRecordHttp(base, server.fetcher)).read("Patient/1");
    expect(server.addresses).toEqual([`${base}/Patient/1`]);
  });
});

describe("the next page of the directory", () => {
  const people2 = { resourceType: "Practitioner", id: "2" };
  const pagesFrom = (next: string) => {
    let page = 0;
    return listening(() => {
      page += 1;
      const link = page === 1 ? [{ relation: "next", url: next }] : [];
      return json({ resourceType: "Bundle", link, entry: [{ resource: people2 }] });
    });
  };
  const anybody = z.looseObject({ resourceType: z.string() });
  const read = (next: string) => {
    const server = pagesFrom(next);
    const all = createFhirReader(base, server.fetcher).all(anybody, "Practitioner?_count=200");
    return { server, all };
  };

  test.each([`${base}?_getpages=1`, `${base}/Practitioner?page=2`, "?_getpages=1", "Practitioner?page=2"])(
    "[F23] is read when it is the record's own: %s",
    async (next) => {
      const { server, all } = read(next);
      expect(await all).toHaveLength(2);
      expect(server.addresses[1]?.startsWith(base)).toBe(true);
    },
  );

  test("[F23] elsewhere is not asked for, and half a directory is no directory", async () => {
    const elsewhere = fc.oneof(
      nasty.map((text) => `http://evil.test/${text}`),
      fc.constantFrom(
        "https://record.test:8443/a/fhir/x",
        "http://record.test/a/fhir/x",
        `${base}x/1`,
        `${base}/../x`,
      ),
      fc.constantFrom(
        "//evil.test/a/fhir/x",
        "http://u:p@record.test:8443/a/fhir/x",
        "javascript:1",
        "/admin",
      ),
    );
    await fc.assert(
      fc.asyncProperty(elsewhere, async (next) => {
        const { server, all } = read(next);
        await expect(all).rejects.toThrow("record-unreachable");
        expect(server.addresses).toHaveLength(1);
      }),
    );
  });
});
