import { createPrivateKey, randomBytes, randomUUID, sign as signBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "@playwright/test";
import { Agent, request } from "undici";
import { canonicalJson } from "#protocol/canonical.ts";
import { portBaseOf } from "../stack/ports.ts";
import { type Hospital, startHospitals } from "./support/hospital.ts";
import {
  asker,
  type Case,
  field,
  logIn,
  openCase,
  type Person,
  receiptFor,
  signIn,
} from "./support/raw-client.ts";

/**
 * Two hospitals with a homeserver and a gateway each, spoken to by hand. Leroy of A asks Martin and Kermarrec of B; Haddad of B is in no
 * case. Each refusal stands beside what is allowed.
 */
test.describe.configure({ mode: "serial", timeout: 300_000 });

const client = "/_matrix/client/v3";
let home = "";
let a: Hospital;
let b: Hospital;
let caFile = "";
let stop: (() => Promise<void>) | undefined;
let leroy: Person;
let martin: Person;
let kermarrec: Person;
let haddad: Person;
let shared: Case;

const downloadPath = (mxc: string) => `/_matrix/client/v1/media/download/${mxc.slice("mxc://".length)}`;
const read = (person: Person, mxc: string) => person.ask("GET", `${downloadPath(mxc)}?timeout_ms=5000`);
/** Past the gateway, at the homeserver's own socket. */
const readAtSynapse = (hospital: Hospital, person: Person, mxc: string) => {
  const ask = asker("http://synapse", person.token, hospital.socket);
  // Synapse takes the gateway's word for who is behind it, and answers nobody else for media.
  return ask("GET", `${downloadPath(mxc)}?timeout_ms=5000`, undefined, { "x-forwarded-for": "127.0.0.1" });
};
/** At the door for other hospitals, as somebody who knows its address. */
async function atDoor(hospital: Hospital, method: "GET" | "POST", path: string, headers = {}, body?: string) {
  const dispatcher = new Agent({ connect: { ca: readFileSync(caFile, "utf8") } });
  const answer = await request(`${hospital.federationUrl}${path}`, {
    dispatcher,
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  await answer.body.dump();
  return answer.statusCode;
}
/** As that hospital's homeserver itself would, with the key in its folder. */
function signedBy(origin: Hospital, destination: Hospital, uri: string): { authorization: string } {
  const file = readFileSync(join(origin.folder, "synapse", "signing.key"), "utf8");
  const [, id = "", seed = ""] = file.trim().split(" ");
  const pkcs8 = Buffer.concat([
    Buffer.from("302e020100300506032b657004220420", "hex"),
    Buffer.from(seed, "base64"),
  ]);
  const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const names = { origin: origin.serverName, destination: destination.serverName };
  const signed = signBytes(null, Buffer.from(canonicalJson({ ...names, method: "GET", uri })), key);
  const sig = signed.toString("base64").replace(/=+$/, "");
  const header = `origin="${names.origin}",destination="${names.destination}",key="ed25519:${id}",sig="${sig}"`;
  return { authorization: `X-Matrix ${header}` };
}
const federatedPath = (mxc: string) => `/_matrix/federation/v1/media/download/${mxc.split("/").at(-1)}`;

/** A case of A with a registered consent that names these, who are then in it. */
async function openShared(named: readonly Person[]): Promise<Case> {
  const opened = await openCase(leroy, [martin.userId, kermarrec.userId], a.archivist);
  const consent = await leroy.sign(opened.consent);
  expect((await leroy.ask("POST", "/colloque/v1/consents", { consent })).status).toBe(200);
  const archivist = await logIn(a.publicUrl, "archiviste");
  const room = encodeURIComponent(opened.roomId);
  expect((await archivist.ask("POST", `${client}/rooms/${room}/join`, {})).status).toBe(200);
  const atSynapse = asker("http://synapse", archivist.token, a.socket);
  const invite = (userId: string) => atSynapse("POST", `${client}/rooms/${room}/invite`, { user_id: userId });
  for (const person of named) {
    const invited = await invite(person.userId);
    expect(invited.status, JSON.stringify(invited.body)).toBe(200);
    const joined = await person.ask("POST", `${client}/rooms/${room}/join`, {});
    expect(joined.status, JSON.stringify(joined.body)).toBe(200);
  }
  // The twin: nobody beyond the consent, of whichever hospital.
  expect((await invite(haddad.userId)).status).toBe(403);
  return opened;
}

async function send(of: Case, bytes: Buffer): Promise<string> {
  const receipt = await leroy.sign(receiptFor(leroy, of, bytes));
  const permit = await leroy.ask("POST", "/colloque/v1/permits", { roomId: of.roomId, receipt });
  expect(permit.status, JSON.stringify(permit.body)).toBe(200);
  const mxc = field((permit.body as { files: unknown[] }).files[0], "mxc");
  const path = `/_matrix/media/v3/upload/${mxc.slice("mxc://".length)}`;
  expect((await leroy.ask("PUT", path, bytes)).status).toBe(200);
  return mxc;
}

const withdraw = (of: Case) =>
  leroy.ask("POST", `/colloque/v1/consents/${of.consent.consentId}/withdraw`, { reason: "patient-asked" });

test.beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "fed-"));
  const started = await startHospitals(home, portBaseOf("federation"));
  [a, b] = started.hospitals;
  ({ caFile, stop } = started);
  leroy = await signIn(a.publicUrl, "leroy");
  [martin, kermarrec, haddad] = await Promise.all([
    signIn(b.publicUrl, "martin"),
    signIn(b.publicUrl, "kermarrec"),
    signIn(b.publicUrl, "haddad"),
  ]);
  shared = await openShared([martin, kermarrec]);
});

test.afterAll(async () => {
  await stop?.();
  rmSync(home, { recursive: true, force: true });
});

test("a colleague of the other hospital who is in the case reads its picture, and the first hospital knows @federation", async () => {
  const bytes = randomBytes(300_000);
  const mxc = await send(shared, bytes);
  const got = await read(martin, mxc);
  expect(got.status, JSON.stringify(got.body)).toBe(200);
  expect(got.bytes.equals(bytes)).toBe(true);
  expect(got.headers["cache-control"]).toBe("no-store");
  const room = encodeURIComponent(shared.roomId);
  const accesses = await leroy.ask("GET", `/colloque/v1/cases/${room}/accesses`);
  expect(JSON.stringify(accesses.body)).toContain(martin.userId);
  expect((await read(haddad, mxc)).body).toMatchObject({ code: "not-a-member" });
});

test("past its own gateway, the other hospital's homeserver gets no picture @federation", async () => {
  const apart = await openShared([]);
  const [theirs, ours] = [await send(shared, randomBytes(2000)), await send(apart, randomBytes(2000))];
  for (const mxc of [theirs, ours]) expect((await readAtSynapse(b, martin, mxc)).status).toBe(404);
  expect((await read(martin, theirs)).status).toBe(200);
  // For a minute the first hospital lets it go: their homeserver has the copy, and once that is gone it keeps no other by itself.
  expect((await readAtSynapse(b, martin, theirs)).status).toBe(200);
  await b.forgetCopies();
  expect((await readAtSynapse(b, martin, theirs)).status).not.toBe(200);
  expect((await read(martin, theirs)).status).toBe(200);
  expect((await read(martin, ours)).body).toMatchObject({ code: "not-a-member" });
  expect((await read(leroy, ours)).status).toBe(200);
});

test("the door lets in the homeservers of the allow-list, with what is on the list, signed @federation", async () => {
  const mxc = await send(shared, randomBytes(2000));
  const media = federatedPath(mxc);
  const signed = (origin: string) => ({
    authorization: `X-Matrix origin="${origin}",destination="${a.serverName}",key="ed25519:a_test",sig="AAAA"`,
  });
  expect(await atDoor(a, "GET", "/_matrix/key/v2/server")).toBe(200);
  expect(await atDoor(a, "GET", media)).toBe(403);
  expect(await atDoor(a, "GET", media, signed("127.0.0.3:443"))).toBe(403);
  expect(await atDoor(a, "GET", media, signed(b.serverName))).toBe(404);
  expect((await read(martin, mxc)).status).toBe(200);
  // There is leave now for who is named, but it is not they who signed.
  expect(await atDoor(a, "GET", media, signed(b.serverName))).toBe(401);
  expect(await atDoor(a, "GET", media, signedBy(b, a, media))).toBe(200);
  for (const path of [
    "/_matrix/federation/v1/publicRooms",
    media.replace("download", "thumbnail"),
    `/_matrix/media/v3/download/${mxc.slice("mxc://".length)}`,
    downloadPath(mxc),
    "/_matrix/client/versions",
    "/_synapse/admin/v1/rooms",
  ])
    expect(await atDoor(a, "GET", path, signed(b.serverName)), path).not.toBe(200);
  const forged = await martin.sign({ kind: "question", nonce: randomUUID(), mxc, reader: martin.userId });
  const jose = { "content-type": "application/jose" };
  expect(await atDoor(a, "POST", "/colloque/federation/v1/question", jose, forged.jws)).toBe(403);
});

test("withdrawn in one hospital, a picture is gone in the other within two seconds, its copy too @federation", async () => {
  const gone = await openShared([martin, kermarrec]);
  const [mxc, large] = [await send(gone, randomBytes(50_000)), await send(gone, randomBytes(20_000_000))];
  expect((await read(martin, mxc)).status).toBe(200);
  // Their homeserver has a copy now, and would give it to anyone who knows the address.
  expect((await readAtSynapse(b, haddad, mxc)).status).toBe(200);
  expect((await read(martin, large)).status).toBe(200);
  const underWay = await request(`${b.publicUrl}${downloadPath(large)}`, {
    headers: { authorization: `Bearer ${martin.token}` },
  });
  expect(underWay.statusCode).toBe(200);

  const begun = Date.now();
  const withdrawn = withdraw(gone);
  await expect
    .poll(async () => (await read(martin, mxc)).body, { intervals: [50], timeout: 5_000 })
    .toMatchObject({ code: "withdrawn" });
  expect(Date.now() - begun).toBeLessThan(2_000);
  expect((await withdrawn).status).toBe(200);
  expect((await read(kermarrec, mxc)).body).toMatchObject({ code: "withdrawn" });
  await expect(underWay.body.arrayBuffer()).rejects.toThrow();
  await expect.poll(async () => (await readAtSynapse(b, haddad, mxc)).status).toBe(404);
  // The twin: another case's picture is still there.
  const other = await send(shared, randomBytes(2000));
  expect((await read(kermarrec, other)).status).toBe(200);
});

test("bytes on their way to the other hospital's homeserver are cut at the withdrawal @federation", async () => {
  const going = await openShared([martin]);
  const mxc = await send(going, randomBytes(20_000_000));
  const path = federatedPath(mxc);
  expect((await read(martin, mxc)).status).toBe(200);
  expect(await atDoor(a, "GET", path, signedBy(b, a, path))).toBe(200);
  const underWay = await request(`${a.federationUrl}${path}`, {
    dispatcher: new Agent({ connect: { ca: readFileSync(caFile, "utf8") } }),
    headers: signedBy(b, a, path),
  });
  expect(underWay.statusCode).toBe(200);
  expect((await withdraw(going)).status).toBe(200);
  await expect(underWay.body.arrayBuffer()).rejects.toThrow();
  expect(await atDoor(a, "GET", path, signedBy(b, a, path))).toBe(404);
});

test("cut off from the picture's hospital, the other gives it for the rest of a minute, and then no more @federation", async () => {
  const mxc = await send(shared, randomBytes(2000));
  expect((await read(martin, mxc)).status).toBe(200);
  const asked = Date.now();
  await a.cutOff();
  expect((await read(martin, mxc)).status).toBe(200);
  // Who had no leave before gets none now, though the copy is there.
  expect((await read(kermarrec, mxc)).body).toMatchObject({ code: "registry-unreachable" });
  await delay(Math.max(0, asked + 60_500 - Date.now()));
  expect((await read(martin, mxc)).body).toMatchObject({ code: "registry-unreachable" });
  await a.comeBack();
  expect((await read(martin, mxc)).status).toBe(200);
});
