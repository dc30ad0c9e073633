import { caseIdSchema, consentIdSchema } from "#protocol/ids.ts";
import type { CaseRecord } from "../../src/matrix/types.ts";
import {
  bot,
  consentEvent,
  event,
  hourMs,
  minuteMs,
  photoEvent,
  record,
  request,
  user,
  uuid,
} from "./sample-cases.ts";

/** Cases in which something happened to the consent, to look at: a broken glass, a withdrawal, an emergency. Nobody in them exists. */
export function consentCases(nowMs: number): CaseRecord[] {
  const nurse = user("leroy");
  const at = nowMs - hourMs;
  const asked = (n: number) => event(nurse, at, { kind: "request", request: request(n, at) });
  const glass = event(user("faure"), at + 10 * minuteMs, {
    kind: "glass",
    reason: "Patiente inconsciente, saignement du cuir chevelu, famille injoignable.",
    glass: {
      payload: {
        v: 1,
        glassId: uuid(9100),
        caseId: caseIdSchema.parse(uuid(5)),
        consentId: consentIdSchema.parse(uuid(505)),
        reader: user("kermarrec"),
        openedBy: user("faure"),
        reasonSha256: "0".repeat(64),
        openedAt: new Date(at + 10 * minuteMs).toISOString(),
        endsAt: new Date(at + 250 * minuteMs).toISOString(),
      },
      jws: "aGVhZA..c2ln",
      certificate: "aGVhZA.cGF5bG9hZA.c2ln",
    },
  });
  const withdrawn = event(bot, at + 20 * minuteMs, {
    kind: "withdrawn",
    withdrawn: {
      consentId: consentIdSchema.parse(uuid(506)),
      at: new Date(at + 20 * minuteMs).toISOString(),
      by: nurse,
      reason: "patient-asked",
      photos: 2,
      inRecord: 1,
    },
  });
  const emergency = consentEvent(7, at);
  if (emergency.kind !== "consent") throw new Error("not a consent");
  const { payload, ...signature } = emergency.consent;
  const nobody = {
    ...emergency,
    evidence: { ...emergency.evidence, emergencyReason: "Patiente inconsciente, famille injoignable." },
    consent: {
      payload: { ...payload, method: "emergency" as const, givenBy: "nobody" as const },
      ...signature,
    },
  };
  return [
    record(5, [consentEvent(5, at), asked(5), photoEvent(5, 0, at + 5000), glass]),
    record(6, [consentEvent(6, at), asked(6), withdrawn]),
    record(7, [nobody, asked(7), photoEvent(7, 0, at + 5000)]),
  ];
}
