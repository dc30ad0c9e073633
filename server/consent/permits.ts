import { leaseMs } from "#protocol/api.ts";
import { canonicalJson } from "#protocol/canonical.ts";
import { inForce } from "#protocol/consent.ts";
import { clockSkewMs } from "#protocol/disclose.ts";
import { ColloqueError } from "#protocol/errors.ts";
import { receiptSchema } from "#protocol/receipt.ts";
import { verifySigned } from "../kit/jose.ts";
import { liveOnes } from "./consents.ts";
import type { RemovalWorker } from "./media-removal.ts";
import type { MediaFacts, OpenParts, Registry } from "./port.ts";
import * as store from "./store.ts";

type PermitCalls = Pick<
  Registry,
  "verifyReceipt" | "permitFor" | "givePermit" | "mediaFacts" | "uploadFinished"
>;

export function createPermits(parts: OpenParts & { removals: RemovalWorker }): PermitCalls {
  const { db, clock, audit, trusted, events, removals } = parts;
  return {
    verifyReceipt: async (caller, signed) => {
      const now = clock();
      const { payload, certificate } = await verifySigned(receiptSchema, signed, trusted, now);
      if (certificate.sub !== caller || payload.takenBy !== caller)
        throw new ColloqueError("bad-signature", { details: { why: "not-the-taker" } });
      if (Date.parse(payload.takenAt) > now + clockSkewMs)
        throw new ColloqueError("bad-request", { details: { why: "taken-in-the-future" } });
      return payload;
    },

    permitFor: async (signed) => {
      const { receiptId } = signed.payload;
      const permit = await store.permitById(db, receiptId);
      if (permit === undefined) return undefined;
      if (canonicalJson(permit.receipt) !== canonicalJson(signed.payload))
        throw new ColloqueError("bad-request", { details: { why: "another-receipt-of-this-id" } });
      return store.filesOfReceipt(db, receiptId);
    },

    givePermit: async (caller, roomId, signed, files) => {
      const { receiptId, consentId, caseId } = signed.payload;
      await db.transaction(async (tx) => {
        // Asked again here, in the transaction: a withdrawal may have come in between.
        const consent = await store.consentById(tx, consentId);
        if (consent?.state !== "live")
          throw new ColloqueError("gate-refused", { details: { reason: "withdrawn" } });
        if ((await store.closedAt(tx, roomId)) !== undefined) throw new ColloqueError("case-over");
        if ((await store.permitById(tx, receiptId)) !== undefined)
          throw new ColloqueError("bad-request", { details: { why: "permit-exists" } });
        await store.insertPermit(tx, {
          receiptId,
          consentId,
          caseId,
          roomId,
          uploader: caller,
          signed,
          at: clock(),
        });
        for (const file of files) await store.insertFile(tx, { ...file, receiptId });
      });
      await audit.permitGiven({ actor: caller, caseId, receiptId, consentId, files: files.length });
    },

    mediaFacts: async (mxc): Promise<MediaFacts> => {
      const file = await store.fileByMxc(db, mxc);
      if (file === undefined) return ticketFacts(await store.ticketByMxc(db, mxc));
      const permit = await store.permitById(db, file.receiptId);
      const consent = permit === undefined ? undefined : await store.consentById(db, permit.consentId);
      if (permit === undefined || consent === undefined) return { kind: "unknown" };
      const live = permit.state === "live" && consent.state === "live";
      return {
        kind: "picture",
        mxc,
        caseId: permit.caseId,
        roomId: permit.roomId,
        uploader: permit.uploader,
        rendition: file.rendition,
        sha256: file.sha256,
        bytes: file.bytes,
        uploaded: file.uploaded,
        receipt: permit.receipt,
        consent: inForce(consent.consent, liveOnes(await store.consentsOfCase(db, permit.caseId))),
        glasses: await store.openGlasses(db, consent.consentId, clock()),
        status: { state: live ? "live" : "withdrawn", untilMs: clock() + leaseMs },
      };
    },

    uploadFinished: async (mxc) => {
      await store.setUploaded(db, mxc, clock());
      const file = await store.fileByMxc(db, mxc);
      const permit = file === undefined ? undefined : await store.permitById(db, file.receiptId);
      if (permit?.state === "withdrawn" || (await store.wasToRemove(db, mxc))) {
        // It was to go (a withdrawal, or the end of its case) while the last bytes were under way, and there was nothing to remove.
        await store.askRemovalAgain(db, mxc, clock());
        await removals.kick();
        return;
      }
      events.emit("media-uploaded", { mxc });
    },
  };
}

const ticketFacts = (ticket: store.TicketRow | undefined): MediaFacts =>
  ticket === undefined
    ? { kind: "unknown" }
    : { kind: "key-bundle", roomId: ticket.roomId, invitee: ticket.invitee, expiresAt: ticket.expiresAt };
