export { DeskScreen } from "./DeskScreen.tsx";
export { createDeskModel } from "./desk-model.ts";
