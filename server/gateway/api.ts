import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import {
  apiPrefix,
  type Config as ClientConfig,
  certifyRequestSchema,
  type Health,
  maxUploadBytes,
  type PermitAnswer,
  patientSearchSchema,
  permitRequestSchema,
  type RecordView,
  registerConsentSchema,
  withdrawSchema,
} from "#protocol/api.ts";
import { ColloqueError } from "#protocol/errors.ts";
import { consentIdSchema, mxcUriSchema, roomIdSchema } from "#protocol/ids.ts";
import { type Clinician, fullName } from "#protocol/people.ts";
import type { Audit } from "../audit/index.ts";
import type { PermitFiles, Registry } from "../consent/index.ts";
import type { DirectoryPort } from "../directory/index.ts";
import type { Clock } from "../kit/role.ts";
import { type SynapseClient, SynapseError } from "../kit/synapse-client.ts";
import type { Gate } from "./gate.ts";
import type { Memberships } from "./memberships.ts";
import { createRateLimit, rates } from "./rate-limit.ts";
import { type Session, type Sessions, tokenKey } from "./sessions.ts";

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
  readonly onUserReady: (userId: string) => void;
};

/** The server's own interface, /colloque/v1: contract in src/protocol/api.ts. */
export function ownApi(parts: ApiParts) {
  const limit = createRateLimit(rates.all, parts.clock);
  const limitSearch = createRateLimit(rates.search, parts.clock);

  async function signedIn(request: FastifyRequest): Promise<Session> {
    const session = await parts.sessions.of(request.headers.authorization);
    limit(tokenKey(session.token));
    return session;
  }

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
    caseRoutes(app, parts, signedIn);
  };
  return (app: FastifyInstance) => app.register(routes, { prefix: apiPrefix });
}

function caseRoutes(
  app: FastifyInstance,
  parts: ApiParts,
  signedIn: (request: FastifyRequest) => Promise<Session>,
): void {
  app.post("/consents", async (request) => registerConsent(parts, await signedIn(request), request.body));
  app.post("/consents/:consentId/withdraw", async (request) => {
    const { userId } = await signedIn(request);
    const { consentId } = read(z.object({ consentId: consentIdSchema }), request.params);
    await parts.registry.withdraw(userId, consentId, read(withdrawSchema, request.body).reason);
    return { consentId, state: "withdrawn" };
  });
  app.post("/permits", async (request) => givePermit(parts, await signedIn(request), request.body));
  app.get("/cases/:roomId/leases", async (request) => {
    const { caseId } = await memberOf(parts, await signedIn(request), request.params);
    return { leases: await parts.registry.leasesOf(caseId) };
  });
  app.get("/cases/:roomId/record", async (request) => {
    const { roomId } = await memberOf(parts, await signedIn(request), request.params);
    return recordPort(parts).recordOf(roomId);
  });
  app.get("/cases/:roomId/record/:id", async (request, reply) => {
    const session = await signedIn(request);
    const { roomId, caseId } = await memberOf(parts, session, request.params);
    const { id } = read(z.object({ id: z.string().max(64) }), request.params);
    const decision = await parts.gate.member(caseId, session.userId);
    if (!decision.allow) throw new ColloqueError("gate-refused", { details: { reason: decision.reason } });
    const entry = await recordPort(parts).readEntry(roomId, id);
    await parts.audit.recordEntryRead({ actor: session.userId, roomId, entry: id });
    return reply.type(entry.contentType).send(Buffer.from(entry.bytes));
  });
}

function recordPort({ record }: ApiParts): RecordPort {
  if (record === undefined) throw new ColloqueError("record-unreachable");
  return record;
}

function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  // Where it is wrong, not what was there.
  const where = parsed.error.issues[0]?.path.join(".") ?? "";
  throw new ColloqueError("bad-request", {
    details: { words: `The request is not well formed at "${where}".` },
  });
}

/** The caller must be in the room now, and the room must be a case. */
async function memberOf(
  parts: ApiParts,
  { userId }: Session,
  params: unknown,
): Promise<{ roomId: string; caseId: string }> {
  const { roomId } = read(z.object({ roomId: roomIdSchema }), params);
  if (!(await parts.memberships.isJoined(userId, roomId))) throw new ColloqueError("not-a-member");
  const inCase = await parts.registry.caseOfRoom(roomId);
  if (inCase === undefined) throw new ColloqueError("not-found");
  return { roomId, caseId: inCase.caseId };
}

/** Only professionals whom the directory knows; before it was ever read, nobody can be told from nobody. */
function clinician(directory: DirectoryPort, userId: string): Clinician {
  if (!directory.isKnown()) throw new ColloqueError("record-unreachable");
  const person = directory.find(userId);
  if (person !== undefined) return person;
  const words = "The directory does not know you as a clinician.";
  throw new ColloqueError("not-allowed", { details: { words } });
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

async function registerConsent({ registry, memberships }: ApiParts, { userId }: Session, body: unknown) {
  const { consent } = read(registerConsentSchema, body);
  // Signatures cover what was sent; what was parsed may have lost members that the schema does not know.
  const sent = read(z.object({ consent: z.object({ payload: z.unknown() }) }), body);
  const roomId = await registry.roomOfCase(consent.payload.caseId);
  if (roomId !== undefined && !(await memberships.isJoined(userId, roomId)))
    throw new ColloqueError("not-a-member");
  await registry.registerConsent(userId, { ...consent, payload: sent.consent.payload });
  return { consentId: consent.payload.consentId, state: "live" };
}

const createdSchema = z.object({ content_uri: mxcUriSchema });

/** Permit first, then the bytes: signature, consent, audience, membership and case are checked before an address is given. */
async function givePermit(parts: ApiParts, session: Session, body: unknown): Promise<PermitAnswer> {
  const { registry, memberships, gate, audit } = parts;
  const { roomId, receipt: signed } = read(permitRequestSchema, body);
  const sent = read(z.object({ receipt: z.object({ payload: z.unknown() }) }), body);
  const receipt = await registry.verifyReceipt(session.userId, { ...signed, payload: sent.receipt.payload });
  if (receipt.ciphertexts.some((each) => each.bytes > maxUploadBytes)) throw new ColloqueError("too-large");
  const [isJoined, inCase, already] = await Promise.all([
    memberships.isJoined(session.userId, roomId),
    registry.caseOfRoom(roomId),
    registry.permitFor(signed),
  ]);
  if (!isJoined) throw new ColloqueError("not-a-member");
  const refused = async (reason: string) => {
    await audit.disclosureRefused({
      actor: session.userId,
      caseId: inCase?.caseId,
      what: receipt.receiptId,
      reason,
    });
    return new ColloqueError(reason === "withdrawn" ? "withdrawn" : "gate-refused", { details: { reason } });
  };
  if (inCase?.caseId !== receipt.caseId) throw await refused("receipt-of-another-case");
  const decision = await gate.permit(receipt, session.userId);
  if (!decision.allow) throw await refused(decision.reason);

  const files = already ?? (await reserve(parts, session, receipt.ciphertexts));
  if (already === undefined) await registry.givePermit(session.userId, roomId, signed, files);
  return {
    receiptId: receipt.receiptId,
    files: files.map(({ rendition, sha256, mxc }) => ({ rendition, sha256, mxc })),
  };
}

/** One address of the homeserver for each ciphertext, reserved in the uploader's name. */
async function reserve(
  { synapse }: ApiParts,
  { token }: Session,
  ciphertexts: readonly Omit<PermitFiles[number], "mxc">[],
): Promise<PermitFiles> {
  try {
    return await Promise.all(
      ciphertexts.map(async (each) => {
        const created = await synapse.call({
          method: "POST",
          path: "/_matrix/media/v1/create",
          token,
          body: {},
          answer: createdSchema,
        });
        return { ...each, mxc: created.content_uri };
      }),
    );
  } catch (error) {
    // Too many reserved and not uploaded yet: Synapse gives them back after a time.
    if (error instanceof SynapseError && error.status === 429)
      throw new ColloqueError("too-many", { cause: error, details: { retryAfterMs: 5000 } });
    if (error instanceof SynapseError && error.status === 401)
      throw new ColloqueError("not-signed-in", { cause: error });
    if (error instanceof SynapseError) throw new ColloqueError("homeserver-unreachable", { cause: error });
    throw error;
  }
}
