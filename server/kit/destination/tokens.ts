import { createHash, randomUUID } from "node:crypto";
import { calculateJwkThumbprint, importJWK, SignJWT } from "jose";
import { z } from "zod";
import type { Auth } from "./access.ts";
import { DestinationFault } from "./fault.ts";
import { basic, type CredentialParts, type Credentials } from "./header.ts";
import { readSecret } from "./secret.ts";

type TokenAuth = Extract<Auth, { kind: "client-credentials" | "smart-backend" }>;

const timeoutMs = 10_000;
/** A token of a server that does not say how long it lives. */
const assumedSeconds = 300;
/** A token is not used in the last moments of its life: clocks differ, and requests take time. */
const marginSeconds = 30;
/** SMART: an assertion lives five minutes at most. */
const assertionSeconds = 240;

const answerSchema = z.object({
  access_token: z.string().regex(/^[A-Za-z0-9\-._~+/]+=*$/),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.coerce.number().positive().optional(),
});
const keySchema = z.union([
  z.looseObject({
    kty: z.literal("RSA"),
    n: z.string(),
    e: z.string(),
    d: z.string(),
    kid: z.string().optional(),
  }),
  z.looseObject({
    kty: z.literal("EC"),
    crv: z.literal("P-384"),
    x: z.string(),
    y: z.string(),
    d: z.string(),
    kid: z.string().optional(),
  }),
]);

type Token = { readonly header: string; readonly goodUntilMs: number };

/** Access tokens of an OAuth server: kept until shortly before they end, fetched once however many wait for one. */
export function createTokens(auth: TokenAuth, { exchange, env, clock }: CredentialParts): Credentials {
  const readOwn = () => readSecret(auth.kind === "smart-backend" ? auth.key : auth.secret, env);
  // What cannot work is said when the server starts.
  if (auth.kind === "smart-backend") parseKey(readOwn());
  else readOwn();
  let current: Token | undefined;
  let fetching: Promise<Token> | undefined;

  function fetchOnce(): Promise<Token> {
    fetching ??= fetchToken().finally(() => {
      fetching = undefined;
    });
    return fetching;
  }

  async function fetchToken(): Promise<Token> {
    const { headers, form } = await proofOf(auth, readOwn(), clock());
    form.set("grant_type", "client_credentials");
    if (auth.scope !== undefined) form.set("scope", auth.scope);
    const answer = await exchange(new URL(auth.tokenUrl), {
      method: "POST",
      headers: {
        ...headers,
        accept: "application/json",
        "content-type": "application/x-www-form-urlencoded",
      },
      body: form.toString(),
      signal: AbortSignal.timeout(timeoutMs),
    });
    // RFC 6749 §5.2: 400 or 401 for a client, key or scope that is not taken.
    if ([400, 401, 403].includes(answer.status)) throw new DestinationFault("credentials-refused");
    const token = answerSchema.safeParse(await answer.json().catch(() => undefined));
    if (answer.status !== 200 || !token.success) throw new DestinationFault("unreachable");
    const seconds = token.data.expires_in ?? assumedSeconds;
    current = {
      header: `Bearer ${token.data.access_token}`,
      goodUntilMs: clock() + (seconds - Math.min(marginSeconds, seconds / 2)) * 1000,
    };
    return current;
  }

  const header = async (): Promise<string> =>
    current !== undefined && current.goodUntilMs > clock() ? current.header : (await fetchOnce()).header;

  return {
    header,
    afterRefusal: async (refused) => {
      // Somebody else may have fetched another one meanwhile.
      if (current?.header === refused) current = undefined;
      const next = await header();
      return next === refused ? undefined : next;
    },
    fingerprint: () => createHash("sha256").update(readOwn()).digest("hex"),
  };
}

/** How the client says who it is. */
async function proofOf(auth: TokenAuth, secret: string, nowMs: number) {
  if (auth.kind === "smart-backend") {
    const assertion = await assertionOf(auth, secret, nowMs);
    const type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    return {
      headers: {},
      form: new URLSearchParams({ client_assertion_type: type, client_assertion: assertion }),
    };
  }
  if (auth.secretIn === "form")
    return { headers: {}, form: new URLSearchParams({ client_id: auth.clientId, client_secret: secret }) };
  // RFC 6749 §2.3.1: both are form-encoded before they become user and password.
  const encoded = (text: string) => new URLSearchParams({ "": text }).toString().slice(1);
  const headers = { authorization: basic(encoded(auth.clientId), encoded(secret)) };
  return { headers, form: new URLSearchParams() };
}

/** SMART App Launch 2, "Client Authentication: Asymmetric". */
async function assertionOf(
  { clientId, tokenUrl }: Extract<TokenAuth, { kind: "smart-backend" }>,
  secret: string,
  nowMs: number,
): Promise<string> {
  const { kid: given, ...jwk } = parseKey(secret);
  const alg = jwk.kty === "RSA" ? "RS384" : "ES384";
  const kid = given ?? (await calculateJwkThumbprint(jwk, "sha256"));
  const now = Math.floor(nowMs / 1000);
  return new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg, kid, typ: "JWT" })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(tokenUrl)
    .setIssuedAt(now)
    .setExpirationTime(now + assertionSeconds)
    .sign(await importJWK(jwk, alg));
}

function parseKey(text: string): z.infer<typeof keySchema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const key = keySchema.safeParse(value);
  if (key.success) return key.data;
  throw new Error("The key must be a private JWK: RSA (signs with RS384) or EC P-384 (ES384)");
}
