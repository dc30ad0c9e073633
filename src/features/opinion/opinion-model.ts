import { z } from "zod";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { OpinionVersion } from "#protocol/case-state.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import { type Certainty, certaintySchema } from "#protocol/events.ts";
import { maxAmendReason, minAmendReason } from "#protocol/opinion.ts";
import type { AmendmentReason, Door, OpinionDraft } from "../../matrix/types.ts";

/** The written parts of an opinion, in the order of the letter. */
const sections = ["findings", "assessment", "plan", "ifWorse", "limits"] as const;
export type Section = (typeof sections)[number];

const longest = 8000;
const textSchema = z.string().max(longest);
const draftSchema = z.object({
  v: z.literal(1),
  opinionId: z.uuid(),
  findings: textSchema,
  assessment: textSchema,
  certainty: certaintySchema.nullable(),
  plan: textSchema,
  ifWorse: textSchema,
  /** Null until the expert said yes or no: neither is assumed. */
  inPerson: z.boolean().nullable(),
  when: z.string().max(300),
  limits: textSchema,
  /** Of a later version: the one that it is made from, and why. */
  amends: z.string().nullable().default(null),
  how: z.enum(["completed", "corrected"]).nullable().default(null),
  reason: z.string().max(maxAmendReason).default(""),
});
export type OpinionText = z.infer<typeof draftSchema>;
type How = NonNullable<OpinionText["how"]>;

/** Why the opinion cannot be signed yet. Each is a key of the texts that people read, in the order of the form. */
export type Hold =
  | "assessment"
  | "certainty"
  | "plan"
  | "if-worse"
  | "in-person"
  | "when"
  | "already-answered"
  | "how"
  | "reason"
  | "unchanged";

export type OpinionState = {
  readonly loaded: boolean;
  readonly text: OpinionText;
  readonly kept: "nothing" | "saving" | "kept" | "storage-full";
  readonly step:
    | { readonly at: "writing" }
    | { readonly at: "signing" }
    | { readonly at: "failed"; readonly error: ErrorCode | "storage-full" }
    | { readonly at: "given" };
};

export type OpinionDeps = {
  readonly door: Pick<Door, "vault" | "giveOpinion" | "cases">;
  readonly roomId: string;
  /** The version that is amended, when this is no first opinion, and what sends the new one. */
  readonly amending?: {
    readonly version: OpinionVersion;
    readonly send: (draft: OpinionDraft, why: AmendmentReason) => ReturnType<Door["amendOpinion"]>;
  };
  readonly newId: () => string;
  /** SHA-256 of the pictures that were on the expert's screen. */
  readonly picturesSeen: () => readonly string[];
};

export type OpinionModel = {
  readonly store: StoreApi<OpinionState>;
  /** The version that is amended; null for a first opinion. */
  readonly amends: OpinionVersion | null;
  load(): Promise<void>;
  write(section: Section, text: string): void;
  setCertainty(certainty: Certainty): void;
  setInPerson(needed: boolean): void;
  setWhen(when: string): void;
  setHow(how: How): void;
  setReason(reason: string): void;
  /** How many pictures the expert has seen. */
  pictures(): number;
  hold(): Hold | null;
  give(): Promise<void>;
  dispose(): void;
};

/** One opinion being written. Like a request, it is kept on this device at each change; signing closes the case. */
export function createOpinionModel(deps: OpinionDeps): OpinionModel {
  const { vault } = deps.door;
  const { amending } = deps;
  const key = `${amending === undefined ? "opinion" : "amendment"}/${deps.roomId}`;
  const store = createStore<OpinionState>(() => ({
    loaded: false,
    text: amending === undefined ? emptyText(deps.newId()) : textOf(amending.version, deps.newId()),
    kept: "nothing",
    step: { at: "writing" },
  }));

  let dirty = false;
  let saving: Promise<void> | null = null;
  const saveUntilClean = async () => {
    while (dirty) {
      dirty = false;
      const kept = await vault.set(key, store.getState().text);
      store.setState({ kept: kept.ok ? "kept" : "storage-full" });
    }
  };
  const change = (changes: Partial<OpinionText>) => {
    const { text, step } = store.getState();
    if (step.at === "signing" || step.at === "given") return;
    store.setState({ text: { ...text, ...changes }, step: { at: "writing" }, kept: "saving" });
    dirty = true;
    saving ??= saveUntilClean().finally(() => {
      saving = null;
    });
  };
  const hold = (): Hold | null => {
    if (amending !== undefined) return amendHoldOf(store.getState().text, amending.version);
    const answered = deps.door.cases.getState().byRoom.get(deps.roomId)?.state.opinion;
    return answered == null ? holdOf(store.getState().text) : "already-answered";
  };

  return {
    store,
    amends: amending?.version ?? null,
    async load() {
      const kept = draftSchema.safeParse(await vault.get(key));
      // What was begun from an earlier version is not what stands now.
      const fits = kept.success && kept.data.amends === (amending?.version.eventId ?? null);
      store.setState(fits ? { loaded: true, text: kept.data, kept: "kept" } : { loaded: true });
    },
    write: (section, written) => change({ [section]: written.slice(0, longest) }),
    setCertainty: (certainty) => change({ certainty }),
    setInPerson: (inPerson) => change({ inPerson }),
    setWhen: (when) => change({ when: when.slice(0, 300) }),
    setHow: (how) => change({ how }),
    setReason: (reason) => change({ reason: reason.slice(0, maxAmendReason) }),
    pictures: () => deps.picturesSeen().length,
    hold,
    dispose() {},
    async give() {
      const { step, text } = store.getState();
      if (step.at === "signing" || step.at === "given" || hold() !== null) return;
      const draft = opinionOf(text, deps.picturesSeen());
      if (draft === null) return;
      store.setState({ step: { at: "signing" } });
      const why = amending === undefined ? null : whyOf(text, amending.version);
      const given = await (amending !== undefined && why !== null
        ? amending.send(draft, why)
        : deps.door.giveOpinion(deps.roomId, draft));
      if (!given.ok) return store.setState({ step: { at: "failed", error: given.error } });
      await saving;
      await vault.delete(key);
      store.setState({ kept: "nothing", step: { at: "given" } });
    },
  };
}

const emptyText = (opinionId: string): OpinionText => ({
  v: 1,
  opinionId,
  findings: "",
  assessment: "",
  certainty: null,
  plan: "",
  ifWorse: "",
  inPerson: null,
  when: "",
  limits: "",
  amends: null,
  how: null,
  reason: "",
});

/** The text that stands, to be changed. */
const textOf = ({ eventId, opinion }: OpinionVersion, opinionId: string): OpinionText => ({
  v: 1,
  opinionId,
  findings: opinion.findings,
  assessment: opinion.assessment,
  certainty: opinion.certainty,
  plan: opinion.plan,
  ifWorse: opinion.ifWorse,
  inPerson: opinion.inPerson.needed,
  when: opinion.inPerson.needed ? opinion.inPerson.when : "",
  limits: opinion.limits,
  amends: eventId,
  how: null,
  reason: "",
});

/** A later version says something else than the one that stands, whether it adds or corrects, and why. */
function amendHoldOf(text: OpinionText, version: OpinionVersion): Hold | null {
  const lacks = holdOf(text);
  if (lacks !== null) return lacks;
  const said = (each: OpinionText) =>
    JSON.stringify([
      ...sections.map((name) => each[name].trim()),
      each.certainty,
      each.inPerson,
      each.when.trim(),
    ]);
  if (said(text) === said(textOf(version, text.opinionId))) return "unchanged";
  if (text.how === null) return "how";
  return text.reason.trim().length < minAmendReason ? "reason" : null;
}

const whyOf = ({ how, reason }: OpinionText, { eventId, opinion }: OpinionVersion): AmendmentReason | null =>
  how === null ? null : { amends: { eventId, opinionId: opinion.opinionId }, how, reason: reason.trim() };

/** What lacks before the opinion can be signed: what is thought and how surely, what to do, and what if it gets worse. */
function holdOf(text: OpinionText): Hold | null {
  const blank = (value: string) => value.trim() === "";
  if (blank(text.assessment)) return "assessment";
  if (text.certainty === null) return "certainty";
  if (blank(text.plan)) return "plan";
  if (blank(text.ifWorse)) return "if-worse";
  if (text.inPerson === null) return "in-person";
  return text.inPerson && blank(text.when) ? "when" : null;
}

function opinionOf(text: OpinionText, picturesSeen: readonly string[]): OpinionDraft | null {
  if (text.certainty === null || text.inPerson === null) return null;
  return {
    opinionId: text.opinionId,
    findings: text.findings.trim(),
    assessment: text.assessment.trim(),
    certainty: text.certainty,
    plan: text.plan.trim(),
    ifWorse: text.ifWorse.trim(),
    inPerson: text.inPerson ? { needed: true, when: text.when.trim() } : { needed: false },
    limits: text.limits.trim(),
    picturesSeen: [...picturesSeen],
  };
}
