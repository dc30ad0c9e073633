import { foldCase } from "#protocol/case-state.ts";
import type { CaseEvent } from "#protocol/events.ts";
import { type Plan, type PlanContext, planFiling, type Resource } from "../plan/index.ts";
import { isFileable } from "../work.ts";
import { aCase, type CaseOptions, clinicians, delattre, type People, startMs, tinyJpeg } from "./a-case.ts";

/** Plans of a case, for the tests of what is written. */
export const contextOf = (list: readonly CaseEvent[], change: Partial<PlanContext> = {}): PlanContext => ({
  state: foldCase(list, ""),
  patient: delattre,
  clinician: (userId) => clinicians.find((each) => each.userId === userId),
  team: () => undefined,
  hospital: {
    name: "CHU de Valombre",
    address: "12, quai des Tanneurs, Valombre",
    organizationId: "valombre",
  },
  language: "fr",
  timeZone: "Europe/Paris",
  archive: true,
  documents: "contained",
  recordHost: "record.test",
  nowMs: startMs + 40 * 60_000,
  filedAtMs: new Map(),
  pictures: new Map(),
  ...change,
});

/** The plans of a whole case, one event after the other, as filing makes them. */
export async function plansOf(
  all: People,
  options: CaseOptions = {},
  change: Partial<PlanContext> = {},
  first = 6,
): Promise<Plan[]> {
  const { items } = await aCase(all, options);
  const events = items.map((item) => item.event);
  const ordered = [
    ...events.filter((e) => e.kind === "request"),
    ...events.filter((e) => e.kind !== "request"),
  ];
  const plans: Plan[] = [];
  for (const [index, event] of ordered.slice(0, first).entries()) {
    if (!isFileable(event)) continue;
    const context = contextOf(ordered.slice(0, index + 1), change);
    plans.push(
      await planFiling(event, event.kind === "photo" ? (options.picture ?? tinyJpeg) : undefined, context),
    );
  }
  return plans;
}

export const resourcesOf = (plans: readonly Plan[]): Resource[] =>
  plans.flatMap((plan) =>
    plan.steps.flatMap((step) => ("writes" in step ? step.writes.map((write) => write.resource) : [])),
  );
