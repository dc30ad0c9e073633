export { ageInYears, birthDateInWords, civilName, identityName, spokenName } from "./patient-words.ts";
