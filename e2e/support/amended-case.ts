import { stepCase } from "#protocol/case-state.ts";
import { signedIdentityCorrectionSchema } from "#protocol/identity.ts";
import { signedMisfilingSchema } from "#protocol/misfiling.ts";
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

/** Says of each case of a fake door that it is of the wrong patient, by who asked. */
export function misfileAll(door: FakeDoor, nowMs: number): void {
  const byRoom = new Map(door.cases.getState().byRoom);
  for (const [roomId, record] of byRoom) {
    const { request } = record.state;
    if (request === null) continue;
    const by = request.request.requester;
    const misfiling = signedMisfilingSchema.parse({
      payload: {
        v: 1,
        misfilingId: uuid(991),
        caseId: request.request.caseId,
        requestEventId: request.eventId,
        reason: "Homonyme choisi dans la liste : la date de naissance n’était pas la bonne.",
        told: record.members,
        seenBy: record.members.slice(0, 1),
        by,
        at: new Date(nowMs - hourMs).toISOString(),
      },
      jws: "a..b",
      certificate: "a.b.c",
    });
    const said = event(by, nowMs - hourMs, { kind: "misfiled", misfiling });
    byRoom.set(roomId, { ...record, state: stepCase(record.state, said, bot) });
  }
  door.cases.setState({ byRoom });
}

/** Says of each case of a fake door that was of the wrong patient whose it is, by who asked. */
export function correctAll(door: FakeDoor, nowMs: number): void {
  const byRoom = new Map(door.cases.getState().byRoom);
  for (const [roomId, record] of byRoom) {
    const { request, misfiled } = record.state;
    if (request === null || misfiled === null) continue;
    const by = request.request.requester;
    const { caseId, requestEventId, misfilingId } = misfiled.misfiling;
    const correction = signedIdentityCorrectionSchema.parse({
      payload: {
        v: 1,
        correctionId: uuid(992),
        caseId,
        requestEventId,
        misfilingId,
        patient: {
          ...request.request.patient,
          recordId: "p-right",
          birthDate: "1961-09-02",
          birthPlace: "Lens",
        },
        attests: "consent-and-photos-are-theirs",
        by,
        at: new Date(nowMs).toISOString(),
      },
      jws: "a..b",
      certificate: "a.b.c",
    });
    const said = event(by, nowMs, { kind: "identity", correction });
    byRoom.set(roomId, { ...record, state: stepCase(record.state, said, bot) });
  }
  door.cases.setState({ byRoom });
}
