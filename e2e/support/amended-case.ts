import { stepCase } from "#protocol/case-state.ts";
import { signedAmendmentSchema } from "#protocol/opinion.ts";
import type { FakeDoor } from "./fake-door.ts";
import { bot, event, hourMs, uuid } from "./sample-cases.ts";

/** Gives each answered case of a fake door a later version of its opinion. */
export function amendOpinions(door: FakeDoor, nowMs: number): void {
  const byRoom = new Map(door.cases.getState().byRoom);
  for (const [roomId, record] of byRoom) {
    const { opinion } = record.state;
    if (opinion === null) continue;
    const { payload } = opinion.opinion;
    const signedAt = new Date(nowMs - hourMs).toISOString();
    const amendment = signedAmendmentSchema.parse({
      payload: {
        v: 1,
        amends: { eventId: opinion.eventId, opinionId: payload.opinionId },
        how: "corrected",
        reason: "Le délai de la consultation était faux : vendredi, et non lundi.",
        opinion: {
          ...payload,
          opinionId: uuid(990),
          plan: `${payload.plan} Vendredi au plus tard.`,
          signedAt,
        },
      },
      jws: "a..b",
      certificate: "a.b.c",
    });
    const said = event(opinion.sender, nowMs - hourMs, { kind: "amendment", amendment });
    byRoom.set(roomId, { ...record, state: stepCase(record.state, said, bot) });
  }
  door.cases.setState({ byRoom });
}
