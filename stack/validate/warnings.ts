/** A kind of warning, as docs/validation.md names and explains it. */
export type Explanation = { readonly text: string; readonly pattern: RegExp };

/** Reads the table of warnings: rows whose first cell is the text in backticks, with … for what differs. */
export function explanationsIn(page: string): Explanation[] {
  return [...page.matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)].map(([, text = ""]) => ({
    text,
    pattern: new RegExp(
      text
        .split("…")
        .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
        .join(".*"),
    ),
  }));
}
