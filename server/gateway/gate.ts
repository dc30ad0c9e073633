import { audienceOf, type Decision, mayDisclose } from "#protocol/disclose.ts";
import type { Receipt } from "#protocol/receipt.ts";
import type { MediaFacts, Registry } from "../consent/index.ts";
import type { DirectoryPort } from "../directory/index.ts";
import type { Clock } from "../kit/role.ts";

/** Gate 2: before the homeserver takes an upload, gives a download or lets a member in. The one caller of the rule on this side. */
export type Gate = {
  /** May this picture go to the server at all, on this person's behalf: to that person, and into the record. */
  permit(receipt: Receipt, uploader: string): Promise<Decision>;
  /** May this person's device be given the bytes, now. */
  download(picture: Extract<MediaFacts, { kind: "picture" }>, reader: string): Decision;
  /** May this person be let into the case: some live consent of it must cover them, and the directory must know them. */
  member(caseId: string, person: string): Promise<Decision>;
};

export function createGate(parts: {
  registry: Pick<Registry, "factsOf" | "consentsOfCase">;
  directory: Pick<DirectoryPort, "clinicians">;
  clock: Clock;
}): Gate {
  const { registry, directory, clock } = parts;
  return {
    permit: async (receipt, uploader) => {
      const { consent, status, glasses } = await registry.factsOf(receipt.consentId);
      const audience =
        consent === null
          ? "stranger"
          : audienceOf(uploader, consent, directory.clinicians(), glasses, clock());
      const mine = mayDisclose(consent, receipt, status, audience, "care", clock());
      return mine.allow ? mayDisclose(consent, receipt, status, "record", "care", clock()) : mine;
    },
    download: ({ consent, receipt, status, glasses }, reader) =>
      mayDisclose(
        consent,
        receipt,
        status,
        audienceOf(reader, consent, directory.clinicians(), glasses, clock()),
        "care",
        clock(),
      ),
    member: async (caseId, person) => {
      if (!directory.clinicians().some((each) => each.userId === person))
        return { allow: false, reason: "audience-not-covered" };
      let decision: Decision = { allow: false, reason: "no-consent" };
      for (const { consent, status, glasses } of await registry.consentsOfCase(caseId)) {
        const audience =
          consent === null
            ? "stranger"
            : audienceOf(person, consent, directory.clinicians(), glasses, clock());
        decision = mayDisclose(consent, null, status, audience, "care", clock());
        if (decision.allow) return decision;
      }
      return decision;
    },
  };
}
