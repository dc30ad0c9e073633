import { z } from "zod";

/** Where a secret lies: in a file, or in another variable of the environment. Never in the configuration itself. */
const secretSchema = z.union(
  [z.strictObject({ file: z.string().min(1) }), z.strictObject({ env: z.string().min(1) })],
  {
    error: 'must be {"file": "…"} or {"env": "…"}: where the secret lies, not the secret',
  },
);
export type SecretSource = z.infer<typeof secretSchema>;

const tokenUrl = z
  .url({ protocol: /^https?$/, error: "must be an https address" })
  .refine((url) => isPrivateWay(url), "must be an https address: what is sent there is secret");

const clientId = z.string().min(1).max(500);
const scope = z.string().min(1).max(2000);

/** How we say who we are. */
const authSchema = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({ kind: z.literal("none") }),
    z.strictObject({
      kind: z.literal("basic"),
      user: z.string().regex(/^[^:\p{Cc}]+$/u, "must have no colon and no control character"),
      password: secretSchema,
    }),
    z.strictObject({ kind: z.literal("bearer"), token: secretSchema }),
    /** OAuth 2.0 client credentials (RFC 6749 §4.4), the secret in the header or in the form. */
    z.strictObject({
      kind: z.literal("client-credentials"),
      tokenUrl,
      clientId,
      secret: secretSchema,
      secretIn: z.enum(["header", "form"]).default("header"),
      scope: scope.optional(),
    }),
    /** SMART Backend Services: a signed assertion instead of a secret. The key is a private JWK, RSA (RS384) or P-384 (ES384). */
    z.strictObject({ kind: z.literal("smart-backend"), tokenUrl, clientId, key: secretSchema, scope }),
  ],
  { error: "kind must be none, basic, bearer, client-credentials or smart-backend" },
);
export type Auth = z.infer<typeof authSchema>;

/** Whom we believe to be the server (`ca`, instead of the system's authorities), and our own certificate where it asks for one. */
const tlsSchema = z
  .strictObject({
    ca: z.string().min(1).optional(),
    cert: z.string().min(1).optional(),
    key: z.string().min(1).optional(),
  })
  .refine((tls) => (tls.cert === undefined) === (tls.key === undefined), "cert and key go together");
export type Tls = z.infer<typeof tlsSchema>;

/** How a server of the hospital is entered: as JSON in COLLOQUE_FHIR_ACCESS and COLLOQUE_DICOMWEB_ACCESS (docs/destinations.md). */
export const accessSchema = z.strictObject({
  auth: authSchema.default({ kind: "none" }),
  tls: tlsSchema.default({}),
});
export type Access = z.infer<typeof accessSchema>;

/** What speaks against entering that address like this, in words; undefined when nothing does. */
export function accessProblem(url: string, { auth, tls }: Access): string | undefined {
  if (auth.kind !== "none" && !isPrivateWay(url))
    return "sends credentials over http, which anybody on the way can read: use an https address";
  if (Object.keys(tls).length > 0 && !url.startsWith("https:"))
    return "has certificates for an address that is not https";
  return undefined;
}

/** The base of a server: no name and password in it, no query, no fragment. */
export function isBase(text: string): boolean {
  const url = new URL(text);
  return url.username === "" && url.password === "" && !/[?#]/.test(text);
}

/** Whether nobody on the way can read along: TLS, or this very machine. */
function isPrivateWay(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}
