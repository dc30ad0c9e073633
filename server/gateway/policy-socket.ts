import { chmod, mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { fastify } from "fastify";
import { z } from "zod";
import { caseIdSchema, mxcUriSchema, roomIdSchema, sha256Schema, userIdSchema } from "#protocol/ids.ts";
import type { Audit } from "../audit/index.ts";
import type { MediaFacts, Registry } from "../consent/index.ts";
import type { DirectoryPort } from "../directory/index.ts";
import { type Federation, homeOf, serverOf } from "../federation/index.ts";
import { type Logger, toLog } from "../kit/log.ts";
import type { Clock } from "../kit/role.ts";
import type { Gate } from "./gate.ts";
import { type News, newsItemSchema } from "./news.ts";

/**
 * Where Synapse's policy module asks about the doors that are no HTTP requests of ours. On a unix socket that only our own user may
 * open. No answer, or one that is not a plain yes, is a no.
 */
export type PolicyParts = {
  readonly path: string;
  readonly bot: string;
  readonly news: Pick<News, "hear">;
  readonly registry: Pick<Registry, "caseOfRoom" | "claimOf" | "mediaFacts">;
  readonly gate: Pick<Gate, "member">;
  readonly audit: Pick<Audit, "inviteDecided" | "note">;
  /** Whether somebody of another hospital may bring this person of ours into a case of theirs. */
  readonly mayBeInvitedAbroad: (inviter: string, invitee: string) => boolean;
  readonly serverName: string;
  /** Whether somebody of ours is reading something of that hospital now: only then may the homeserver keep a copy. */
  readonly isReadingFrom: (serverName: string) => boolean;
  readonly log: Logger;
  readonly clock: Clock;
};

/** What other hospitals may do here: nothing where none is spoken to. */
export const abroadOf = (
  federation: Pick<Federation, "isPeersArchivist" | "isReading"> | undefined,
  directory: Pick<DirectoryPort, "find">,
  serverName: string,
): Pick<PolicyParts, "mayBeInvitedAbroad" | "isReadingFrom"> => ({
  mayBeInvitedAbroad: (inviter, invitee) =>
    federation?.isPeersArchivist(inviter) === true &&
    serverOf(invitee) === serverName &&
    directory.find(invitee) !== undefined,
  isReadingFrom: (server) => federation?.isReading(server) === true,
});

const mayInviteSchema = z.object({ inviter: userIdSchema, invitee: userIdSchema, roomId: roomIdSchema });
const mayCreateSchema = z.object({
  creator: userIdSchema,
  caseId: caseIdSchema,
  invited: z.array(z.string()),
  additionalCreators: z.array(z.string()),
});

const mayStoreSchema = z.object({ mxc: mxcUriSchema, bytes: z.int().min(0), sha256: sha256Schema });

type Answer = { allow: boolean; reason: string };

export async function startPolicySocket(parts: PolicyParts): Promise<AsyncDisposable> {
  const app = fastify({ logger: false, bodyLimit: 64 * 1024 });
  app.setErrorHandler((error, _request, reply) => {
    parts.log.error(toLog(error), "a question of the policy module failed");
    return reply.code(500).send({ allow: false, reason: "error" });
  });
  app.post("/may-invite", (request) => mayInvite(parts, mayInviteSchema.parse(request.body)));
  app.post("/may-create", (request) => mayCreate(parts, mayCreateSchema.parse(request.body)));
  app.post("/news", async (request) => {
    parts.news.hear(newsItemSchema.parse(request.body));
    return { allow: true };
  });
  app.post("/may-store", (request) => mayStore(parts, mayStoreSchema.parse(request.body)));
  await mkdir(dirname(parts.path), { recursive: true, mode: 0o700 });
  // Left over from a process that was killed.
  await rm(parts.path, { force: true });
  await app.listen({ path: parts.path });
  await chmod(parts.path, 0o600);
  return { [Symbol.asyncDispose]: () => app.close() };
}

/** The creator invites the bot as the room is made; the bot invites whom the consent covers; nobody else invites. */
async function mayInvite(
  { bot, registry, gate, audit, mayBeInvitedAbroad }: PolicyParts,
  { inviter, invitee, roomId }: z.infer<typeof mayInviteSchema>,
): Promise<Answer> {
  const decide = async (): Promise<Answer> => {
    const inCase = await registry.caseOfRoom(roomId);
    if (invitee === bot) {
      // Synapse asks while the room is being made: the ledger does not know it yet.
      const allow = inCase === undefined || inCase.owner === inviter;
      return { allow, reason: allow ? "archivist" : "not-the-owner" };
    }
    // Another hospital's case: its own gate has decided whom its patient's consent covers.
    if (inCase === undefined && mayBeInvitedAbroad(inviter, invitee))
      return { allow: true, reason: "another-hospitals-case" };
    if (inviter !== bot) return { allow: false, reason: "only-the-archivist-invites" };
    if (inCase === undefined) return { allow: false, reason: "not-a-case" };
    const decision = await gate.member(inCase.caseId, invitee);
    return decision.allow ? { allow: true, reason: "covered" } : decision;
  };
  const answer = await decide();
  await audit.inviteDecided({
    actor: inviter,
    roomId,
    invitee,
    allowed: answer.allow,
    reason: answer.reason,
  });
  return answer;
}

/** A case's room is made through the gateway, which has claimed the case for its owner; once. */
async function mayCreate(
  { bot, registry }: PolicyParts,
  { creator, caseId, invited, additionalCreators }: z.infer<typeof mayCreateSchema>,
): Promise<Answer> {
  const onlyBot = (people: readonly string[]) => people.length === 1 && people[0] === bot;
  if (!onlyBot(invited) || !onlyBot(additionalCreators))
    return { allow: false, reason: "with-the-archivist-alone" };
  const claimed = await registry.claimOf(caseId);
  if (claimed?.owner !== creator) return { allow: false, reason: "not-claimed" };
  return claimed.roomId === undefined
    ? { allow: true, reason: "claimed" }
    : { allow: false, reason: "has-a-room" };
}

/** Longest key bundle of a room's history. */
const maxKeyBundle = 8 * 1024 * 1024;

type StoreParts = Pick<PolicyParts, "clock" | "serverName" | "isReadingFrom"> & {
  readonly registry: Pick<Registry, "mediaFacts">;
  readonly audit: Pick<Audit, "note">;
};

/** Our own media by their permit; a copy of another hospital's only as long as somebody of ours reads there with its leave. */
export async function mayStore(
  { registry, audit, clock, serverName, isReadingFrom }: StoreParts,
  { mxc, bytes, sha256 }: z.infer<typeof mayStoreSchema>,
): Promise<Answer> {
  const home = homeOf(mxc);
  const answer =
    home === serverName
      ? mayKeep(await registry.mediaFacts(mxc), { bytes, sha256 }, clock())
      : isReadingFrom(home)
        ? { allow: true, reason: "copy" }
        : { allow: false, reason: "nobody-reads-it" };
  if (!answer.allow)
    await audit.note({ event: "store-refused", details: { mxc, bytes, reason: answer.reason } });
  return answer;
}

/** What the homeserver may keep: the bytes that a receipt announced, under a live consent, or the keys that a ticket was opened for. */
export function mayKeep(
  facts: MediaFacts,
  { bytes, sha256 }: { readonly bytes: number; readonly sha256: string },
  nowMs: number,
): Answer {
  if (facts.kind === "unknown") return { allow: false, reason: "not-reserved" };
  if (facts.kind === "key-bundle") {
    const allow = bytes <= maxKeyBundle && facts.expiresAt > nowMs;
    return { allow, reason: allow ? "key-bundle" : "key-bundle-too-late-or-large" };
  }
  if (facts.status.state !== "live") return { allow: false, reason: "withdrawn" };
  const allow = bytes === facts.bytes && sha256 === facts.sha256;
  return { allow, reason: allow ? "announced" : "other-bytes" };
}
