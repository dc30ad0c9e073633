import { fastify } from "fastify";
import { describe, expect, test } from "vitest";
import { addSecurityHeaders, patientPageHeaders, securityHeaders } from "./headers.ts";

const policyOf = (header: string | undefined) =>
  Object.fromEntries(
    (header ?? "").split("; ").map((each) => [each.split(" ")[0], each.split(" ").slice(1).join(" ")]),
  );
const headersOf = (change: { publicUrl?: string; livekitUrl?: string } = {}) =>
  securityHeaders({ publicUrl: "https://hospital.test", livekitUrl: undefined, ...change });

describe("every answer", () => {
  test("allows the page what it needs and nothing else", () => {
    expect(policyOf(headersOf()["content-security-policy"])).toEqual({
      "default-src": "'none'",
      "script-src": "'self' 'wasm-unsafe-eval'",
      "worker-src": "'self'",
      "style-src": "'self'",
      "font-src": "'self'",
      "img-src": "'self' blob:",
      "media-src": "blob:",
      "connect-src": "'self'",
      "manifest-src": "'self'",
      "frame-src": "'self' blob:",
      "form-action": "'none'",
      "base-uri": "'none'",
      "frame-ancestors": "'none'",
      "require-trusted-types-for": "'script'",
      "trusted-types": "colloque",
    });
  });

  test("says nothing to other sites and lets none in", () => {
    expect(headersOf()).toMatchObject({
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    });
    expect(headersOf()["permissions-policy"]).toBe(
      "camera=(self), microphone=(self), display-capture=(), geolocation=(), payment=(), usb=(), serial=(), bluetooth=(), browsing-topics=()",
    );
  });

  test("asks for https for two years where there is https", () => {
    expect(headersOf()["strict-transport-security"]).toBe("max-age=63072000; includeSubDomains");
    expect(headersOf({ publicUrl: "http://localhost:7420" })).not.toHaveProperty("strict-transport-security");
  });

  test.each([
    ["wss://calls.test/x", "'self' wss://calls.test https://calls.test"],
    ["https://calls.test", "'self' wss://calls.test https://calls.test"],
    ["ws://localhost:7430", "'self' ws://localhost:7430 http://localhost:7430"],
    ["http://localhost:7430", "'self' ws://localhost:7430 http://localhost:7430"],
  ])("lets the page speak to the calls at %s and at nothing else", (livekitUrl, sources) => {
    expect(policyOf(headersOf({ livekitUrl })["content-security-policy"])["connect-src"]).toBe(sources);
  });
});

test("the patient's page may do less than the client, and is no search engine's", () => {
  expect(policyOf(patientPageHeaders["content-security-policy"])).toEqual({
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
  });
  expect(patientPageHeaders["permissions-policy"]).toBe(
    "camera=(), microphone=(), display-capture=(), geolocation=(), payment=(), usb=(), serial=(), bluetooth=(), browsing-topics=()",
  );
  expect(patientPageHeaders["x-robots-tag"]).toBe("noindex, nofollow, noarchive, nosnippet");
});

test("an answer that has a policy of its own keeps it, and gets the other headers", async () => {
  const app = fastify();
  addSecurityHeaders(app, { "x-frame-options": "DENY", "content-security-policy": "ours" });
  app.get("/own", (_request, reply) => reply.header("content-security-policy", "its own").send("x"));
  app.get("/plain", (_request, reply) => reply.send("x"));
  expect((await app.inject("/own")).headers).toMatchObject({
    "content-security-policy": "its own",
    "x-frame-options": "DENY",
  });
  expect((await app.inject("/plain")).headers["content-security-policy"]).toBe("ours");
});
