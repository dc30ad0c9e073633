export { SessionGate } from "./SessionGate.tsx";
export { createSessionModel, type SessionModel } from "./session-model.ts";
