export { ageInYears, birthDateInWords, civilName, namedApart, spokenName } from "./patient-words.ts";
