import {
  audienceOf,
  type Cover,
  type Decision,
  mayDisclose,
  type RefusalReason,
} from "#protocol/disclose.ts";
import type { OpenGlass } from "#protocol/glass.ts";
import type { Receipt } from "#protocol/receipt.ts";
import type { Facts, MediaFacts, Registry } from "../consent/index.ts";
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
  /** The same, with what it rests on: who is in by a broken glass alone is in until that ends. */
  coverOf(caseId: string, person: string): Promise<Cover>;
};

export function createGate(parts: {
  registry: Pick<Registry, "factsOf" | "consentsOfCase">;
  directory: Pick<DirectoryPort, "clinicians">;
  clock: Clock;
}): Gate {
  const { registry, directory, clock } = parts;
  const mayReadWords = (
    { consent, status }: Facts,
    person: string,
    glasses: readonly OpenGlass[],
  ): Decision => {
    const audience =
      consent === null ? "stranger" : audienceOf(person, consent, directory.clinicians(), glasses, clock());
    return mayDisclose(consent, null, status, audience, "care", clock());
  };

  /** The patient's word first: a glass is for where that ends. */
  const coverOf = async (caseId: string, person: string): Promise<Cover> => {
    if (!directory.clinicians().some((each) => each.userId === person))
      return { by: "nothing", reason: "audience-not-covered" };
    let reason: RefusalReason = "no-consent";
    let untilMs = 0;
    for (const facts of await registry.consentsOfCase(caseId)) {
      const plain = mayReadWords(facts, person, []);
      if (plain.allow) return { by: "consent" };
      reason = plain.reason;
      const own = facts.glasses.filter((glass) => glass.reader === person);
      if (mayReadWords(facts, person, own).allow)
        untilMs = Math.max(untilMs, ...own.map((glass) => glass.untilMs));
    }
    return untilMs > 0 ? { by: "glass", untilMs } : { by: "nothing", reason };
  };

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
      const cover = await coverOf(caseId, person);
      return cover.by === "nothing" ? { allow: false, reason: cover.reason } : { allow: true };
    },
    coverOf,
  };
}
