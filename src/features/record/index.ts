export { RecordScreen } from "./RecordScreen.tsx";
export { createRecordModel } from "./record-model.ts";
