import { EventEmitter, once } from "node:events";
import { canonicalJson } from "#protocol/canonical.ts";
import { ColloqueError } from "#protocol/errors.ts";
import { type LinkAnswer, type LinkState, linkMs, type phoneRefusals } from "#protocol/patient-phone.ts";
import { hashOf, readPhoneRequest, sameKey } from "./phone-request.ts";
import type { PatientLinks, PatientParts } from "./port.ts";
import * as store from "./store.ts";

/** How long a question about a link waits for news. */
const waitMs = 25_000;
/** An answer that nobody fetched, and whatever else is left of a link, goes after this long. */
const keptMs = 24 * 3600 * 1000;

const refused = (reason: (typeof phoneRefusals)[number]) =>
  new ColloqueError("not-allowed", { details: { reason } });

/** One link for one phone: opened by a clinician, bound by the first device, answered once. */
export function createLinks({ db, clock, audit }: PatientParts): PatientLinks {
  const news = new EventEmitter();
  news.setMaxListeners(0);

  const stateOf = (row: store.LinkRow): LinkState => {
    if (row.cancelled) return "cancelled";
    if (row.answer !== undefined) return "answered";
    if (row.createdAt + linkMs <= clock()) return "expired";
    return row.key === undefined ? "waiting" : "opened";
  };
  const answerOf = (row: store.LinkRow): LinkAnswer => {
    const state = stateOf(row);
    return {
      state,
      expiresInMs: Math.max(0, row.createdAt + linkMs - clock()),
      nowMs: clock(),
      ...(state === "answered" && row.answer !== undefined && { sealed: row.answer }),
      ...(row.key !== undefined && { key: row.key }),
    };
  };
  /** An id that nobody has and one that belongs to somebody else are answered alike. */
  const owned = async (owner: string, link: string): Promise<store.LinkRow> => {
    const row = await store.linkOf(db, link);
    if (row?.owner !== owner) throw new ColloqueError("not-found");
    return row;
  };
  const change = async (link: string, timeoutMs: number, signal: AbortSignal): Promise<void> => {
    const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    // Silence is an answer too: what is asked again then is the row.
    await once(news, link, { signal: until }).catch(() => undefined);
  };
  const known = async (jws: string) => {
    const request = await readPhoneRequest(jws);
    const link = hashOf(request.claims.linkId);
    const row = await store.linkOf(db, link);
    if (row === undefined) throw new ColloqueError("not-found");
    return { ...request, link, row };
  };
  /** What the phone is told when a link is no longer to be read or answered on it. */
  const checkUsable = (row: store.LinkRow, key: Parameters<typeof sameKey>[0]): void => {
    const state = stateOf(row);
    // To its own phone too, which has forgotten its key by then and looks like another.
    if (state === "answered") throw refused(state);
    if (row.key !== undefined && !sameKey(row.key, key)) throw refused("other-device");
    if (state === "expired" || state === "cancelled") throw refused(state);
  };

  return {
    open: async (owner, { linkId, consentId, caseId, sealed }) => {
      const at = clock();
      const link = hashOf(linkId);
      await store.deleteLinksBefore(db, at - keptMs);
      if ((await store.insertLink(db, { link, owner, consentId, offer: sealed, at })) === 0)
        throw new ColloqueError("bad-request", { details: { why: "link-taken" } });
      await audit.note({ event: "phone-link-opened", actor: owner, caseId, details: { consentId } });
      return answerOf(await owned(owner, link));
    },

    stateOf: async (owner, linkId, knownState, signal) => {
      const link = hashOf(linkId);
      const now = answerOf(await owned(owner, link));
      if (now.state !== knownState || (now.state !== "waiting" && now.state !== "opened")) return now;
      await change(link, Math.min(waitMs, now.expiresInMs + 50), signal);
      return answerOf(await owned(owner, link));
    },

    cancel: async (owner, linkId) => {
      const link = hashOf(linkId);
      await owned(owner, link);
      await db.transaction((tx) => store.cancelLink(tx, link, clock()));
      news.emit(link);
    },

    openOnPhone: async (jws) => {
      const { claims, key, link, row } = await known(jws);
      if (claims.act !== "open") throw new ColloqueError("bad-signature");
      checkUsable(row, key);
      if (row.key === undefined && (await store.bindKey(db, link, JSON.stringify(key))) === 0)
        // Two phones at the same moment: the other one was first, unless it is this one asking twice.
        checkUsable((await store.linkOf(db, link)) ?? row, key);
      news.emit(link);
      return { sealed: row.offer, expiresInMs: row.createdAt + linkMs - clock(), nowMs: clock() };
    },

    answer: async ({ jws, body }) => {
      const { claims, key, link, row } = await known(jws);
      if (claims.act !== "answer" || claims.sha256 !== hashOf(canonicalJson(body)))
        throw new ColloqueError("bad-signature");
      if (row.key === undefined) throw refused("other-device");
      // The phone did not hear that it had arrived.
      if (row.answer === body.sealed && sameKey(row.key, key)) return;
      checkUsable(row, key);
      const at = clock();
      const { copyId, cover, sealed, proof } = body.copy;
      await db.transaction(async (tx) => {
        if ((await store.setAnswer(tx, link, body.sealed, at)) === 0) throw refused("answered");
        const { owner, consentId } = row;
        const copy = {
          copy: hashOf(copyId),
          link,
          owner,
          consentId,
          cover,
          sealed,
          proof: hashOf(proof),
          at,
        };
        if ((await store.insertCopy(tx, copy)) === 0) throw new ColloqueError("bad-request");
      });
      await audit.note({ event: "phone-link-answered", details: { consentId: row.consentId } });
      news.emit(link);
    },
  };
}
