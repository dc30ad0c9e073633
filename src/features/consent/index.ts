export { ConsentScreen } from "./ConsentScreen.tsx";
export { type ConsentModel, createConsentModel } from "./consent-model.ts";
export type { ConsentDeps, ConsentSubject, PhoneAnswer } from "./consent-state.ts";
export { PhoneWay } from "./phone/index.ts";
