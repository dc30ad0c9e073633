import { foldCase } from "#protocol/case-state.ts";
import { type Consent, inForce } from "#protocol/consent.ts";
import type { RefusalReason } from "#protocol/disclose.ts";
import { opinionSchema } from "#protocol/events.ts";
import type { OpenGlass } from "#protocol/glass.ts";
import { identityCorrectionSchema } from "#protocol/identity.ts";
import { caseIdSchema } from "#protocol/ids.ts";
import { type Misfiling, misfilingSchema } from "#protocol/misfiling.ts";
import { amendmentSchema } from "#protocol/opinion.ts";
import type { Patient } from "#protocol/patient.ts";
import { questionAmendmentSchema } from "#protocol/question.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import type { KeptConsent } from "./consents.ts";
import type { DoorCore } from "./core.ts";
import type { Bytes } from "./kit/bytes.ts";
import { drop } from "./kit/clock.ts";
import type { LiveParts } from "./live.ts";
import { makeFileSecret } from "./media/attachment.ts";
import { factsOf, gateOne, type PictureFacts, type Readers } from "./media/send.ts";
import { refOfEvent, refOfPicture } from "./outbox/item.ts";
import type { NewItem } from "./outbox/outbox.ts";
import { glassesOver } from "./timeline/room-facts.ts";
import type { RoomView } from "./timeline/room-reader.ts";
import type { Door, OpinionDraft, PreparedPhoto, PreparedPreview } from "./types.ts";

type Deeds = Pick<
  Door,
  | "sendRequest"
  | "sendMessage"
  | "sendPreview"
  | "sendPhoto"
  | "respond"
  | "giveOpinion"
  | "amendOpinion"
  | "amendQuestion"
  | "sayMisfiled"
  | "correctIdentity"
  | "retry"
  | "discard"
  | "markSeen"
>;

/** What people do: everything goes through the outbox, and nothing into it that gate 1 refuses. */
export function createDeeds(core: DoorCore): Deeds {
  const { outbox, consents, clock } = core;

  const viewOf = (roomId: string): { parts: LiveParts; view: RoomView } | null => {
    const parts = core.live();
    const view = parts?.timeline.store.getState().byRoom.get(roomId);
    return parts === null || view === undefined ? null : { parts, view };
  };

  const addTo = (
    roomId: string,
    ...items: readonly Omit<NewItem, "roomId" | "caseId">[]
  ): Promise<Result<void, "storage-full">> => {
    const found = viewOf(roomId);
    if (found === null) throw new Error("No such case on this device");
    const caseId = caseIdSchema.parse(found.view.caseId);
    return outbox.add(items.map((item) => ({ ...item, roomId, caseId })));
  };

  const isWaiting = (localId: string): boolean =>
    outbox.store.getState().items.some((item) => item.localId === localId);

  /** The sender looks at what is on this device already, through the same gate, rather than fetch it back. */
  const keepOwn = ({ facts, jpeg }: Ready): void => core.pictures.keep(facts, facts.rendition, jpeg);

  /** Gate 1 for one photo, before it is even kept for sending. */
  const askGate = (
    kept: Pick<KeptConsent, "consent"> | null,
    photo: PictureFacts | null,
    readers: Readers,
    glasses: readonly OpenGlass[] = [],
    others: readonly Consent[] = [],
  ) =>
    gateOne({
      consent: kept === null ? null : inForce(kept.consent.payload, others),
      photo,
      readers,
      sender: core.live()?.live.identity.userId ?? "",
      clinicians: core.clinicians(),
      glasses,
      // The registry is asked again when it is sent: a consent that is not yet registered there holds up its case.
      status:
        kept === null
          ? { state: "unknown" }
          : (consents.lastHeard(kept.consent.payload.consentId) ?? { state: "live", untilMs: clock.nowMs() }),
      nowMs: clock.nowMs(),
    });

  /** Pictures for a case that is open; what is on its way or in the room already is not sent again. */
  const sendPictures = async (
    roomId: string,
    pictures: readonly Ready[],
  ): Promise<Result<void, RefusalReason | "storage-full">> => {
    const found = viewOf(roomId);
    const consentId = pictures[0]?.facts.consentId;
    if (found === null || consentId === undefined) return err("no-consent");
    const { parts, view } = found;
    const inRoom = view.events.find(
      (event) => event.kind === "consent" && event.consent.payload.consentId === consentId,
    );
    const kept =
      inRoom?.kind === "consent"
        ? { consent: inRoom.consent, evidence: inRoom.evidence }
        : await consents.find(consentId);
    const readers: Readers = { kind: "people", userIds: parts.ports.readersIn(roomId) };
    const glasses = glassesOver(view, consentId);
    for (const { facts } of pictures) {
      const decision = askGate(kept, facts, readers, glasses, parts.ports.consentsIn(roomId));
      if (!decision.allow) return err(decision.reason);
    }
    if (kept === null) return err("no-consent");
    core.leases.keepFresh(roomId);
    const { userId } = parts.live.identity;
    const said = new Set(
      view.events.flatMap((event) => (event.sender === userId ? [refOfEvent(event)] : [])),
    );
    const fresh = pictures.filter(
      ({ facts }) => !isWaiting(refOfPicture(facts)) && !said.has(refOfPicture(facts)),
    );
    for (const picture of fresh) keepOwn(picture);
    const caseId = caseIdSchema.parse(view.caseId);
    const consentFirst: NewItem = {
      localId: `consent ${consentId}`,
      caseId,
      roomId,
      body: { kind: "consent", ...kept },
    };
    return outbox.add([
      ...(inRoom === undefined && !isWaiting(consentFirst.localId) ? [consentFirst] : []),
      ...fresh.map((picture) => ({ caseId, roomId, ...pictureItem(picture, kept, null) })),
    ]);
  };

  /** The draft as this person's opinion on the case's request, and what signs it. */
  const opinionOf = (roomId: string, draft: OpinionDraft) => {
    const found = viewOf(roomId);
    const request = found?.view.events.find((event) => event.kind === "request");
    if (found === null || request?.kind !== "request") return null;
    const { live } = found.parts;
    const opinion = opinionSchema.parse({
      ...draft,
      caseId: request.request.caseId,
      requestEventId: request.eventId,
      author: live.identity.userId,
      signedAt: new Date(clock.nowMs()).toISOString(),
    });
    return { opinion, signer: live.signer };
  };

  /** Whose the case is, signed, in answer to the word that it was of the wrong patient. */
  const identityItem = async (
    { signer, identity }: LiveParts["live"],
    { caseId, requestEventId, misfilingId }: Misfiling,
    patient: Patient,
  ): Promise<Omit<NewItem, "roomId" | "caseId">> => {
    const correction = identityCorrectionSchema.parse({
      v: 1,
      correctionId: crypto.randomUUID(),
      caseId,
      requestEventId,
      misfilingId,
      patient,
      attests: "consent-and-photos-are-theirs",
      by: identity.userId,
      at: new Date(clock.nowMs()).toISOString(),
    });
    const signed = await signer.sign(correction);
    return { localId: correction.correctionId, body: { kind: "identity", correction: signed } };
  };

  return {
    async sendRequest(request, consentId, photos) {
      const kept = await consents.find(consentId);
      const readers: Readers = { kind: "addressee", addressee: request.addressee };
      // Every preview goes before the first whole picture: on a thin line something of each photo is there early.
      const pictures = [...photos.map(previewOf), ...photos.map(wholeOf)];
      for (const facts of [null, ...pictures.map((each) => each.facts)]) {
        const decision = askGate(kept, facts, readers);
        if (!decision.allow) return err(decision.reason);
      }
      if (kept === null) return err("no-consent");
      const { caseId } = request;
      // A page that ended between keeping the request and forgetting its draft may bring it again: it is sent once.
      const localId = `request ${caseId}`;
      if (isWaiting(localId) || core.live()?.timeline.roomOfCase(caseId) != null) return ok(undefined);
      for (const picture of pictures) keepOwn(picture);
      const common = { caseId, roomId: null };
      return outbox.add([
        { ...common, localId: `room ${caseId}`, body: { kind: "room" } },
        { ...common, localId: `consent ${consentId}`, body: { kind: "consent", ...kept } },
        { ...common, localId, body: { kind: "request", request } },
        ...pictures.map((picture) => ({ ...common, ...pictureItem(picture, kept, request.addressee) })),
      ]);
    },

    async sendMessage(roomId, text) {
      const clientRef = crypto.randomUUID();
      return addTo(roomId, { localId: clientRef, body: { kind: "message", text, clientRef } });
    },

    sendPreview: (roomId, photo) => sendPictures(roomId, [previewOf(photo)]),
    sendPhoto: (roomId, photo) => sendPictures(roomId, [previewOf(photo), wholeOf(photo)]),

    async respond(roomId, response) {
      return addTo(roomId, { localId: crypto.randomUUID(), body: { kind: "response", response } });
    },

    async giveOpinion(roomId, draft) {
      const found = opinionOf(roomId, draft);
      if (found === null) return err("not-found");
      const { opinion, signer } = found;
      const signed = await signer.sign(opinion);
      return addTo(roomId, { localId: opinion.opinionId, body: { kind: "opinion", opinion: signed } });
    },

    async amendOpinion(roomId, draft, why) {
      const found = opinionOf(roomId, draft);
      if (found === null) return err("not-found");
      const { opinion, signer } = found;
      const signed = await signer.sign(amendmentSchema.parse({ v: 1, ...why, opinion }));
      return addTo(roomId, { localId: opinion.opinionId, body: { kind: "amendment", amendment: signed } });
    },

    async amendQuestion(roomId, draft) {
      const found = viewOf(roomId);
      const request = found?.view.events.find((event) => event.kind === "request");
      if (found === null || request?.kind !== "request") return err("not-found");
      const { live } = found.parts;
      const amendment = questionAmendmentSchema.parse({
        v: 1,
        ...draft,
        caseId: request.request.caseId,
        author: live.identity.userId,
        signedAt: new Date(clock.nowMs()).toISOString(),
      });
      const signed = await live.signer.sign(amendment);
      return addTo(roomId, {
        localId: crypto.randomUUID(),
        body: { kind: "question", amendment: signed },
      });
    },

    async sayMisfiled(roomId, reason, right) {
      const found = viewOf(roomId);
      const request = found?.view.events.find((event) => event.kind === "request");
      if (found === null || request?.kind !== "request") return err("not-found");
      const { live, ports } = found.parts;
      const told = ports.readersIn(roomId);
      const misfiling = misfilingSchema.parse({
        v: 1,
        misfilingId: crypto.randomUUID(),
        caseId: request.request.caseId,
        requestEventId: request.eventId,
        reason,
        told,
        seenBy: told.filter((reader) => hasSeen(found.view, reader)),
        by: live.identity.userId,
        at: new Date(clock.nowMs()).toISOString(),
      });
      const signed = await live.signer.sign(misfiling);
      const word = { localId: misfiling.misfilingId, body: { kind: "misfiled" as const, misfiling: signed } };
      return addTo(roomId, word, ...(right === null ? [] : [await identityItem(live, misfiling, right)]));
    },

    async correctIdentity(roomId, right) {
      const found = viewOf(roomId);
      if (found === null) return err("not-found");
      const { misfiled } = foldCase(found.view.events, "");
      if (misfiled === null) return err("not-found");
      return addTo(roomId, await identityItem(found.parts.live, misfiled.misfiling, right));
    },

    retry: (localId) => outbox.retry(localId),
    discard: (localId) => drop(outbox.discard(localId)),
    markSeen(roomId, eventIds) {
      const parts = core.live();
      parts?.makeReady(roomId);
      parts?.seen.tell(roomId, eventIds);
    },
  };
}

/** Whether somebody said that they had something of the case on screen, or wrote in it. */
const hasSeen = ({ events }: Pick<RoomView, "events">, reader: string): boolean =>
  events.some((event) => event.sender === reader);

type Ready = { readonly facts: PictureFacts; readonly jpeg: Bytes };

const previewOf = (photo: PreparedPreview): Ready => ({
  facts: factsOf(photo, photo.preview, "preview"),
  jpeg: photo.preview.jpeg,
});
const wholeOf = (photo: PreparedPhoto): Ready => ({ facts: factsOf(photo, photo, "full"), jpeg: photo.jpeg });

const pictureItem = (
  { facts, jpeg }: Ready,
  kept: KeptConsent,
  addressee: Extract<Readers, { kind: "addressee" }>["addressee"] | null,
): Omit<NewItem, "caseId" | "roomId"> => ({
  localId: refOfPicture(facts),
  picture: jpeg,
  body: {
    kind: "picture",
    facts,
    consent: kept.consent.payload,
    addressee,
    secret: makeFileSecret(),
    receipt: null,
    permit: null,
    uploaded: false,
  },
});
