export { NewRequestScreen } from "./NewRequestScreen.tsx";
export { createRequestModel, type RequestDeps, type RequestModel } from "./request-model.ts";
