import { idOf } from "../ids.ts";
import type { FileableEvent } from "../work.ts";
import {
  caseIds,
  concept,
  instant,
  matrixIdentifier,
  nameOf,
  patientReference,
  personReference,
  requestOf,
  systems,
} from "./codes.ts";
import { filingAudit } from "./trail.ts";
import type { Plan, PlanContext, Resource } from "./types.ts";

type CallEvent = Extract<FileableEvent, { kind: "call" }>;

/**
 * That a call took place: who, from when to when, what went wrong, as the record of a remote act owes it (CSP R6316-4). A Communication
 * by video (v3 ParticipationMode) from who was there first to the others; nothing of picture or sound exists to be filed.
 */
export function planCall(event: CallEvent, context: PlanContext): Plan {
  const resource = communication(event, context);
  const reference = `Communication/${resource.id}`;
  return {
    steps: [
      {
        kind: "bundle",
        writes: [resource, filingAudit(context, event.eventId, event.sender, [reference])].map((each) => ({
          resource: each,
        })),
      },
    ],
    entries: [{ id: resource.id, kind: "call", reference }],
    blobs: {},
  };
}

function communication(event: CallEvent, context: PlanContext): Resource {
  const { call } = event;
  const { serviceRequest } = caseIds(requestOf(context).eventId);
  const [first, ...others] = call.participants;
  return {
    resourceType: "Communication",
    id: idOf(event.eventId, "Communication"),
    identifier: [matrixIdentifier(event.eventId)],
    basedOn: [{ reference: `ServiceRequest/${serviceRequest}` }],
    status: "completed",
    medium: [concept(systems.participationMode, "VIDEOCONF", "videoconferencing")],
    subject: patientReference(context),
    about: [{ reference: `ServiceRequest/${serviceRequest}` }],
    sent: instant(Date.parse(call.startedAt)),
    received: instant(Date.parse(call.endedAt)),
    ...(first === undefined ? {} : { sender: personReference(context, first.userId) }),
    recipient: others.map(({ userId }) => personReference(context, userId)),
    payload: [{ contentString: words(event, context) }],
  };
}

const ends = {
  left: { fr: "Tous ont raccroché.", en: "Everybody hung up." },
  "consent-ended": {
    fr: "Arrêté : le patient a retiré son accord.",
    en: "Ended: the patient withdrew consent.",
  },
  "case-ended": { fr: "Arrêté à la clôture du dossier d’avis.", en: "Ended when the case was closed." },
  lost: { fr: "Arrêté par une panne du serveur des appels.", en: "Ended by a fault of the call server." },
} as const;
const incidents = {
  "connection-lost": { fr: "connexion perdue", en: "connection lost" },
  "could-not-join": { fr: "connexion impossible", en: "could not connect" },
  "media-server-stopped": { fr: "arrêt du serveur des appels", en: "call server stopped" },
} as const;

function words({ call }: CallEvent, context: PlanContext): string {
  const { language, timeZone } = context;
  const fr = language === "fr";
  const time = new Intl.DateTimeFormat(fr ? "fr-FR" : "en-GB", { timeStyle: "medium", timeZone });
  const at = (iso: string) => time.format(Date.parse(iso));
  const name = (userId: string) => nameOf(context.clinician(userId), userId);
  const span = (from: string, to: string) =>
    fr ? `de ${at(from)} à ${at(to)}` : `from ${at(from)} to ${at(to)}`;
  const there = call.participants.map(
    ({ userId, joinedAt, leftAt }) => `${name(userId)} (${span(joinedAt, leftAt)})`,
  );
  const wrong = call.incidents.map(
    ({ at: when, kind, userId }) => `${at(when)} ${name(userId)}, ${incidents[kind][language]}`,
  );
  const none = fr ? "Aucun incident technique." : "No technical incident.";
  const some = `${fr ? "Incidents techniques :" : "Technical incidents:"} ${wrong.join(" ; ")}.`;
  return [
    `${fr ? "Appel en direct" : "Live call"} ${span(call.startedAt, call.endedAt)}${fr ? " :" : ":"} ${there.join(", ")}.`,
    wrong.length === 0 ? none : some,
    ends[call.ended][language],
    fr ? "Ni image ni son n’ont été gardés." : "Neither picture nor sound was kept.",
  ].join(" ");
}
