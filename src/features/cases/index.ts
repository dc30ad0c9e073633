export { CaseScreen } from "./CaseScreen.tsx";
export { type CaseModel, createCaseModel } from "./case-model.ts";
export { standingOf } from "./consent-standing.ts";
export { NotAdmitted } from "./NotAdmitted.tsx";
export type { Tab } from "./turn.ts";
export { WorklistScreen } from "./WorklistScreen.tsx";
export { findCase, personName } from "./worklist.ts";
export { createWorklistModel, loadedValue, type WorklistModel } from "./worklist-model.ts";
