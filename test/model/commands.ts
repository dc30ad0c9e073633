import fc from "fast-check";
import type { Consent, Purpose } from "#protocol/consent.ts";
import type { Addressee } from "#protocol/people.ts";
import { everybody, nobody, onCall, userIdOf, ward } from "./people.ts";

/** What may happen in a history. Numbers choose among what is there by then. */
export type Command =
  | { readonly do: "consent"; readonly by: string; readonly room: number; readonly plan: ConsentPlan }
  | { readonly do: "register-again"; readonly consent: number }
  | { readonly do: "withdraw"; readonly by: string; readonly consent: number }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "skew"; readonly who: string; readonly ms: number; readonly anew: boolean }
  | {
      readonly do: "send";
      readonly by: string;
      readonly room: number;
      readonly consent: number;
      readonly to: Addressee | null;
      readonly clip: boolean;
    }
  | {
      readonly do: "push";
      readonly by: string;
      readonly room: number;
      readonly consent: number;
      readonly twist: PushTwist;
      readonly clip: boolean;
    }
  | {
      readonly do: "send-on";
      readonly by: string;
      readonly room: number;
      readonly picture: number;
      readonly twist: CopyTwist;
    }
  | {
      readonly do: "glass";
      readonly by: string;
      readonly reader: string;
      readonly consent: number;
      readonly ms: number;
    }
  | { readonly do: "invite"; readonly inviter: string; readonly who: string; readonly room: number }
  | { readonly do: "force"; readonly who: string; readonly room: number }
  | { readonly do: "leave"; readonly who: string; readonly room: number }
  | { readonly do: "look"; readonly picture: number; readonly door: Door }
  | { readonly do: "file"; readonly picture: number }
  | { readonly do: "restart" }
  | { readonly do: "outage"; readonly ms: number }
  | {
      readonly do: "silence";
      readonly who: string;
      readonly picture: number;
      readonly ms: number;
      /** Whether an emergency is signed on the device meanwhile. */
      readonly here: boolean;
      /** What is done to its clock meanwhile. */
      readonly slip: { readonly ms: number; readonly anew: boolean } | undefined;
    }
  | { readonly do: "back-up" }
  | { readonly do: "restore" };

/** Whole way, gate 3 with the bytes at hand, gate 2 without gate 3. */
export type Door = "view" | "peek" | "grab";
export const doors: readonly Door[] = ["view", "peek", "grab"];

/** What a modified client, or a mistaken one, puts wrong in what it sends. */
export type PushTwist =
  | "none"
  | "another-case"
  | "another-patient"
  | "taken-before"
  | "another-picture"
  | "uncertified"
  | "other-bytes"
  | "other-uploader";
export type CopyTwist = "none" | "another-file" | "changed-receipt";

export type ConsentPlan = {
  readonly granted: readonly Purpose[];
  readonly project: string;
  readonly recipients: readonly Addressee[];
  readonly method: Consent["method"];
  readonly givenBy: Consent["givenBy"];
  readonly assent: "yes" | "no" | undefined;
  readonly lastsMs: number;
  readonly patient: 0 | 1;
  /** Which consent it takes the place of, if any. */
  readonly replaces: number | undefined;
  readonly twist: "none" | "uncertified" | "changed-after-signing" | "brought-by-another";
};

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const [ana = "", bea = "", carl = "", dora = "", eve = ""] = everybody;
const anybody = fc.constantFrom(ana, ana, bea, carl, carl, dora, eve, nobody);
const sender = fc.constantFrom(ana, ana, ana, ana, ana, ana, carl, bea);
const room = fc.constantFrom(0, 0, 0, 0, 0, 1);
const some = fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 3, 4, 5);

/** Mostly the first of the choices. */
const mostly = <T>(usual: T, ...rare: T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(usual, ...rare) },
  );

const allOfCare: readonly Purpose[] = ["opinion", "care-named", "care-team", "care-outside-team"];
const granted = fc.constantFrom<readonly Purpose[]>(
  allOfCare,
  allOfCare,
  ["opinion", "care-named"],
  ["opinion", "care-team"],
  ["opinion", "care-named", "care-team"],
  ["opinion"],
  ["care-named", "care-team", "care-outside-team"],
  [...allOfCare, "video"],
  [...allOfCare, "video"],
  [...allOfCare, "teaching"],
  [...allOfCare, "research"],
  [...allOfCare, "publication"],
);
const person = (userId: string): Addressee => ({ kind: "person", userId });
const dermatology: Addressee = { kind: "specialty", specialty: "dermatology" };
const surgeons: Addressee = { kind: "team", teamId: onCall };
const recipients = fc.constantFrom<readonly Addressee[]>(
  [person(carl)],
  [person(bea)],
  [person(dora), person(eve)],
  [dermatology],
  [surgeons],
  [person(eve), dermatology],
  [{ kind: "team", teamId: ward }],
);

const plan: fc.Arbitrary<ConsentPlan> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record<ConsentPlan>({
      granted,
      project: fc.constant("melanoma"),
      recipients,
      // The patient's phone signs for itself: that way has tests of its own.
      method: fc.constant("signed-on-screen" as const),
      givenBy: fc.constantFrom("patient", "guardian", "both-parents"),
      assent: fc.constantFrom(undefined, "yes"),
      lastsMs: fc.constantFrom(30 * minute, 3 * hour, 30 * day),
      patient: mostly<0 | 1>(0, 1),
      replaces: mostly<number | undefined>(undefined, 0, 1, 2),
      twist: mostly<ConsentPlan["twist"]>(
        "none",
        "uncertified",
        "changed-after-signing",
        "brought-by-another",
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc
      .record<ConsentPlan>({
        granted,
        project: fc.constantFrom("melanoma", ""),
        recipients,
        method: fc.constantFrom("oral-witnessed", "non-opposition", "emergency", "signed-on-screen"),
        givenBy: fc.constantFrom("patient", "parent", "nobody"),
        assent: fc.constantFrom(undefined, "yes", "no"),
        lastsMs: fc.constantFrom(3 * hour, 71 * hour, 73 * hour, 30 * day, 800 * day),
        patient: fc.constant<0 | 1>(0),
        replaces: fc.constantFrom(undefined, undefined, 0),
        twist: fc.constant("none"),
      })
      // Most emergencies that are tried are otherwise in order, or hardly one of them would count.
      .map(
        (made): ConsentPlan =>
          made.method === "emergency" && made.assent !== "no" ? { ...made, givenBy: "nobody" } : made,
      ),
  },
);

/** Filmed, in place of a photo. */
const clip = fc.constantFrom(false, false, true);

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("consent"), by: sender, room, plan }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("register-again"), consent: some }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("withdraw"), by: anybody, consent: some }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("pass"),
      ms: fc.constantFrom(10_000, 59_000, 61_000, 25 * minute, 34 * minute, hour, 4 * hour, 2 * day),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("skew"),
      who: anybody,
      ms: fc.constantFrom(0, 0, 4 * minute, -4 * minute, 8 * minute, -8 * minute, day, -day),
      anew: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("send"),
      by: sender,
      room,
      consent: some,
      to: fc.constantFrom<Addressee | null>(null, null, dermatology, surgeons, person(bea), person(eve)),
      clip,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("push"),
      by: fc.oneof({ weight: 4, arbitrary: sender }, { weight: 1, arbitrary: anybody }),
      room,
      consent: some,
      twist: fc.constantFrom<PushTwist>(
        "none",
        "none",
        "none",
        "none",
        "none",
        "none",
        "another-case",
        "another-patient",
        "taken-before",
        "another-picture",
        "uncertified",
        "other-bytes",
        "other-uploader",
      ),
      clip,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("send-on"),
      by: sender,
      room,
      picture: some,
      twist: fc.constantFrom<CopyTwist>("none", "another-file", "changed-receipt"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("invite"),
      inviter: mostly("", ana, carl),
      who: anybody,
      room,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("glass"),
      by: anybody,
      reader: anybody,
      consent: some,
      ms: fc.constantFrom(20 * minute, 2 * hour, 4 * hour, 5 * hour),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("force"), who: anybody, room }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("leave"), who: anybody, room }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("look"), picture: some, door: fc.constantFrom(...doors) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("file"), picture: some }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("outage"), ms: fc.constantFrom(30_000, 62_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("silence"),
      who: anybody,
      picture: some,
      ms: fc.constantFrom(61_000, hour, 3 * hour + 50 * minute, 5 * hour, 6 * hour),
      here: fc.boolean(),
      slip: fc.constantFrom(
        undefined,
        undefined,
        { ms: -day, anew: false },
        { ms: day, anew: false },
        { ms: -day, anew: true },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("back-up") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restore") }) },
);

/** What takes several steps in a row to come about, and is rare by chance. */
const story: fc.Arbitrary<readonly Command[]> = fc.oneof(
  fc
    .record({ consent: some, plan, register: fc.boolean(), early: fc.boolean() })
    .map(({ consent, plan: made, register, early }): Command[] => [
      ...(early ? [{ do: "back-up" } as const] : []),
      { do: "consent", by: ana, room: 0, plan: { ...made, twist: "none" } },
      { do: "push", by: ana, room: 0, consent, twist: "none", clip: false },
      ...(early ? [] : [{ do: "back-up" } as const]),
      { do: "withdraw", by: ana, consent },
      { do: "restore" },
      ...(register ? [{ do: "register-again", consent } as const] : []),
      { do: "push", by: ana, room: 0, consent, twist: "none", clip: false },
    ]),
  fc.record({ consent: some, picture: some }).map(({ consent, picture }): Command[] => [
    { do: "look", picture, door: "peek" },
    { do: "withdraw", by: ana, consent },
    { do: "outage", ms: 62_000 },
    { do: "look", picture, door: "grab" },
  ]),
  // Informed and not against it: the team, and no pool.
  fc.record({ plan, who: fc.constantFrom(carl, dora) }).map(({ plan: made, who }): Command[] => [
    { do: "withdraw", by: ana, consent: 0 },
    {
      do: "consent",
      by: ana,
      room: 0,
      plan: {
        ...made,
        granted: ["opinion", "care-team"],
        recipients: [dermatology, surgeons],
        method: "non-opposition",
        givenBy: "patient",
        patient: 0,
        replaces: undefined,
        lastsMs: 3 * hour,
        twist: "none",
      },
    },
    { do: "invite", inviter: "", who, room: 0 },
  ]),
  // A picture of one case in another's room, and one that is not what its receipt says. -1 is the last that there is.
  fc.record({ plan }).map(({ plan: made }): Command[] => [
    {
      do: "consent",
      by: carl,
      room: 1,
      plan: { ...made, granted: allOfCare, patient: 0, replaces: undefined, twist: "none" },
    },
    { do: "force", who: carl, room: 0 },
    { do: "push", by: carl, room: 0, consent: -1, twist: "none", clip: false },
    { do: "push", by: ana, room: 0, consent: 0, twist: "another-picture", clip: false },
    { do: "file", picture: -1 },
  ]),
  // Somebody who just had the picture is put out.
  fc.constantFrom(bea, carl, dora, eve).map((who): Command[] => [
    { do: "look", picture: 0, door: "grab" },
    { do: "leave", who, room: 0 },
    { do: "look", picture: 0, door: "grab" },
  ]),
  // The patient changes their mind.
  fc
    .record({ plan, granted: fc.constantFrom<readonly Purpose[]>(["opinion"], allOfCare) })
    .map((made): Command[] => [
      {
        do: "consent",
        by: ana,
        room: 0,
        plan: {
          ...made.plan,
          granted: made.granted,
          method: "signed-on-screen",
          givenBy: "patient",
          assent: undefined,
          lastsMs: 3 * hour,
          patient: 0,
          replaces: 0,
          twist: "none",
        },
      },
      { do: "push", by: ana, room: 0, consent: 0, twist: "none", clip: false },
      { do: "file", picture: 0 },
      { do: "look", picture: 0, door: "grab" },
      { do: "look", picture: 0, door: "peek" },
    ]),
  fc
    .record({ consent: some, picture: some, reader: anybody })
    .map(({ consent, picture, reader }): Command[] => [
      { do: "force", who: reader, room: 0 },
      { do: "glass", by: ana, reader, consent, ms: 2 * hour },
      { do: "look", picture, door: "grab" },
      { do: "pass", ms: hour },
      { do: "look", picture, door: "view" },
      { do: "pass", ms: 4 * hour },
      { do: "look", picture, door: "grab" },
      { do: "look", picture, door: "peek" },
    ]),
);

export type History = {
  readonly homeserverDeletes: boolean;
  readonly tellsNews: boolean;
  readonly commands: readonly Command[];
};

/** Each begins as most cases do, so that few steps are spent on rooms without anything in them. */
export const histories: fc.Arbitrary<History> = fc
  .record({
    homeserverDeletes: fc.boolean(),
    tellsNews: fc.boolean(),
    plan,
    guests: fc.subarray([bea, carl, dora, eve, nobody], { minLength: 1 }),
    commands: fc.array(
      fc.oneof(
        { weight: 12, arbitrary: command.map((each): readonly Command[] => [each]) },
        { weight: 1, arbitrary: story },
      ),
      { minLength: 5, maxLength: 20 },
    ),
  })
  .map((made) => ({
    homeserverDeletes: made.homeserverDeletes,
    tellsNews: made.tellsNews,
    commands: [
      { do: "consent", by: userIdOf("ana"), room: 0, plan: { ...made.plan, twist: "none" } },
      ...made.guests.map((who): Command => ({ do: "force", who, room: 0 })),
      { do: "push", by: userIdOf("ana"), room: 0, consent: 0, twist: "none", clip: false },
      ...made.commands.flat(),
    ],
  }));
