import { CaseScreen, createCaseModel } from "../features/cases/index.ts";
import type { OfCase } from "./open-case.ts";
import { useOwned } from "./use-owned.ts";

/** `/cas/:key` */
export function CasePlace({ door, clock, caseKey, wide }: OfCase) {
  const model = useOwned(() => createCaseModel({ door, key: caseKey, clock }), [door, clock, caseKey]);
  return model === null ? null : <CaseScreen model={model} wide={wide} />;
}
