import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { accessSchema, openDestination } from "../kit/destination/index.ts";
import { createAuthority, pem } from "../kit/destination/testing/authority.ts";
import { listen } from "../kit/destination/testing/servers.ts";
import { aCase, delattre, type People, people } from "./testing/a-case.ts";
import { aFilingPlace, submitAll, until } from "./testing/a-filing.ts";
import { aRecord, patientResource } from "./testing/a-record.ts";

/** Filing into a record behind a real door on this machine: TLS, a certificate of ours, and a token that it may refuse. */
let all: People;
let folder: string;
let place: ReturnType<typeof aFilingPlace>;
let record: ReturnType<typeof aRecord>;
let nowMs: number;
beforeAll(async () => {
  all = await people();
  folder = mkdtempSync(join(tmpdir(), "door-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  nowMs = 0;
  record = aRecord();
  record.put(patientResource(delattre));
});
afterEach(() => place.remove());

async function door(token: string) {
  const hospital = createAuthority(folder, "hospital");
  const { key, cert } = hospital.certify("record");
  const tls = {
    key: pem(key),
    cert: pem(cert),
    ca: pem(hospital.ca),
    requestCert: true,
    rejectUnauthorized: true,
  };
  const server = await listen(async ({ method, url, authorization, body }) => {
    if (authorization !== `Bearer ${token}`)
      return { status: 401, body: { resourceType: "OperationOutcome" } };
    const answer = await record.fetcher(`http://record.test${url}`, {
      method,
      ...(body === "" ? {} : { body }),
    });
    return { status: answer.status, body: z.unknown().parse(await answer.json()) };
  }, tls);
  return { server, ca: hospital.ca, own: hospital.certify("colloque") };
}

describe("a record behind a door", () => {
  test("[F5] that refuses our token holds everything back, parks nothing, and takes all of it, once, when the token is right", async () => {
    const { server, ca, own } = await door("right");
    await using _server = server;
    const file = join(folder, "token");
    writeFileSync(file, "wrong\n");
    const fhirUrl = `${server.url}/fhir`;
    const access = accessSchema.parse({ auth: { kind: "bearer", token: { file } }, tls: { ca, ...own } });
    const parts = { env: {}, clock: () => nowMs };
    await using destination = openDestination({ name: "COLLOQUE_FHIR_ACCESS", url: fhirUrl, access }, parts);
    place = aFilingPlace(all, record, false, "contained", undefined, { fhirUrl });
    await using filing = await place.open(destination.fetch);
    const { items } = await aCase(all);
    await submitAll(filing, items);
    await until(() => place.told.length > 0);
    expect(place.told[0]?.filed.outcome.state).toBe("waiting");
    expect(destination.trouble()).toBe("credentials-refused");
    expect(record.requests).toEqual([]);
    // Not one request for each piece: nobody knocks again at once.
    expect(server.asked).toHaveLength(1);

    writeFileSync(file, "right\n");
    await until(() => items.every(({ eventId }) => place.words().get(eventId)?.state === "filed"), 20_000);
    expect(destination.trouble()).toBeUndefined();
    expect(record.ofType("ServiceRequest")).toHaveLength(1);
    expect(place.told.some(({ filed }) => filed.outcome.state === "parked")).toBe(false);
    expect(JSON.stringify(server.asked.map(({ url }) => url))).not.toMatch(/DELATTRE|259036/);
  }, 40_000);
});
