export { createCopiesModel } from "./copies-model.ts";
export { RecordScreen } from "./RecordScreen.tsx";
export { createRecordModel } from "./record-model.ts";
