import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { maxUploadBytes, readHeader } from "#protocol/api.ts";
import { ColloqueError } from "#protocol/errors.ts";
import { mxcUriSchema } from "#protocol/ids.ts";
import type { Audit } from "../audit/index.ts";
import type { MediaFacts, Registry } from "../consent/index.ts";
import { type Federation, type Lease, serverOf } from "../federation/index.ts";
import type { EventBus } from "../kit/events.ts";
import type { Clock } from "../kit/role.ts";
import type { SynapseClient } from "../kit/synapse-client.ts";
import type { Gate } from "./gate.ts";
import type { Memberships } from "./memberships.ts";
import { answerWith, forward } from "./proxy.ts";
import { createRecentMedia, type RecentMedia } from "./recent-media.ts";
import type { Sessions } from "./sessions.ts";

/**
 * Pictures, in and out.
 * In: only to an address that a permit reserved, only by the one who got the permit, only the bytes whose hash the receipt has: Synapse
 * is given them once all of them are here and are right, in one piece.
 * Out: the caller is in the room now, the gate allows it now; and never a header that would let a cache keep it. A picture of another
 * hospital is given on that hospital's word, asked for at each read.
 */
export type MediaParts = {
  readonly synapse: Pick<SynapseClient, "dispatcher">;
  readonly sessions: Pick<Sessions, "of">;
  readonly memberships: Memberships;
  readonly registry: Pick<Registry, "mediaFacts" | "factsOf" | "uploadFinished">;
  readonly gate: Pick<Gate, "download">;
  readonly audit: Pick<
    Audit,
    "uploadFinished" | "uploadRefused" | "pictureRead" | "keyBundleRead" | "disclosureRefused"
  >;
  readonly events: Pick<EventBus, "on">;
  readonly clock: Clock;
  readonly serverName: string;
  /** Undefined where no other hospital is spoken to. */
  readonly federation?: Pick<Federation, "read" | "during"> | undefined;
};

type Params = Readonly<Record<string, string>>;
type Picture = Extract<MediaFacts, { kind: "picture" }>;
type Known = Exclude<MediaFacts, { kind: "unknown" }>;
type How = "view" | "machine";

export type MediaDoor = {
  upload(request: FastifyRequest, reply: FastifyReply, params: Params): Promise<FastifyReply>;
  download(request: FastifyRequest, reply: FastifyReply, params: Params): Promise<FastifyReply>;
  /** Whether a reader may have something of ours now, written down as a read; undefined while its bytes are still on their way. */
  mayHave(mxc: string, reader: string, how: How, waitMs?: number): Promise<Known | undefined>;
  /**
   * Whether another hospital's homeserver may have the bytes, for readers of its own who may have them. Throws `not-found`. Gives how to
   * hear, while they are on their way, that they may not any more.
   */
  mayLeave(mxc: string, server: string): Promise<Listen>;
};

/** Calls back when what is on its way may not be given any more. */
type Listen = (stop: () => void) => Disposable | undefined;
const nothingEndsIt: Listen = () => undefined;

/** Matrix: how long a download waits for bytes that are still on their way, unless the request says otherwise. */
const defaultWaitMs = 20_000;
const maxWaitMs = 60_000;

type Inside = MediaParts & { readonly recent: RecentMedia };

export function createMediaDoor(given: MediaParts): MediaDoor {
  const parts = { ...given, recent: createRecentMedia(given.clock) };
  return {
    upload: (request, reply, params) => upload(parts, request, reply, params),
    download: (request, reply, params) => download(parts, request, reply, params),
    mayHave: (mxc, reader, how, waitMs = 0) => mayHave(parts, { mxc, reader, how }, waitMs),
    mayLeave: (mxc, server) => mayLeave(parts, mxc, server),
  };
}

function mxcOf(params: Params): string {
  const parsed = mxcUriSchema.safeParse(`mxc://${params.server}/${params.media}`);
  if (!parsed.success) throw new ColloqueError("not-found");
  return parsed.data;
}

const mediaPath = (params: Params): string =>
  `${encodeURIComponent(params.server ?? "")}/${encodeURIComponent(params.media ?? "")}`;

async function upload(parts: Inside, request: FastifyRequest, reply: FastifyReply, params: Params) {
  const { registry, sessions, synapse, audit, recent } = parts;
  const { userId } = await sessions.of(request.headers.authorization);
  const mxc = mxcOf(params);
  const picture = await registry.mediaFacts(mxc);
  if (picture.kind !== "picture" || picture.uploader !== userId) throw new ColloqueError("not-allowed");
  if (picture.status.state !== "live") throw new ColloqueError("withdrawn");
  if (picture.uploaded) {
    // The answer to an upload that succeeded was lost: the bytes are there, and are the right ones.
    request.raw.resume();
    return reply.header("cache-control", "no-store").send({});
  }
  const length = Number(request.headers["content-length"]);
  if (length > maxUploadBytes) throw new ColloqueError("too-large");
  if (length !== picture.bytes || !isByteStream(request.body)) {
    await audit.uploadRefused({ actor: userId, mxc, reason: "length" });
    throw new ColloqueError("hash-mismatch", { details: { why: "length" } });
  }
  try {
    const bytes = await wholeOf(request.body, picture);
    // A withdrawal may have come while the bytes did.
    if ((await registry.factsOf(picture.receipt.consentId)).status.state !== "live")
      throw new ColloqueError("withdrawn");
    recent.put(mxc, bytes);
    // Written to the disk while Synapse writes the bytes to its own: nobody waits for one after the other.
    const noted = audit.uploadFinished({ actor: userId, caseId: picture.caseId, mxc, bytes: bytes.length });
    noted.catch(() => undefined);
    const answer = await forward(synapse.dispatcher, request, reply, {
      method: "PUT",
      path: `/_matrix/media/v3/upload/${mediaPath(params)}`,
      headers: { "content-type": "application/octet-stream" },
      body: bytes,
    });
    // 409: it was complete before, and this server went down before it could note so.
    if (answer.statusCode !== 200 && answer.statusCode !== 409) return answerWith(reply, answer);
    await answer.body.dump();
    await noted;
  } catch (error) {
    if (error instanceof ColloqueError && error.code !== "homeserver-unreachable")
      await audit.uploadRefused({ actor: userId, mxc, reason: error.code });
    throw error;
  }
  await registry.uploadFinished(mxc);
  return reply.header("cache-control", "no-store").send({});
}

/**
 * All the bytes, once they are those that were announced. Synapse is given nothing before: it reads slowly what comes in pieces, and never
 * sees a byte of anything else. Throws `hash-mismatch`.
 */
export async function wholeOf(
  source: AsyncIterable<Uint8Array>,
  expected: { readonly bytes: number; readonly sha256: string },
): Promise<Buffer> {
  const hash = createHash("sha256");
  const whole = Buffer.allocUnsafe(expected.bytes);
  let length = 0;
  for await (const piece of source) {
    if (length + piece.length > expected.bytes)
      throw new ColloqueError("hash-mismatch", { details: { why: "length" } });
    hash.update(piece);
    whole.set(piece, length);
    length += piece.length;
  }
  if (length !== expected.bytes || hash.digest("hex") !== expected.sha256)
    throw new ColloqueError("hash-mismatch", { details: { why: "hash" } });
  return whole;
}

async function download(parts: Inside, request: FastifyRequest, reply: FastifyReply, params: Params) {
  const { userId: reader } = await parts.sessions.of(request.headers.authorization);
  const mxc = mxcOf(params);
  const how = request.headers[readHeader] === "machine" ? "machine" : "view";
  if (params.server !== parts.serverName) {
    const lease = await leaseFor(parts, { mxc, reader, how });
    const listen: Listen = (stop) => parts.federation?.during(lease, stop);
    return give(parts, request, reply, params, listen, Promise.resolve());
  }
  const wish = { mxc, reader, how } as const;
  const facts = await decide(parts, wish, waitOf(request));
  if (facts === undefined) return notYet(reply);
  const noted = noteRead(parts, facts, wish);
  if (facts.kind === "key-bundle") return give(parts, request, reply, params, nothingEndsIt, noted);
  const listen: Listen = (stop) => onWithdrawal(parts, facts, stop);
  const bytes = parts.recent.get(mxc);
  if (bytes === undefined) return give(parts, request, reply, params, listen, noted);
  await noted;
  until(
    reply,
    listen(() => reply.raw.destroy()),
  );
  return asFile(reply).send(bytes);
}

type Wish = { readonly mxc: string; readonly reader: string; readonly how: How };

async function mayHave(parts: Inside, wish: Wish, waitMs: number): Promise<Known | undefined> {
  const facts = await decide(parts, wish, waitMs);
  if (facts !== undefined) await noteRead(parts, facts, wish);
  return facts;
}

/** Whether it may be read now; undefined while its bytes are still on their way. Nothing is written down yet. */
async function decide(parts: Inside, { mxc, reader }: Wish, waitMs: number): Promise<Known | undefined> {
  const facts = await parts.registry.mediaFacts(mxc);
  if (facts.kind === "unknown") throw new ColloqueError("not-found");
  if (facts.kind === "key-bundle") {
    if (facts.invitee !== reader || facts.expiresAt <= parts.clock()) throw new ColloqueError("not-found");
    return facts;
  }
  await mayRead(parts, facts, reader);
  if (facts.uploaded) return facts;
  if (!(await uploadEnds(parts, mxc, waitMs))) return undefined;
  await mayRead(parts, facts, reader);
  return facts;
}

/** On the disk before the first byte leaves. */
function noteRead({ audit }: Inside, facts: Known, { mxc, reader, how }: Wish): Promise<void> {
  if (facts.kind === "key-bundle") return audit.keyBundleRead({ actor: reader, mxc });
  const { caseId, rendition } = facts;
  const { receiptId } = facts.receipt;
  return audit.pictureRead({ actor: reader, caseId, receiptId, mxc, rendition, how });
}

/** Another hospital's leave to read its picture, for somebody who is in the room now. */
async function leaseFor({ federation, memberships, audit }: Inside, wish: Wish): Promise<Lease> {
  if (federation === undefined) throw new ColloqueError("not-found");
  const lease = await federation.read(wish);
  // A bundle of keys is read on the way in.
  if (lease.grants === "key-bundle") return lease;
  if (!(await memberships.isJoined(wish.reader, lease.roomId))) throw new ColloqueError("not-a-member");
  const { caseId, receiptId, rendition } = lease;
  await audit.pictureRead({ actor: wish.reader, caseId, receiptId, mxc: wish.mxc, rendition, how: wish.how });
  return lease;
}

async function mayLeave(parts: Inside, mxc: string, server: string): Promise<Listen> {
  const { registry, memberships, gate, clock } = parts;
  const facts = await registry.mediaFacts(mxc);
  if (facts.kind === "key-bundle" && serverOf(facts.invitee) === server && facts.expiresAt > clock())
    return nothingEndsIt;
  if (facts.kind !== "picture" || !facts.uploaded) throw new ColloqueError("not-found");
  const readers = await memberships.joined(facts.roomId, (userId) => serverOf(userId) === server);
  const now = await registry.mediaFacts(mxc);
  if (now.kind === "picture" && readers.some((reader) => gate.download(now, reader).allow))
    return (stop) => onWithdrawal(parts, now, stop);
  throw new ColloqueError("not-found");
}

async function mayRead(parts: MediaParts, before: Picture, userId: string): Promise<void> {
  const { memberships, registry, gate, audit } = parts;
  const joined = await memberships.isJoined(userId, before.roomId);
  // Facts are read after the membership, so that the decision is about now.
  const facts = await registry.mediaFacts(before.mxc);
  if (facts.kind !== "picture") throw new ColloqueError("not-found");
  if (!joined) {
    await audit.disclosureRefused({
      actor: userId,
      caseId: facts.caseId,
      what: facts.mxc,
      reason: "not-a-member",
    });
    throw new ColloqueError("not-a-member");
  }
  const decision = gate.download(facts, userId);
  if (decision.allow) return;
  await audit.disclosureRefused({
    actor: userId,
    caseId: facts.caseId,
    what: facts.mxc,
    reason: decision.reason,
  });
  throw new ColloqueError(decision.reason === "withdrawn" ? "withdrawn" : "gate-refused", {
    details: { reason: decision.reason },
  });
}

async function give(
  parts: MediaParts,
  request: FastifyRequest,
  reply: FastifyReply,
  params: Params,
  listen: Listen,
  noted: Promise<void>,
): Promise<FastifyReply> {
  const withdrawn = new AbortController();
  until(
    reply,
    listen(() => withdrawn.abort()),
  );
  // Asked for while the read is written down; given when it is.
  const asked = forward(parts.synapse.dispatcher, request, reply, {
    method: "GET",
    path: `/_matrix/client/v1/media/download/${mediaPath(params)}`,
    signal: withdrawn.signal,
  });
  asked.catch(() => undefined);
  await noted.catch((cause: unknown) => {
    withdrawn.abort();
    throw cause;
  });
  const answer = await asked;
  if (answer.statusCode === 404) {
    await answer.body.dump();
    throw new ColloqueError("not-found");
  }
  // Whatever Synapse says of the type: nothing of this is ever shown as it stands.
  answer.headers["content-type"] = "application/octet-stream";
  return answerWith(asFile(reply), answer);
}

/** Does this if the consent is withdrawn meanwhile. */
const onWithdrawal = ({ events }: MediaParts, picture: Picture, stop: () => void): Disposable =>
  events.on("consent-withdrawn", ({ consentId }) => {
    if (consentId === picture.receipt.consentId) stop();
  });

/** Listens until the answer is over. */
export function until(reply: FastifyReply, listening: Disposable | undefined): void {
  reply.raw.once("close", () => listening?.[Symbol.dispose]());
}

const asFile = (reply: FastifyReply): FastifyReply =>
  reply
    .header("content-disposition", "attachment")
    .header("content-type", "application/octet-stream")
    .header("cache-control", "no-store");

function waitOf(request: FastifyRequest): number {
  const asked = new URL(request.raw.url ?? "", "http://x").searchParams.get("timeout_ms");
  const ms = asked === null ? defaultWaitMs : Number(asked);
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), maxWaitMs) : defaultWaitMs;
}

/** Whether the bytes have all come in before the time is over. */
async function uploadEnds(
  { events, registry, recent }: Inside,
  mxc: string,
  waitMs: number,
): Promise<boolean> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, waitMs);
  using _listening = events.on("media-uploaded", (event) => {
    if (event.mxc === mxc) over.resolve();
  });
  using _waiting = recent.onPut(mxc, over.resolve);
  const uploaded = async () => {
    if (recent.get(mxc) !== undefined) return true;
    const facts = await registry.mediaFacts(mxc);
    return facts.kind === "picture" && facts.uploaded;
  };
  try {
    // It may have ended between the first look and the listening.
    if (await uploaded()) return true;
    await over.promise;
    return await uploaded();
  } finally {
    clearTimeout(timer);
  }
}

const notYet = (reply: FastifyReply): FastifyReply =>
  reply
    .code(504)
    .header("cache-control", "no-store")
    .send({ errcode: "M_NOT_YET_UPLOADED", error: "The picture is still on its way." });

const isByteStream = (value: unknown): value is AsyncIterable<Uint8Array> =>
  typeof value === "object" && value !== null && Symbol.asyncIterator in value;
