import { randomBytes } from "node:crypto";
import { expect, test } from "@playwright/test";
import { callPassSchema } from "#protocol/calls.ts";
import { asker, type Case, field, openCase, type Person, signIn } from "./support/raw-client.ts";
import { running } from "./support/stack.ts";

/** The door of the calls, on the real homeserver and the real LiveKit, spoken to by hand. Each refusal stands beside what is allowed. */
const stack = running();
const martin = "@martin:valombre.example";
const memberType = "org.matrix.msc3401.call.member";
let leroy: Person;
let faure: Person;

test.beforeAll(async () => {
  leroy = await signIn(stack.publicUrl, "leroy");
  faure = await signIn(stack.publicUrl, "faure");
});

const inRoom = (of: Case, rest: string) =>
  `/_matrix/client/v3/rooms/${encodeURIComponent(of.roomId)}/${rest}`;
const askPass = (person: Person, of: Case) =>
  person.ask("POST", `/colloque/v1/cases/${encodeURIComponent(of.roomId)}/call`, {});
const deviceOf = async (person: Person) =>
  field((await person.ask("GET", "/_matrix/client/v3/account/whoami")).body, "device_id");

/** A case of which the patient agreed to ask. */
async function agreedCase(): Promise<Case> {
  const of = await openCase(leroy, martin);
  const consent = await leroy.sign(of.consent);
  expect((await leroy.ask("POST", "/colloque/v1/consents", { consent })).status).toBe(200);
  return of;
}

async function passOf(person: Person, of: Case) {
  const answer = await askPass(person, of);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return callPassSchema.parse(answer.body);
}

/** Whether LiveKit would open its door to this token. */
async function opens(url: string, jwt: string): Promise<boolean> {
  const answer = await fetch(`${url.replace(/^ws/, "http")}/rtc/validate?access_token=${jwt}`);
  return answer.ok;
}

/** Enters by signalling alone: enough for LiveKit to count somebody in. */
async function enter(url: string, jwt: string) {
  const socket = new WebSocket(`${url}/rtc?access_token=${jwt}&protocol=15&auto_subscribe=0&sdk=js`);
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<number>();
  socket.addEventListener("open", () => opened.resolve());
  socket.addEventListener("error", () => opened.reject(new Error("LiveKit refused")));
  socket.addEventListener("close", () => closed.resolve(Date.now()));
  // The first message says that one is in.
  const welcomed = new Promise<void>((resolve) =>
    socket.addEventListener("message", () => resolve(), { once: true }),
  );
  await opened.promise;
  await Promise.race([welcomed, closed.promise]);
  return { closed: closed.promise, close: () => socket.close() };
}

test("a member whom the patient's consent covers may enter the call, nobody else @call", async () => {
  const of = await openCase(leroy, martin);
  expect((await askPass(leroy, of)).body).toMatchObject({ code: "gate-refused", reason: "no-consent" });
  const consent = await leroy.sign(of.consent);
  await leroy.ask("POST", "/colloque/v1/consents", { consent });
  const { url, jwt, identity } = await passOf(leroy, of);
  expect(identity).toBe(`${leroy.userId}:${await deviceOf(leroy)}`);
  expect(await opens(url, jwt)).toBe(true);

  expect((await askPass(faure, of)).body).toMatchObject({ code: "not-a-member" });
  const nobody = asker(stack.publicUrl, undefined);
  expect((await nobody("POST", `/colloque/v1/cases/${encodeURIComponent(of.roomId)}/call`, {})).status).toBe(
    401,
  );
  // One letter of the signature is another.
  const forged = jwt.slice(0, -3) + (jwt.at(-3) === "A" ? "B" : "A") + jwt.slice(-2);
  expect(await opens(url, forged)).toBe(false);
});

test("who leaves the case is out of its call within a second, and does not come back with the old leave @call", async () => {
  const of = await agreedCase();
  const { url, jwt } = await passOf(leroy, of);
  const call = await enter(url, jwt);
  const leftAt = Date.now();
  expect((await leroy.ask("POST", inRoom(of, "leave"), {})).status).toBe(200);
  expect((await call.closed) - leftAt).toBeLessThan(1000);

  expect((await askPass(leroy, of)).body).toMatchObject({ code: "not-a-member" });
  const again = await enter(url, jwt).catch(() => null);
  const backAt = Date.now();
  if (again !== null) expect((await again.closed) - backAt).toBeLessThan(1000);
});

test("when the patient takes the consent back, the call is over within a second @call @consent", async () => {
  const of = await agreedCase();
  const { url, jwt } = await passOf(leroy, of);
  const call = await enter(url, jwt);
  const saidAt = Date.now();
  const withdraw = `/colloque/v1/consents/${of.consent.consentId}/withdraw`;
  expect((await leroy.ask("POST", withdraw, { reason: "patient-asked" })).status).toBe(200);
  expect((await call.closed) - saidAt).toBeLessThan(1000);
  expect((await askPass(leroy, of)).body).toMatchObject({ code: "gate-refused", reason: "withdrawn" });
});

test("another client enters by an OpenID token of its own user, for its own device @call", async () => {
  const of = await agreedCase();
  const openId = async (person: Person) =>
    (
      await person.ask(
        "POST",
        `/_matrix/client/v3/user/${encodeURIComponent(person.userId)}/openid/request_token`,
        {},
      )
    ).body;
  const nobody = asker(stack.publicUrl, undefined);
  const get = async (token: unknown, device: string) =>
    nobody("POST", "/colloque/v1/calls/sfu/get", { room: of.roomId, openid_token: token, device_id: device });

  const answer = await get(await openId(leroy), await deviceOf(leroy));
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  expect(answer.headers["access-control-allow-origin"]).toBe("*");
  expect(await opens(field(answer.body, "url"), field(answer.body, "jwt"))).toBe(true);

  expect((await get(await openId(faure), await deviceOf(faure))).body).toMatchObject({
    code: "not-a-member",
  });
  expect((await get(await openId(leroy), await deviceOf(faure))).body).toMatchObject({ code: "not-allowed" });
  const made = { access_token: randomBytes(12).toString("hex"), matrix_server_name: "valombre.example" };
  expect((await get(made, await deviceOf(leroy))).status).toBe(401);
  const elsewhere = { ...(await openIdOf(leroy, openId)), matrix_server_name: "elsewhere.example" };
  expect((await get(elsewhere, await deviceOf(leroy))).status).toBe(401);
  // The newer ways are not there, in words that make a client go on with this one.
  for (const path of ["get_token", "delegate_delayed_leave"])
    expect((await nobody("POST", `/colloque/v1/calls/${path}`, {})).status).toBe(404);
  expect((await nobody("POST", "/colloque/v1/calls/sfu_webhook", {})).status).toBeGreaterThanOrEqual(400);
});

const openIdOf = async (person: Person, ask: (person: Person) => Promise<unknown>) =>
  Object.fromEntries(Object.entries((await ask(person)) ?? {}));

test("each device says its own place in a call, and the homeserver says that it left when it no longer can @call", async () => {
  const of = await agreedCase();
  const device = await deviceOf(leroy);
  const place = {
    application: "m.call",
    call_id: "",
    scope: "m.room",
    device_id: device,
    expires: 14_400_000,
    focus_active: { type: "livekit", focus_selection: "oldest_membership" },
    foci_preferred: [{ type: "livekit", livekit_service_url: `${stack.publicUrl}/colloque/v1/calls` }],
  };
  const path = (userId: string, query = "") =>
    `${inRoom(of, "state")}/${memberType}/${encodeURIComponent(`_${userId}_${device}_m.call`)}${query}`;
  const put = (userId: string, content: unknown, query = "") =>
    leroy.ask("PUT", path(userId, query), content);

  const leave = await put(leroy.userId, {}, "?org.matrix.msc4140.delay=1500");
  expect(leave.status, JSON.stringify(leave.body)).toBe(200);
  const delayId = field(leave.body, "delay_id");
  const delayed = `/_matrix/client/unstable/org.matrix.msc4140/delayed_events/${delayId}`;
  expect((await put(leroy.userId, place)).status).toBe(200);
  expect((await leroy.ask("POST", `${delayed}/restart`, {})).status).toBe(200);
  const now = async () => (await leroy.ask("GET", path(leroy.userId))).body;
  expect(await now()).toMatchObject({ device_id: device });
  // Nothing is heard of the device any more.
  await expect.poll(now, { timeout: 10_000 }).toEqual({});

  expect((await put(martin, place)).status).toBe(403);
  expect((await put(leroy.userId, { ...place, note: "dos" })).status).toBe(403);
  expect((await put(leroy.userId, {}, "?org.matrix.msc4140.delay=86400000")).status).toBe(403);
});
