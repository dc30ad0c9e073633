import type { FastifyInstance, FastifyRequest } from "fastify";
import {
  apiPrefix,
  type Config as ClientConfig,
  certifyRequestSchema,
  type Health,
  patientSearchSchema,
  type RecordView,
} from "#protocol/api.ts";
import { fullName } from "#protocol/people.ts";
import type { Audit } from "../audit/index.ts";
import type { Registry } from "../consent/index.ts";
import type { DirectoryPort } from "../directory/index.ts";
import type { Clock } from "../kit/role.ts";
import type { SynapseClient } from "../kit/synapse-client.ts";
import { clinician, read } from "./callers.ts";
import { caseRoutes } from "./case-routes.ts";
import { consentRoutes } from "./consent-routes.ts";
import type { Gate } from "./gate.ts";
import type { Memberships } from "./memberships.ts";
import { createRateLimit, rates } from "./rate-limit.ts";
import { type Session, type Sessions, tokenKey } from "./sessions.ts";

/** Who asks: throws `not-signed-in`, or `too-many`. */
export type SignedIn = (request: FastifyRequest) => Promise<Session>;

/** Asks the archivist to let a colleague into a case, with its history, on whose word. */
export type AskIn = (invitation: {
  roomId: string;
  caseId: string;
  userId: string;
  askedBy: string;
}) => Promise<void>;

/** What the gateway asks of filing: what is in the record, and the bytes of one entry (throws `not-found`). */
export type RecordPort = {
  recordOf(roomId: string): Promise<RecordView>;
  readEntry(roomId: string, id: string): Promise<{ contentType: string; bytes: Uint8Array }>;
};

export type ApiParts = {
  readonly synapse: SynapseClient;
  readonly sessions: Sessions;
  readonly memberships: Memberships;
  readonly registry: Registry;
  readonly directory: DirectoryPort;
  readonly gate: Gate;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly clientConfig: ClientConfig;
  readonly health: () => Promise<Health>;
  readonly record: RecordPort | undefined;
  readonly askIn: AskIn | undefined;
  readonly onUserReady: (userId: string) => void;
};

/** The server's own interface, /colloque/v1: contract in src/protocol/api.ts. */
export function ownApi(parts: ApiParts) {
  const limit = createRateLimit(rates.all, parts.clock);
  const limitSearch = createRateLimit(rates.search, parts.clock);

  const signedIn: SignedIn = async (request) => {
    const session = await parts.sessions.of(request.headers.authorization);
    limit(tokenKey(session.token));
    return session;
  };

  const routes = async (app: FastifyInstance): Promise<void> => {
    app.addHook("onSend", async (_request, reply) => {
      reply.header("cache-control", "no-store");
    });
    app.get("/config", async () => parts.clientConfig);
    app.get("/health", () => parts.health());
    app.post("/keys", async (request) => certify(parts, await signedIn(request), request.body));
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
