import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { type Accesses, addMemberSchema } from "#protocol/api.ts";
import { askCopySchema } from "#protocol/copies.ts";
import { ColloqueError } from "#protocol/errors.ts";
import type { ApiParts, RecordPort, SignedIn } from "./api-parts.ts";
import { clinician, memberOf, read } from "./callers.ts";
import type { Session } from "./sessions.ts";

/** What members of a case ask about it. */
export function caseRoutes(app: FastifyInstance, parts: ApiParts, signedIn: SignedIn): void {
  app.get("/cases/:roomId/leases", async (request) => {
    const { caseId } = await memberOf(parts, await signedIn(request), request.params);
    return { leases: await parts.registry.leasesOf(caseId) };
  });
  app.post("/cases/:roomId/members", async (request) => {
    const session = await signedIn(request);
    return addMember(parts, session, await memberOf(parts, session, request.params), request.body);
  });
  app.get("/cases/:roomId/accesses", async (request) => {
    const { caseId } = await memberOf(parts, await signedIn(request), request.params);
    const accesses: Accesses = { accesses: await parts.audit.accessesOfCase(caseId) };
    return accesses;
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
    const entry = await recordPort(parts).readEntry(roomId, id, session.userId);
    await parts.audit.recordEntryRead({ actor: session.userId, roomId, entry: id });
    return reply.type(entry.contentType).send(Buffer.from(entry.bytes));
  });
  app.get("/cases/:roomId/copies", async (request) => {
    const { roomId } = await memberOf(parts, await signedIn(request), request.params);
    return recordPort(parts).copies.of(roomId);
  });
  app.post("/cases/:roomId/copies", async (request) => {
    const session = await signedIn(request);
    const { roomId, caseId } = await memberOf(parts, session, request.params);
    clinician(parts.directory, session.userId);
    const asked = read(askCopySchema, request.body);
    await recordPort(parts).copies.ask(roomId, session.userId, asked);
    await parts.audit.note({
      event: "copy-asked",
      actor: session.userId,
      caseId,
      details: { copy: asked.copyId, to: asked.to.kind },
    });
    return { copyId: asked.copyId };
  });
}

/** Letting somebody in is a disclosure of its own: the gate is asked with the new person, now, and again when they are invited. */
async function addMember(
  { gate, audit, askIn }: ApiParts,
  { userId: askedBy }: Session,
  { roomId, caseId }: { roomId: string; caseId: string },
  body: unknown,
) {
  const { userId } = read(addMemberSchema, body);
  const decision = await gate.member(caseId, userId);
  if (!decision.allow) {
    const { reason } = decision;
    await audit.inviteDecided({ actor: askedBy, roomId, invitee: userId, allowed: false, reason });
    throw new ColloqueError("gate-refused", { details: { reason } });
  }
  if (askIn === undefined) throw new ColloqueError("homeserver-unreachable");
  await askIn({ roomId, caseId, userId, askedBy });
  return { userId };
}

function recordPort({ record }: ApiParts): RecordPort {
  if (record === undefined) throw new ColloqueError("record-unreachable");
  return record;
}
