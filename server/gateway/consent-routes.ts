import type { FastifyInstance } from "fastify";
import { z } from "zod";
import {
  breakGlassSchema,
  maxUploadBytes,
  type PermitAnswer,
  permitRequestSchema,
  registerConsentSchema,
  withdrawSchema,
} from "#protocol/api.ts";
import { ColloqueError } from "#protocol/errors.ts";
import { consentIdSchema, mxcUriSchema } from "#protocol/ids.ts";
import type { PermitFiles } from "../consent/index.ts";
import { SynapseError } from "../kit/synapse-client.ts";
import type { ApiParts, SignedIn } from "./api-parts.ts";
import { clinician, read } from "./callers.ts";
import type { Session } from "./sessions.ts";

/** What is written into the registry: consents and their end, broken glasses, permits. */
export function consentRoutes(app: FastifyInstance, parts: ApiParts, signedIn: SignedIn): void {
  app.post("/consents", async (request) => registerConsent(parts, await signedIn(request), request.body));
  app.post("/consents/:consentId/withdraw", async (request) =>
    withdraw(parts, await signedIn(request), request.params, request.body),
  );
  app.post("/glasses", async (request) => breakGlass(parts, await signedIn(request), request.body));
  app.post("/permits", async (request) => givePermit(parts, await signedIn(request), request.body));
}

async function registerConsent(parts: ApiParts, { userId }: Session, body: unknown) {
  const { registry, memberships, patient } = parts;
  const { consent } = read(registerConsentSchema, body);
  // Signatures cover what was sent; what was parsed may have lost members that the schema does not know.
  const sent = read(z.object({ consent: z.object({ payload: z.unknown() }) }), body);
  const roomId = await registry.roomOfCase(consent.payload.caseId);
  if (roomId !== undefined && !(await memberships.isJoined(userId, roomId)))
    throw new ColloqueError("not-a-member");
  const { consentId, method } = consent.payload;
  const byPhone = method === "patient-phone";
  // Nobody says "on the patient's phone" of a consent that no phone answered for.
  if (byPhone && !(await patient.answered(consentId, userId)))
    throw new ColloqueError("bad-request", { details: { why: "no-phone-answered" } });
  const state = await registry.registerConsent(userId, { ...consent, payload: sent.consent.payload });
  // The patient may have taken it back on the phone before it came here.
  const isOver = byPhone && (await patient.settle(consentId, userId));
  return { consentId, state: isOver ? "withdrawn" : state };
}

/** Any clinician of the case may write down that the patient takes the consent back: nobody has to be looked for first. */
async function withdraw(parts: ApiParts, { userId }: Session, params: unknown, body: unknown) {
  const { registry, memberships, directory } = parts;
  const { consentId } = read(z.object({ consentId: consentIdSchema }), params);
  const { reason } = read(withdrawSchema, body);
  const place = await registry.placeOf(consentId);
  // The homeserver is asked only about the others: its being down keeps nobody from writing down what the patient said.
  const isOwn = place?.collectedBy === userId || place?.owner === userId;
  const isColleague =
    !isOwn &&
    place?.roomId !== undefined &&
    directory.find(userId) !== undefined &&
    (await memberships.isJoined(userId, place.roomId));
  await registry.withdraw(userId, consentId, reason, isColleague);
  return { consentId, state: "withdrawn" };
}

async function breakGlass(parts: ApiParts, { userId }: Session, body: unknown) {
  const { registry, memberships, directory, audit } = parts;
  const { glass } = read(breakGlassSchema, body);
  const sent = read(z.object({ glass: z.object({ payload: z.unknown() }) }), body);
  const { caseId, glassId, reader } = glass.payload;
  const roomId = await registry.roomOfCase(caseId);
  if (roomId === undefined || !(await memberships.isJoined(userId, roomId)))
    throw new ColloqueError("not-a-member");
  clinician(directory, userId);
  if (directory.find(reader) === undefined) {
    const reason = "audience-not-covered";
    await audit.disclosureRefused({ actor: userId, caseId, what: glassId, reason });
    throw new ColloqueError("gate-refused", { details: { reason } });
  }
  const { open } = await registry.breakGlass(userId, { ...glass, payload: sent.glass.payload });
  return { glassId, open };
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
