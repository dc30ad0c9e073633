export type Theme = "auto" | "day" | "night";
export const themes: readonly Theme[] = ["auto", "day", "night"];

const key = "colloque.theme";
const isTheme = (value: unknown): value is Theme => value === "auto" || value === "day" || value === "night";

/** The appearance chosen on this device; "auto" follows it. */
export function chosenTheme(): Theme {
  const kept = localStorage.getItem(key);
  return isTheme(kept) ? kept : "auto";
}

/** Puts the appearance on the page and remembers it. */
export function applyTheme(theme: Theme): void {
  localStorage.setItem(key, theme);
  if (theme === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.setAttribute("data-theme", theme);
}
