export { ageInYears, birthDateInWords, civilName, spokenName } from "./patient-words.ts";
