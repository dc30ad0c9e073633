import { createHash } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { ColloqueError } from "#protocol/errors.ts";
import {
  caseReference,
  type Desk,
  type DeskEnded,
  type DeskItem,
  type DeskPiece,
  type DeskResolved,
  type Me,
  readParkCode,
  resolveSchema,
} from "#protocol/filing-desk.ts";
import { eventIdSchema } from "#protocol/ids.ts";
import type { ApiParts, SignedIn } from "./api-parts.ts";
import { read } from "./callers.ts";
import type { DeskPort } from "./desk-port.ts";
import type { Session } from "./sessions.ts";

const mostListed = 200;

/** The filing desk: for administrators alone. What it says is kinds, times, reasons and references, never a patient or a word of a case. */
export function deskRoutes(app: FastifyInstance, parts: ApiParts, signedIn: SignedIn): void {
  const { audit, directory } = parts;
  const isAdministrator = ({ userId }: Session) => parts.administrators.has(userId);

  const administrator = async (request: Parameters<SignedIn>[0]): Promise<Session> => {
    const session = await signedIn(request);
    if (isAdministrator(session)) return session;
    const words = "Only an administrator of the hospital may do this.";
    throw new ColloqueError("not-allowed", { details: { words } });
  };

  const refOf = async (roomId: string): Promise<string | null> => {
    const found = await parts.registry.caseOfRoom(roomId);
    return found === undefined ? null : caseReference(found.caseId);
  };

  app.get("/me", async (request) => {
    const session = await signedIn(request);
    const me: Me = {
      clinician: directory.find(session.userId) !== undefined,
      administrator: isAdministrator(session),
    };
    return me;
  });

  app.get("/admin/filing", async (request) => {
    await administrator(request);
    const desk = deskOf(parts);
    const [pieces, resolved] = await Promise.all([desk.pieces(), desk.resolved()]);
    const answer: Desk = {
      items: await Promise.all(
        pieces.slice(0, mostListed).map(async (each) => itemOf(each, await refOf(each.roomId))),
      ),
      more: pieces.length > mostListed,
      resolved: await Promise.all(resolved.map(async (each) => resolvedOf(each, await refOf(each.roomId)))),
    };
    return answer;
  });

  app.post("/admin/filing/:eventId/retry", async (request) => {
    const { userId } = await administrator(request);
    const { eventId } = read(eventParams, request.params);
    if (!(await deskOf(parts).retry(eventId))) throw new ColloqueError("not-found");
    await audit.note({ event: "filing-retried", actor: userId, details: { eventId } });
    return {};
  });

  app.post("/admin/filing/:eventId/resolve", async (request) => {
    const { userId: by } = await administrator(request);
    const { eventId } = read(eventParams, request.params);
    const decision = { ...read(resolveSchema, request.body), by };
    const ended = await deskOf(parts).resolve(eventId, decision);
    if (ended.length === 0) throw new ColloqueError("not-found");
    for (const each of ended) {
      const inCase = await parts.registry.caseOfRoom(each.roomId);
      await audit.note({
        event: "filing-resolved",
        actor: by,
        ...(inCase === undefined ? {} : { caseId: inCase.caseId }),
        // The words are in the case and on the desk: a person may have named a patient in them.
        details: { eventId: each.eventId, kind: each.kind, how: each.how, whySha256: hashOf(each.why) },
      });
    }
    return { resolved: ended.length };
  });
}

const eventParams = z.object({ eventId: eventIdSchema });

function deskOf({ desk }: ApiParts): DeskPort {
  if (desk === undefined) throw new ColloqueError("record-unreachable");
  return desk;
}

const hashOf = (words: string): string => createHash("sha256").update(words).digest("hex");
const iso = (ms: number): string => new Date(ms).toISOString();

function itemOf(piece: DeskPiece, caseRef: string | null): DeskItem {
  const { state, code } = piece;
  return {
    id: piece.eventId,
    kind: piece.kind,
    state,
    reason:
      state === "waiting"
        ? "waiting-long"
        : state === "unreadable"
          ? "key-missing"
          : readParkCode(code ?? ""),
    code: (code ?? state).slice(0, 60),
    caseRef,
    sentBy: piece.sentBy,
    sentAt: piece.sentAtMs === null ? null : iso(piece.sentAtMs),
    since: iso(piece.sinceMs),
    behind: piece.behind,
  };
}

const resolvedOf = (
  { eventId, kind, how, why, by, atMs }: DeskEnded,
  caseRef: string | null,
): DeskResolved => ({
  id: eventId,
  kind,
  caseRef,
  how,
  why,
  by,
  at: iso(atMs),
});
