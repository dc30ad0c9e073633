import type { FastifyInstance } from "fastify";

/** What every answer carries. @see design.md "CSP that works with all of this" */
export function securityHeaders(options: {
  publicUrl: string;
  livekitUrl: string | undefined;
}): Record<string, string> {
  const secure = options.publicUrl.startsWith("https:");
  return {
    "content-security-policy": contentSecurityPolicy(options.livekitUrl),
    "referrer-policy": "no-referrer",
    "permissions-policy":
      "camera=(self), microphone=(self), display-capture=(), geolocation=(), payment=(), usb=(), serial=(), bluetooth=(), browsing-topics=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    ...(secure ? { "strict-transport-security": "max-age=63072000; includeSubDomains" } : {}),
  };
}

/** The patient's page runs two files of ours, speaks to this server and to nobody else, and turns no text into markup or script. */
export const patientPageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": policyOf({
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
  }),
  "permissions-policy":
    "camera=(), microphone=(), display-capture=(), geolocation=(), payment=(), usb=(), serial=(), bluetooth=(), browsing-topics=()",
  // No search engine, no link preview.
  "x-robots-tag": "noindex, nofollow, noarchive, nosnippet",
};

function policyOf(directives: Readonly<Record<string, string>>): string {
  return Object.entries(directives)
    .map(([name, value]) => `${name} ${value}`)
    .join("; ");
}

function contentSecurityPolicy(livekitUrl: string | undefined): string {
  return policyOf({
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "worker-src": "'self'",
    "style-src": "'self'",
    "font-src": "'self'",
    "img-src": "'self' blob:",
    "media-src": "blob:",
    "connect-src": ["'self'", ...livekitOrigins(livekitUrl)].join(" "),
    "manifest-src": "'self'",
    "frame-src": "'self' blob:",
    "form-action": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "colloque",
  });
}

/** LiveKit's client speaks WebSocket, and plain HTTP to the same origin to find out why one failed. */
function livekitOrigins(url: string | undefined): string[] {
  if (url === undefined) return [];
  const { host, protocol } = new URL(url);
  const secure = protocol === "wss:" || protocol === "https:";
  return [`${secure ? "wss" : "ws"}://${host}`, `${secure ? "https" : "http"}://${host}`];
}

export function addSecurityHeaders(app: FastifyInstance, headers: Readonly<Record<string, string>>): void {
  app.addHook("onSend", async (_request, reply) => {
    for (const [name, value] of Object.entries(headers))
      if (!reply.hasHeader(name)) reply.header(name, value);
  });
}
