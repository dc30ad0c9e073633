export { NewRequestScreen } from "./NewRequestScreen.tsx";
export { PatientCard } from "./PatientCard.tsx";
export { PatientFinder } from "./PatientSheet.tsx";
export { createPatientSearch, type PatientSearchModel } from "./patient-search-model.ts";
export { createRequestModel, type RequestDeps, type RequestModel } from "./request-model.ts";
