import { errorTable } from "#protocol/errors.ts";
import { opinionSchema } from "#protocol/events.ts";
import { caseIdSchema } from "#protocol/ids.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import type { KeptConsent } from "./consents.ts";
import type { DoorCore } from "./core.ts";
import { drop } from "./kit/clock.ts";
import { StorageFullError } from "./kit/device-store.ts";
import type { LiveParts } from "./live.ts";
import { factsOf, gateOne, makePhotoSecrets, type Readers } from "./media/send.ts";
import type { NewItem } from "./outbox/outbox.ts";
import type { RoomView } from "./timeline/room-reader.ts";
import type { Door, PreparedPhoto } from "./types.ts";

type Deeds = Pick<
  Door,
  | "recordConsent"
  | "sendRequest"
  | "sendMessage"
  | "sendPhoto"
  | "respond"
  | "giveOpinion"
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
    item: Omit<NewItem, "roomId" | "caseId">,
  ): Promise<Result<void, "storage-full">> => {
    const found = viewOf(roomId);
    if (found === null) throw new Error("No such case on this device");
    return outbox.add([{ ...item, roomId, caseId: caseIdSchema.parse(found.view.caseId) }]);
  };

  /** The sender looks at what is on this device already, through the same gate, rather than fetch it back. */
  const keepOwn = (photo: PreparedPhoto): void => {
    core.pictures.keep(photo.photoId, "preview", photo.preview.jpeg);
    core.pictures.keep(photo.photoId, "full", photo.jpeg);
  };

  /** Gate 1 for one photo, before it is even kept for sending. */
  const askGate = (
    kept: Pick<KeptConsent, "consent"> | null,
    photo: PreparedPhoto | null,
    readers: Readers,
  ) =>
    gateOne({
      consent: kept?.consent.payload ?? null,
      photo: photo === null ? null : factsOf(photo),
      readers,
      sender: core.live()?.live.identity.userId ?? "",
      clinicians: core.clinicians(),
      // The registry is asked again when it is sent: a consent that is not yet registered there holds up its case.
      status:
        kept === null
          ? { state: "unknown" }
          : (consents.lastHeard(kept.consent.payload.consentId) ?? { state: "live", untilMs: clock.nowMs() }),
      nowMs: clock.nowMs(),
    });

  return {
    async recordConsent(draft, evidence) {
      const parts = core.live();
      if (parts === null) return err("not-signed-in");
      const { userId } = parts.live.identity;
      const kept = await consents.sign(draft, evidence, userId, parts.live.signer);
      const answer = await parts.ports.registerConsent(kept.consent);
      if (answer.ok && answer.value.state === "withdrawn") return err("withdrawn");
      if (!answer.ok && errorTable[answer.error].retry !== "later") return answer;
      try {
        await consents.keep(kept);
      } catch (cause) {
        if (cause instanceof StorageFullError) return err("too-large");
        throw cause;
      }
      if (answer.ok) return ok({ registered: true });
      const { consentId, caseId } = kept.consent.payload;
      const body = { kind: "register" as const, consent: kept.consent };
      await outbox.add([{ localId: `register ${consentId}`, caseId, roomId: null, body }]);
      return ok({ registered: false });
    },

    async sendRequest(request, consentId, photos) {
      const kept = await consents.find(consentId);
      const readers: Readers = { kind: "addressee", addressee: request.addressee };
      for (const photo of [null, ...photos]) {
        const decision = askGate(kept, photo, readers);
        if (!decision.allow) return err(decision.reason);
      }
      if (kept === null) return err("no-consent");
      const { caseId } = request;
      // A page that ended between keeping the request and forgetting its draft may bring it again: it is sent once.
      const localId = `request ${caseId}`;
      const known = outbox.store.getState().items.some((item) => item.localId === localId);
      if (known || core.live()?.timeline.roomOfCase(caseId) != null) return ok(undefined);
      for (const photo of photos) keepOwn(photo);
      const common = { caseId, roomId: null };
      return outbox.add([
        { ...common, localId: `room ${caseId}`, body: { kind: "room" } },
        { ...common, localId: `consent ${consentId}`, body: { kind: "consent", ...kept } },
        { ...common, localId, body: { kind: "request", request } },
        ...photos.map((photo) => ({ ...common, ...photoItem(photo, kept, request.addressee) })),
      ]);
    },

    async sendMessage(roomId, text) {
      const clientRef = crypto.randomUUID();
      return addTo(roomId, { localId: clientRef, body: { kind: "message", text, clientRef } });
    },

    async sendPhoto(roomId, photo) {
      const found = viewOf(roomId);
      if (found === null) return err("no-consent");
      const inRoom = found.view.events.find(
        (event) => event.kind === "consent" && event.consent.payload.consentId === photo.consentId,
      );
      const kept =
        inRoom?.kind === "consent"
          ? { consent: inRoom.consent, evidence: inRoom.evidence }
          : await consents.find(photo.consentId);
      const readers: Readers = { kind: "people", userIds: found.parts.ports.readersIn(roomId) };
      const decision = askGate(kept, photo, readers);
      if (!decision.allow) return err(decision.reason);
      if (kept === null) return err("no-consent");
      core.leases.keepFresh(roomId);
      keepOwn(photo);
      const caseId = caseIdSchema.parse(found.view.caseId);
      const consentFirst: NewItem[] =
        inRoom === undefined
          ? [{ localId: `consent ${photo.consentId}`, caseId, roomId, body: { kind: "consent", ...kept } }]
          : [];
      return outbox.add([...consentFirst, { caseId, roomId, ...photoItem(photo, kept, null) }]);
    },

    async respond(roomId, response) {
      return addTo(roomId, { localId: crypto.randomUUID(), body: { kind: "response", response } });
    },

    async giveOpinion(roomId, draft) {
      const found = viewOf(roomId);
      const request = found?.view.events.find((event) => event.kind === "request");
      if (found === null || request?.kind !== "request") return err("not-found");
      const { live } = found.parts;
      const opinion = opinionSchema.parse({
        ...draft,
        caseId: request.request.caseId,
        requestEventId: request.eventId,
        author: live.identity.userId,
        signedAt: new Date(clock.nowMs()).toISOString(),
      });
      const signed = await live.signer.sign(opinion);
      return addTo(roomId, { localId: opinion.opinionId, body: { kind: "opinion", opinion: signed } });
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

function photoItem(
  photo: PreparedPhoto,
  kept: KeptConsent,
  addressee: Extract<Readers, { kind: "addressee" }>["addressee"] | null,
): Omit<NewItem, "caseId" | "roomId"> {
  return {
    localId: photo.photoId,
    pictures: { full: photo.jpeg, preview: photo.preview.jpeg },
    body: {
      kind: "photo",
      facts: factsOf(photo),
      consent: kept.consent.payload,
      addressee,
      secrets: makePhotoSecrets(),
      receipt: null,
      permit: null,
      uploaded: [],
    },
  };
}
