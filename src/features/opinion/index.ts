export { OpinionScreen } from "./OpinionScreen.tsx";
export { createOpinionModel, type OpinionDeps, type OpinionModel } from "./opinion-model.ts";
