import { initialsOf } from "#protocol/patient.ts";
import { fullName, shortName } from "#protocol/people.ts";
import type { Door } from "../../../matrix/types.ts";
import { civilName } from "../../patient/index.ts";
import type { ConsentModel } from "../consent-model.ts";
import type { ConsentDeps } from "../consent-state.ts";
import { filming } from "../purposes.ts";
import { recipientsInWords } from "../recipients.ts";
import { type Asked, offerOf } from "./offer.ts";
import { createPhoneModel, type PhoneModel } from "./phone-model.ts";

export type SheetPhoneDeps = Pick<ConsentDeps, "collector" | "clock" | "newId"> & {
  readonly links: Door["phoneLinks"];
  /** The public address that a patient's phone opens. */
  readonly origin: string;
};

/** The phone of one consent sheet: the sheet's questions and notice go out, what the patient's phone signed comes back into it. */
export function createSheetPhone(sheet: ConsentModel, deps: SheetPhoneDeps): PhoneModel {
  const { subject, clinicians, teams, care } = sheet;
  const me = clinicians.find((each) => each.userId === deps.collector);
  const recipients = {
    fr: recipientsInWords(subject.recipients, clinicians, teams, deps.collector, "fr"),
    en: recipientsInWords(subject.recipients, clinicians, teams, deps.collector, "en"),
  };
  const names = (people: (typeof care)[number]["people"], language: "fr" | "en") =>
    new Intl.ListFormat(language).format(people.map(fullName));
  const asked = (): Asked[] => {
    const { project, othersOpen } = sheet.store.getState();
    return [
      { purpose: "opinion" },
      ...care.map(({ purpose, people }) => ({
        purpose,
        // Where pictures go two ways, each says to whom; where they go one, that is everybody who is asked.
        ...(care.length > 1 && { seenBy: { fr: names(people, "fr"), en: names(people, "en") } }),
      })),
      { purpose: filming },
      { purpose: "teaching" },
      ...(project.trim() === "" ? [] : [{ purpose: "research" as const, project: project.trim() }]),
      ...(othersOpen ? [{ purpose: "publication" as const }] : []),
    ];
  };
  return createPhoneModel({
    links: deps.links,
    origin: deps.origin,
    caseId: subject.caseId,
    newId: deps.newId,
    clock: deps.clock,
    offer(linkId, consentId) {
      const { giver } = sheet.store.getState();
      if (giver.kind === "representative" && giver.name.trim() === "") return null;
      return offerOf(linkId, {
        consentId,
        initials: initialsOf(subject.patient),
        hospital: sheet.hospital,
        asker: me === undefined ? sheet.hospital : shortName(me),
        ward: sheet.minor ? civilName(subject.patient.given) : null,
        forSomebodyElse: giver.kind === "representative",
        recipients,
        asked: asked(),
      });
    },
    async take({ answer, statement }, offer) {
      await sheet.recordPhone({
        consentId: statement.consentId,
        decisions: statement.decisions,
        notice: statement.notice,
        noticeText: offer.notice.text[statement.notice.language],
        patientPhone: { key: answer.key, jws: answer.jws, answeredAt: statement.answeredAt },
        ...(answer.signature.length > 0 && { signature: answer.signature }),
      });
      return sheet.store.getState().step.at === "recorded";
    },
  });
}
