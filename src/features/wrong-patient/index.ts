export { WrongPatientScreen } from "./WrongPatientScreen.tsx";
export { createWrongPatient, type WrongPatientModel } from "./wrong-patient-model.ts";
