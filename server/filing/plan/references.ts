import { type CaseState, opinionVersions } from "#protocol/case-state.ts";
import { idOf } from "../ids.ts";
import { binaryId, documentId } from "./documents.ts";

/** The bytes of a photo in the record. */
export const photoBinaryId = (eventId: string): string => binaryId(eventId, "photo");

/** The DocumentReference of a photo, from the event that brought it. */
export const photoDocumentId = (eventId: string): string => documentId(eventId, "photo");

/** What the record keeps apart, so that it can be taken back apart: care by words, care by pictures, being filmed, and each use beyond care. */
export type ConsentGroup =
  | "opinion"
  | "pictures"
  | "video"
  | "teaching"
  | "publication"
  | `research:${string}`;

/** The Consent for one group of purposes, from the event that brought the decision. */
export const consentResourceId = (eventId: string, group: ConsentGroup): string =>
  idOf(eventId, `Consent ${group}`);

/** The Consent that says no from the withdrawal on. */
export const denialId = (eventId: string, group: ConsentGroup): string =>
  idOf(eventId, `Consent withdrawn ${group}`);

/** The Task of telling the patient, from the event of the broken glass or of the consent that an emergency stood in for. */
export const informTaskId = (eventId: string): string => idOf(eventId, "Task inform");

/** The DiagnosticReport of one version of the opinion, from the event that brought it. */
export const reportId = (eventId: string): string => idOf(eventId, "DiagnosticReport");

/** Where the opinion of a case lies, once there is one: the version that stands. */
export function opinionReferences(state: CaseState): string[] {
  const standing = opinionVersions(state).at(-1);
  if (standing === undefined) return [];
  return [
    `DiagnosticReport/${reportId(standing.eventId)}`,
    `DocumentReference/${documentId(standing.eventId, "letter")}`,
  ];
}
