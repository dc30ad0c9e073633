import { createRoot } from "react-dom/client";
import { applyTheme, chosenTheme } from "../features/settings/index.ts";
import { startTexts } from "../i18n/index.ts";
import { createDoor } from "../matrix/index.ts";
import { App } from "./App.tsx";
import { machineClock } from "./clock.ts";
import { registerServiceWorker } from "./service-worker.ts";

applyTheme(chosenTheme());
const texts = startTexts();
const door = createDoor({
  baseUrl: location.origin,
  language: texts.language.startsWith("fr") ? "fr" : "en",
});

const place = document.getElementById("app");
if (place === null) throw new Error("The page has no place for the application");
createRoot(place).render(<App door={door} clock={machineClock} />);
registerServiceWorker();
