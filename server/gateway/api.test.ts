import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PatientQuery } from "#protocol/patient.ts";
import { newPrivateJwk, signingKeyOf } from "../kit/jose.ts";
import { rates } from "./rate-limit.ts";
import { type Gateway, leroy, mallory, openGateway, openPhone } from "./testing/a-gateway.ts";

const ready: string[] = [];
const searched: PatientQuery[] = [];
const world = { isKnown: true };
let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway({
    needs: { onUserReady: (userId) => void ready.push(userId) },
    directory: {
      isKnown: () => world.isKnown,
      searchPatients: async (query) => {
        searched.push(query);
        return { matches: [], more: true };
      },
    },
    env: {
      COLLOQUE_HOSPITAL: JSON.stringify({
        name: "CHU de Valombre",
        address: "1 rue du Val",
        emergencyNumber: "15",
        urgentPhones: { dermatology: "01" },
        organizationId: "chu",
      }),
    },
  });
});
afterAll(async () => gateway[Symbol.asyncDispose]());

const refused = (status: number, code: string, more: object = {}) => ({
  status,
  json: expect.objectContaining({ code, ...more }),
});

test("what a client needs before anybody signs in is told to anybody, and no more of the configuration", async () => {
  const { registry } = gateway.hospital.now();
  const answer = await gateway.ask("GET", "/colloque/v1/config");
  expect(answer.json).toEqual({
    hospital: { name: "CHU de Valombre", address: "1 rue du Val", emergencyNumber: "15" },
    serverName: "valombre.example",
    bot: "@archiviste:valombre.example",
    registryKey: registry.publicKey,
    registryName: "registry:valombre.example",
    urgentPhones: { dermatology: "01" },
    archive: false,
    calls: false,
    consentRules: expect.objectContaining({ country: "FR" }),
    retentionDays: 30,
  });
  expect(answer.headers["cache-control"]).toBe("no-store");
});

test.each([
  ["POST", "keys"],
  ["POST", "ready"],
  ["GET", "directory"],
  ["POST", "patients/search"],
  ["POST", "consents"],
  ["POST", "consents/x/withdraw"],
  ["POST", "glasses"],
  ["POST", "permits"],
  ["POST", "patient/links"],
  ["POST", "patient/links/x/state"],
  ["POST", "patient/links/x/cancel"],
])("%s %s asks who it is first", async (method, path) => {
  const answer = await gateway.ask(method, `/colloque/v1/${path}`, method === "POST" ? { body: {} } : {});
  expect(answer).toMatchObject(refused(401, "not-signed-in"));
});

describe("a device's key", () => {
  test("is certified for a clinician, under the name in the directory", async () => {
    const { publicJwk: jwk } = await signingKeyOf(await newPrivateJwk());
    const answer = await gateway.ask("POST", "/colloque/v1/keys", { as: leroy, body: { jwk } });
    expect(decodeJwt(String(answer.json.certificate))).toMatchObject({
      sub: leroy,
      device: "DEVICE",
      name: "Dr Claire leroy",
      rpps: "89900000001",
      cnf: { jwk },
    });
    expect(await gateway.ask("POST", "/colloque/v1/keys", { as: leroy, body: {} })).toMatchObject(
      refused(400, "bad-request"),
    );
  });

  test("is certified for nobody whom the directory does not know, nor before it was read", async () => {
    const { publicJwk: jwk } = await signingKeyOf(await newPrivateJwk());
    const certify = (as: string) => gateway.ask("POST", "/colloque/v1/keys", { as, body: { jwk } });
    const answer = await certify(mallory);
    expect(answer).toMatchObject(refused(403, "not-allowed"));
    expect(answer.json.error).toBe("The directory does not know you as a clinician.");
    world.isKnown = false;
    expect(await certify(leroy)).toMatchObject(refused(503, "record-unreachable"));
    world.isKnown = true;
  });

  test("is certified on the homeserver's word alone, not on what it said minutes ago", async () => {
    const whoami = "GET /_matrix/client/v3/account/whoami";
    await using own = await openGateway();
    await openPhone(own, leroy);
    own.now.ms += 5_000;
    own.hospital.homeserver.say(whoami, [503, { errcode: "M_UNKNOWN" }]);
    const { publicJwk: jwk } = await signingKeyOf(await newPrivateJwk());
    expect(await own.ask("GET", "/colloque/v1/directory", { as: leroy })).toMatchObject({ status: 200 });
    expect(await own.ask("POST", "/colloque/v1/keys", { as: leroy, body: { jwk } })).toMatchObject(
      refused(502, "homeserver-unreachable"),
    );
  });
});

test("who has a device that can be encrypted to is told to the others, and written down", async () => {
  expect(await gateway.ask("POST", "/colloque/v1/ready", { as: leroy, body: {} })).toMatchObject({
    status: 200,
    json: {},
  });
  expect(ready).toEqual([leroy]);
  expect(await gateway.audited("became-ready")).toEqual([{ actor: leroy }]);
});

test("the directory is given as it was last read", async () => {
  const { json } = await gateway.ask("GET", "/colloque/v1/directory", { as: leroy });
  expect(json).toMatchObject({ teams: [], updatedAt: "1970-01-01T00:00:00.000Z" });
  expect(json.clinicians).toHaveLength(3);
});

describe("a search for patients", () => {
  const traits = { family: "MOREAU", given: "Jean-Pierre", birthDate: "1957-02-14" };
  const search = (as: string, body: object) =>
    gateway.ask("POST", "/colloque/v1/patients/search", { as, body: { ...body } });

  test("is a clinician's, and the audit keeps which kind it was and not whom it was for", async () => {
    expect(await search(leroy, traits)).toMatchObject({ status: 200, json: { matches: [], more: true } });
    expect(await search(leroy, { identifier: "199991234567890" })).toMatchObject({ status: 200 });
    expect(searched).toMatchObject([traits, { identifier: "199991234567890" }]);
    expect(await gateway.audited("patients-searched")).toEqual([
      { actor: leroy, by: "traits", found: 0 },
      { actor: leroy, by: "identifier", found: 0 },
    ]);
    expect(await search(mallory, traits)).toMatchObject(refused(403, "not-allowed"));
    expect(await search(leroy, { shoeSize: 44 })).toMatchObject(refused(400, "bad-request"));
  });

  test("is one of a few in a row", async () => {
    gateway.now.ms += 3600_000;
    const answers = [];
    for (let n = 0; n <= rates.search.burst; n += 1) answers.push((await search(leroy, traits)).status);
    expect(answers.indexOf(429)).toBe(rates.search.burst);
  });
});

test("so many requests in a row are served, and the next must wait", async () => {
  gateway.now.ms += 3600_000;
  const ask = () => gateway.ask("GET", "/colloque/v1/directory", { as: leroy });
  const answers = await Promise.all(Array.from({ length: rates.all.burst }, ask));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(await ask()).toMatchObject(refused(429, "too-many"));
}, 30_000);
