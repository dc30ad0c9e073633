import type { ConsentRules } from "#protocol/consent-rules.ts";
import { type Glass, glassSchema, type SignedGlass } from "#protocol/glass.ts";
import type { CaseId } from "#protocol/ids.ts";
import { err, ok } from "#protocol/result.ts";
import { sha256Hex, utf8 } from "./kit/bytes.ts";
import type { Clock } from "./kit/clock.ts";
import type { Emergencies } from "./media/emergencies.ts";
import { isSilence, type Leases } from "./media/leases.ts";
import type { NewItem, Outbox } from "./outbox/outbox.ts";
import { leaseOn, pastOf, type Registry } from "./registry.ts";
import type { Signer } from "./session/signing.ts";
import type { Door, GlassDraft } from "./types.ts";

type Place = { readonly caseId: CaseId; readonly userId: string; readonly signer: Signer };
type Said = { readonly glass: SignedGlass; readonly reason: string };

/** Going past a consent in an emergency: the registry hears of it first, or while it is silent this device's journal does. */
export function createBreaking(deps: {
  readonly outbox: Pick<Outbox, "add">;
  readonly registry: Pick<Registry, "breakGlass">;
  readonly leases: Pick<Leases, "of" | "lastHeard" | "forget">;
  readonly emergencies: Pick<Emergencies, "open">;
  readonly rules: () => Promise<Pick<ConsentRules, "glassMinutes" | "localGlassMinutes">>;
  readonly clock: Pick<Clock, "nowMs">;
  /** The case of a room, and who is at this device; null where there is none. */
  readonly at: (roomId: string) => Place | null;
}): Pick<Door, "breakGlass" | "breakGlassHere"> {
  const { outbox, registry, leases, clock } = deps;
  return {
    async breakGlass(roomId, draft) {
      const place = deps.at(roomId);
      if (place === null) return err("not-found");
      const { glassMinutes } = await deps.rules();
      const said = await sign(place, draft, { openedMs: clock.nowMs(), minutes: glassMinutes });
      const answer = await registry.breakGlass(said.glass);
      if (!answer.ok) return answer;
      leases.forget(roomId);
      return outbox.add([tellOf(said, roomId)]);
    },

    async breakGlassHere(roomId, draft) {
      const place = deps.at(roomId);
      if (place === null) return err("not-found");
      const asked = await leases.of(roomId);
      if (asked.ok) return ok("registry-answers");
      if (!isSilence(asked.error)) return asked;
      const { caseId, userId } = place;
      const last = leaseOn((await leases.lastHeard(roomId)) ?? [], { ...draft, caseId });
      if (last === undefined) return err("status-unknown");
      if (last.claims.state === "withdrawn") return err("withdrawn");
      const { localGlassMinutes } = await deps.rules();
      // By the registry's time, as far as it is known here: it refuses what comes from its future, and takes what is long past.
      const period = { openedMs: pastOf(last), minutes: localGlassMinutes };
      const said = await sign(place, { ...draft, reader: userId }, period);
      // Written down before anything opens.
      const added = await outbox.add([tellOf(said, roomId), journalOf(said.glass, roomId)]);
      if (!added.ok) return added;
      deps.emergencies.open(draft.consentId);
      return ok("opened");
    },
  };
}

async function sign(
  { caseId, userId, signer }: Place,
  draft: GlassDraft,
  { openedMs, minutes }: { openedMs: number; minutes: number },
): Promise<Said> {
  const reason = draft.reason.trim();
  const glass: Glass = glassSchema.parse({
    v: 1,
    glassId: crypto.randomUUID(),
    caseId,
    consentId: draft.consentId,
    reader: draft.reader,
    openedBy: userId,
    reasonSha256: await sha256Hex(utf8(reason)),
    openedAt: new Date(openedMs).toISOString(),
    endsAt: new Date(openedMs + minutes * 60_000).toISOString(),
  });
  return { glass: await signer.sign(glass), reason };
}

/** The broken glass in the words of the case. */
const tellOf = ({ glass, reason }: Said, roomId: string): NewItem => ({
  localId: `glass ${glass.payload.glassId}`,
  caseId: glass.payload.caseId,
  roomId,
  body: { kind: "glass", glass, reason },
});

/** What the registry is told as soon as it is back. */
const journalOf = (glass: SignedGlass, roomId: string): NewItem => ({
  localId: `journal ${glass.payload.glassId}`,
  caseId: glass.payload.caseId,
  roomId,
  body: { kind: "journal", glass },
});
