export { CallLayer, coversAll } from "./CallLayer.tsx";
export { CallNotice } from "./CallNotice.tsx";
export { type CallModel, createCallModel } from "./call-model.ts";
