export { ConsentScreen } from "./ConsentScreen.tsx";
export {
  type ConsentDeps,
  type ConsentModel,
  type ConsentSubject,
  createConsentModel,
} from "./consent-model.ts";
