import { createHash, randomUUID } from "node:crypto";
import { z } from "zod";
import { permitAnswerSchema } from "#protocol/api.ts";
import type { Json } from "#protocol/canonical.ts";
import { clinicianSchema } from "#protocol/people.ts";
import { newPrivateJwk, signDetached, signingKeyOf } from "../../kit/jose.ts";
import { tokenOf } from "./homeserver.ts";
import { type HospitalParts, openHospital } from "./hospital.ts";

/** A gateway on a port of its own, over the real roles and a homeserver in memory, and people who speak to it by HTTP. */
export const userOf = (name: string): string => `@${name}:valombre.example`;
export const bot = userOf("archiviste");
/** Leroy asks, Martin is asked, Haddad is nobody to the consent, Mallory is in no directory. */
export const leroy = userOf("leroy");
export const martin = userOf("martin");
export const haddad = userOf("haddad");
export const mallory = userOf("mallory");
export const startMs = Date.parse("2026-03-01T10:00:00Z");
export const picture = Buffer.from("the ciphertext of a picture");
export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export const aClinician = (userId: string) => {
  const name = userId.slice(1, userId.indexOf(":"));
  return clinicianSchema.parse({
    userId,
    practitionerId: name,
    practitionerRoleId: name,
    family: name,
    given: "Claire",
    title: "Dr",
    specialty: "dermatology",
    rpps: "89900000001",
    organization: "CHU de Valombre",
    teams: [],
  });
};
const clinicians = [leroy, martin, haddad].map(aClinician);

type Asking = {
  readonly as?: string;
  readonly body?: Json | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
};

export async function openGateway(parts: Partial<HospitalParts> = {}) {
  const now = { ms: startMs };
  const hospital = await openHospital({ clock: () => now.ms, bot, clinicians, ...parts });
  hospital.homeserver.setTellsNews(true);

  /** One request; the answer's body as JSON where it is that. */
  async function ask(method: string, path: string, { as, body, headers }: Asking = {}) {
    const bytes = Buffer.isBuffer(body) ? new Uint8Array(body) : undefined;
    const answer = await fetch(hospital.now().address + path, {
      method,
      redirect: "manual",
      headers: {
        ...(as === undefined ? {} : { authorization: `Bearer ${tokenOf(as)}` }),
        ...(bytes !== undefined || body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: bytes ?? JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: Object.fromEntries(answer.headers), text, json: jsonOf(text) };
  }
  /** The refusals among the answers, in their own words. */
  const audited = async (event: string): Promise<Record<string, unknown>[]> =>
    (
      await hospital
        .now()
        .db.all(
          z.object({ actor: z.string().nullable(), details: z.string() }),
          "SELECT actor, details FROM audit WHERE event = ? ORDER BY seq",
          event,
        )
    ).map(({ actor, details }) => ({ actor, ...z.looseObject({}).parse(JSON.parse(details)) }));

  return { hospital, now, ask, audited, [Symbol.asyncDispose]: () => hospital[Symbol.asyncDispose]() };
}
export type Gateway = Awaited<ReturnType<typeof openGateway>>;

function jsonOf(text: string): Record<string, unknown> {
  try {
    return z.looseObject({}).parse(JSON.parse(text));
  } catch {
    return {};
  }
}

/** A person's browser with a certified key. */
export async function openPhone({ ask }: Gateway, userId: string) {
  const key = await signingKeyOf(await newPrivateJwk());
  const answer = await ask("POST", "/colloque/v1/keys", { as: userId, body: { jwk: key.publicJwk } });
  const { certificate } = z.object({ certificate: z.string() }).parse(answer.json);
  return async (payload: Json) => ({ payload, jws: await signDetached(key, payload), certificate });
}

export const roomBody = (caseId: string) => ({
  preset: "private_chat",
  creation_content: { type: "fr.colloque.case", "fr.colloque.case_id": caseId },
  initial_state: [
    { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } },
    { type: "m.room.history_visibility", state_key: "", content: { history_visibility: "shared" } },
  ],
  invite: [bot],
});

/** A case of Leroy's with a consent for Martin, who is in it. */
export async function openCase(gateway: Gateway, change: Record<string, Json> = {}) {
  const { ask, hospital } = gateway;
  const sign = await openPhone(gateway, leroy);
  const caseId = randomUUID();
  const created = await ask("POST", "/_matrix/client/v3/createRoom", { as: leroy, body: roomBody(caseId) });
  const { room_id: roomId } = z.object({ room_id: z.string() }).parse(created.json);
  const consent = {
    v: 1,
    consentId: randomUUID(),
    caseId,
    pseudonym: "abcdefghijklmnopqrstuv",
    decisions: [
      { purpose: "opinion", granted: true },
      { purpose: "care-named", granted: true },
    ],
    recipients: [{ kind: "person", userId: martin }],
    method: "oral-witnessed",
    givenBy: "patient",
    notice: { version: "1", sha256: sha256(picture), language: "fr" },
    evidenceSha256: sha256(picture),
    collectedBy: leroy,
    collectedAt: "2026-03-01T09:59:00Z",
    expiresAt: "2026-06-01T09:00:00Z",
    ...change,
  };
  const registered = await ask("POST", "/colloque/v1/consents", {
    as: leroy,
    body: { consent: await sign(consent) },
  });
  await hospital.homeserver.force(martin, roomId);
  const receiptOf = (more: Record<string, Json> = {}) => ({
    v: 1,
    receiptId: randomUUID(),
    consentId: consent.consentId,
    caseId,
    pseudonym: consent.pseudonym,
    pictureSha256: sha256(picture),
    ciphertexts: [{ rendition: "full", sha256: sha256(picture), bytes: picture.length }],
    takenBy: leroy,
    takenAt: "2026-03-01T10:00:00Z",
    source: "camera",
    ...more,
  });
  const askPermit = async (receipt: Json, as = leroy, room = roomId) =>
    ask("POST", "/colloque/v1/permits", { as, body: { roomId: room, receipt: await sign(receipt) } });
  /** A permit, and the path below the media endpoints that it reserved. */
  const permit = async (more: Record<string, Json> = {}) => {
    const answer = permitAnswerSchema.parse((await askPermit(receiptOf(more))).json);
    const mxc = answer.files[0]?.mxc ?? "";
    return { ...answer, mxc, path: mxc.slice("mxc://".length) };
  };
  const upload = (path: string, bytes: Buffer = picture, as = leroy) =>
    ask("PUT", `/_matrix/media/v3/upload/${path}`, {
      as,
      body: bytes,
      headers: { "content-type": "application/octet-stream" },
    });
  const download = (path: string, as: string, query = "?timeout_ms=0", headers = {}) =>
    ask("GET", `/_matrix/client/v1/media/download/${path}${query}`, { as, headers });
  const withdraw = (as = leroy) =>
    ask("POST", `/colloque/v1/consents/${consent.consentId}/withdraw`, {
      as,
      body: { reason: "patient-asked" },
    });
  return {
    ...gateway,
    caseId,
    roomId,
    consent,
    registered,
    sign,
    receiptOf,
    askPermit,
    permit,
    upload,
    download,
    withdraw,
  };
}
export type Case = Awaited<ReturnType<typeof openCase>>;
