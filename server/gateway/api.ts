import type { FastifyInstance } from "fastify";
import { apiPrefix, certifyRequestSchema, keySetType, patientSearchSchema } from "#protocol/api.ts";
import { fullName } from "#protocol/people.ts";
import { keySetOf } from "../kit/jose.ts";
import type { ApiParts, SignedIn } from "./api-parts.ts";
import { callRoutes } from "./call-routes.ts";
import { clinician, read } from "./callers.ts";
import { caseRoutes } from "./case-routes.ts";
import { charge } from "./charge.ts";
import { consentRoutes } from "./consent-routes.ts";
import { deskRoutes } from "./desk-routes.ts";
import { patientRoutes } from "./patient-api.ts";
import { createRateLimit, rates } from "./rate-limit.ts";
import type { Session } from "./sessions.ts";

/** The server's own interface, /colloque/v1: contract in src/protocol/api.ts. */
export function ownApi(parts: ApiParts) {
  const limit = createRateLimit(rates.all, parts.clock);
  const limitSearch = createRateLimit(rates.search, parts.clock);

  const signedIn: SignedIn = async (request) => {
    const { authorization } = request.headers;
    await charge(parts.sessions, { ip: request.ip, authorization }, limit);
    return parts.sessions.lately(authorization);
  };

  const routes = async (app: FastifyInstance): Promise<void> => {
    app.addHook("onSend", async (_request, reply) => {
      reply.header("cache-control", "no-store");
    });
    app.get("/config", async () => parts.clientConfig);
    app.get("/registry-keys", async (_request, reply) => {
      reply.header("content-type", keySetType);
      return JSON.stringify(await keySetOf(parts.registry.publicKey));
    });
    app.get("/health", () => parts.health());
    app.post("/keys", async (request) => {
      await signedIn(request);
      return certify(parts, await parts.sessions.of(request.headers.authorization), request.body);
    });
    app.post("/ready", async (request) => {
      const { userId } = await signedIn(request);
      await parts.audit.becameReady({ actor: userId });
      parts.onUserReady(userId);
      return {};
    });
    app.get("/directory", async (request) => {
      await signedIn(request);
      return parts.directory.current();
    });
    app.post("/patients/search", async (request) => {
      const session = await signedIn(request);
      limitSearch(session.userId);
      return searchPatients(parts, session, request.body);
    });
    consentRoutes(app, parts, signedIn);
    caseRoutes(app, parts, signedIn);
    callRoutes(app, parts, signedIn);
    deskRoutes(app, parts, signedIn);
    patientRoutes(app, { ...parts, signedIn });
  };
  return (app: FastifyInstance) => app.register(routes, { prefix: apiPrefix });
}

async function certify({ directory, registry }: ApiParts, session: Session, body: unknown) {
  const { jwk } = read(certifyRequestSchema, body);
  const person = clinician(directory, session.userId);
  const certificate = await registry.certify(session, jwk, { name: fullName(person), rpps: person.rpps });
  return { certificate };
}

async function searchPatients({ directory, audit }: ApiParts, { userId }: Session, body: unknown) {
  clinician(directory, userId);
  const query = read(patientSearchSchema, body);
  const found = await directory.searchPatients(query);
  await audit.patientsSearched({
    actor: userId,
    by: "identifier" in query ? "identifier" : "traits",
    found: found.matches.length,
  });
  return found;
}
