import { createHash } from "node:crypto";
import { z } from "zod";
import type { WorkItem } from "../server/filing/work.ts";
import type { Told } from "./hospital.ts";
import { binariesOf, type Holdings, type PatientFacts } from "./target.ts";

/** One case of a run: who it is about, and what was sent. */
export type ChaosCase = {
  readonly roomId: string;
  readonly patient: PatientFacts;
  readonly items: readonly WorkItem[];
  /** Something that stored another patient's name was let loose on it: it may stop with that reason. */
  readonly isSpoiled: boolean;
};

/** What is found, and how often: kinds of resource, and what was said and shown, wherever it lies. */
export type Facts = Readonly<Record<string, number>>;

/** What the record and the archive hold of a case, seen from what was sent, not from how it was filed. */
export function factsOf({ items }: ChaosCase, { resources, pictures }: Holdings): Facts {
  const facts: Record<string, number> = {};
  const count = (name: string, times: number): void => {
    facts[name] = (facts[name] ?? 0) + times;
  };
  for (const { resourceType } of resources) count(resourceType, 1);
  const texts = resources.map((each) => JSON.stringify(each));
  const said = (name: string, words: string): void =>
    count(name, texts.filter((text) => text.includes(JSON.stringify(words).slice(1, -1))).length);
  for (const { event, picture } of items) {
    if (event.kind === "request") said("the question", event.request.question);
    if (event.kind === "message") said("the message", event.text);
    if (event.kind === "opinion") said("the opinion", event.opinion.payload.assessment);
    if (picture !== undefined) {
      const bytes = Buffer.from(picture);
      count(
        "the picture in the record, byte for byte",
        resources.filter((each) => sha256(dataOf(each)) === sha256(bytes)).length,
      );
      count(
        "the picture in the archive, byte for byte",
        pictures.filter((each) => bytes.equals(Buffer.from(each).subarray(0, bytes.length))).length,
      );
    }
  }
  const held = new Set(resources.map((each) => `${each.resourceType}/${each.id}`));
  count(
    "documents without their bytes",
    resources.flatMap(binariesOf).filter((each) => !held.has(each)).length,
  );
  return facts;
}

const binarySchema = z.object({ resourceType: z.literal("Binary"), data: z.base64() });
const dataOf = (resource: unknown): Buffer => {
  const binary = binarySchema.safeParse(resource);
  return binary.success ? Buffer.from(binary.data.data, "base64") : Buffer.alloc(0);
};
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** What a room was told at last: of each event, how often it was called filed, or why not. */
export type Words = {
  readonly filed: ReadonlyMap<string, readonly Told[]>;
  readonly parked: ReadonlyMap<string, string>;
};

export function wordsOf(told: readonly Told[], roomId: string): Words {
  const filed = new Map<string, Told[]>();
  const parked = new Map<string, string>();
  for (const each of told.filter((one) => one.roomId === roomId)) {
    const { ofEvent, outcome } = each.filed;
    if (outcome.state === "filed") filed.set(ofEvent, [...(filed.get(ofEvent) ?? []), each]);
    if (outcome.state === "parked" || outcome.state === "refused") parked.set(ofEvent, outcome.reason);
  }
  return { filed, parked };
}

/** Whether a case has come to its end: all filed, or stopped by one that waits for a human. */
export const isSettled = ({ items, roomId }: ChaosCase, told: readonly Told[]): boolean => {
  const { filed, parked } = wordsOf(told, roomId);
  return parked.size > 0 || items.every(({ eventId }) => filed.has(eventId));
};

/** All that is wrong with how a case ended, in words; nothing when it is as it should be. */
export function faultsOf(one: ChaosCase, told: readonly Told[], holdings: Holdings, clean: Facts): string[] {
  const { filed, parked } = wordsOf(told, one.roomId);
  const wrong: string[] = [];
  const nameOf = (eventId: string) =>
    one.items.find((each) => each.eventId === eventId)?.event.kind ?? eventId;
  for (const [eventId, words] of filed) {
    if (words.length > 1) wrong.push(`twice told: ${nameOf(eventId)} was called filed ${words.length} times`);
    if (parked.has(eventId))
      wrong.push(`${nameOf(eventId)} was called both filed and ${parked.get(eventId)}`);
  }
  const held = new Set(holdings.resources.map((each) => `${each.resourceType}/${each.id}`));
  for (const { filed: word } of [...filed.values()].flat())
    if (word.outcome.state === "filed")
      for (const { reference } of word.outcome.entries)
        if (
          /^[A-Z]/.test(reference) &&
          !held.has(reference) &&
          !/^(Device|Binary|Provenance)\//.test(reference)
        )
          wrong.push(`lost: ${nameOf(word.ofEvent)} was called filed as ${reference}, which is not there`);
  for (const [eventId, reason] of parked)
    if (!(one.isSpoiled && reason === "read-back-differs"))
      wrong.push(`${nameOf(eventId)} was parked without need: ${reason}`);
  if (parked.size > 0) return wrong;
  for (const { eventId, event } of one.items)
    if (!filed.has(eventId)) wrong.push(`lost: nobody was told of the ${event.kind}`);
  const facts = factsOf(one, holdings);
  for (const name of new Set([...Object.keys(clean), ...Object.keys(facts)])) {
    const [is, shall] = [facts[name] ?? 0, clean[name] ?? 0];
    if (is > shall) wrong.push(`double: ${name}, ${is} times instead of ${shall}`);
    if (is < shall) wrong.push(`lost: ${name}, ${is} times instead of ${shall}`);
  }
  return wrong;
}
