export { SessionGate } from "./SessionGate.tsx";
export { StartingScreen } from "./StandInScreens.tsx";
export { createSessionModel, type SessionModel } from "./session-model.ts";
