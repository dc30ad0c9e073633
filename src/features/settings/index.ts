export { SettingsScreen } from "./SettingsScreen.tsx";
export { createSettingsModel } from "./settings-model.ts";
export { applyTheme, chosenTheme } from "./theme.ts";
