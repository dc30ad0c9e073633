import { createHash, randomBytes, randomUUID } from "node:crypto";
import { exportJWK, FlattenedSign, generateKeyPair } from "jose";
import { Agent, request } from "undici";
import { canonicalJson, type Json } from "#protocol/canonical.ts";

/** Speaks HTTP by hand, as somebody who did not write the product would: none of our client's code. */
export type Answer = { status: number; body: unknown; bytes: Buffer; headers: Record<string, unknown> };

export type Ask = (
  method: "GET" | "POST" | "PUT" | "DELETE" | "PATCH",
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>;

/** Requests at an origin, or at a unix socket. A body that is a Buffer is sent as it is. */
export function asker(origin: string, token: string | undefined, socketPath?: string): Ask {
  const dispatcher = new Agent(socketPath === undefined ? {} : { connect: { socketPath } });
  return async (method, path, body, headers = {}) => {
    const answer = await request(`${origin}${path}`, {
      dispatcher,
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined || Buffer.isBuffer(body) ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
    });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    return { status: answer.statusCode, body: parsed(bytes), bytes, headers: answer.headers };
  };
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

export const field = (value: unknown, name: string): string => {
  const found: unknown = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  if (typeof found !== "string") throw new Error(`no ${name} in ${JSON.stringify(value)}`);
  return found;
};

export const hex = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** A token, and nothing else. */
export async function logIn(origin: string, account: string, password = "colloque-demo") {
  const login = await asker(origin, undefined)("POST", "/_matrix/client/v3/login", {
    type: "m.login.password",
    identifier: { type: "m.id.user", user: account },
    password,
  });
  const token = field(login.body, "access_token");
  return { token, userId: field(login.body, "user_id"), ask: asker(origin, token) };
}

/** Somebody signed in, with a key that the registry certified. */
export async function signIn(origin: string, account: string) {
  const { token, userId, ask } = await logIn(origin, account);
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const { kty, crv, x, y } = await exportJWK(publicKey);
  const certified = await ask("POST", "/colloque/v1/keys", { jwk: { kty, crv, x, y } });
  const certificate = field(certified.body, "certificate");
  return {
    userId,
    token,
    ask,
    sign: async (payload: Json) => {
      const jws = await new FlattenedSign(Buffer.from(canonicalJson(payload)))
        .setProtectedHeader({ alg: "ES256" })
        .sign(privateKey);
      return { payload, jws: `${jws.protected}..${jws.signature}`, certificate };
    },
  };
}
export type Person = Awaited<ReturnType<typeof signIn>>;

export const bot = "@archiviste:valombre.example";

export const roomBody = (caseId: string, archivist = bot) => ({
  preset: "private_chat",
  creation_content: { type: "fr.colloque.case", "fr.colloque.case_id": caseId },
  initial_state: [
    { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } },
    { type: "m.room.history_visibility", state_key: "", content: { history_visibility: "shared" } },
  ],
  invite: [archivist],
});

/** A case with a consent for pictures to named colleagues, as a client would have made it. */
export async function openCase(person: Person, named: string | readonly string[], archivist = bot) {
  const caseId = randomUUID();
  const pseudonym = randomBytes(16).toString("base64url");
  const created = await person.ask("POST", "/_matrix/client/v3/createRoom", roomBody(caseId, archivist));
  const roomId = field(created.body, "room_id");
  const now = Date.now();
  const consent = {
    v: 1,
    consentId: randomUUID(),
    caseId,
    pseudonym,
    decisions: [
      { purpose: "opinion", granted: true },
      { purpose: "care-named", granted: true },
    ],
    recipients: [named].flat().map((userId) => ({ kind: "person", userId })),
    method: "oral-witnessed",
    givenBy: "patient",
    notice: { version: "1", sha256: hex(Buffer.from("notice")), language: "fr" },
    evidenceSha256: hex(Buffer.from("evidence")),
    collectedBy: person.userId,
    collectedAt: new Date(now - 1000).toISOString(),
    expiresAt: new Date(now + 86_400_000).toISOString(),
  };
  return { caseId, roomId, consent, pseudonym };
}
export type Case = Awaited<ReturnType<typeof openCase>>;

/** A receipt for one picture that was never taken: its ciphertext is any bytes. */
export const receiptFor = (person: Person, of: Case, ciphertext: Buffer) => ({
  v: 1,
  receiptId: randomUUID(),
  consentId: of.consent.consentId,
  caseId: of.caseId,
  pseudonym: of.pseudonym,
  pictureSha256: hex(Buffer.from("picture")),
  ciphertexts: [{ rendition: "full", sha256: hex(ciphertext), bytes: ciphertext.length }],
  takenBy: person.userId,
  takenAt: new Date().toISOString(),
  source: "camera",
});
