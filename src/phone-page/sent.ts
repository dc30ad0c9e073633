import { button, el } from "./dom.ts";
import { headline, type Page } from "./page.ts";

/** After the answer: the address of this page is now the patient's own, and how to keep it. */
export function showSent(page: Page, read: () => void): void {
  let copied = false;
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(location.href);
    copied = true;
    page.refresh();
  };
  const share = (): void => {
    navigator.share({ title: "Colloque", url: location.href }).catch(() => {});
  };
  page.show((words) => [
    headline(words.sent),
    el("p", { class: "lead" }, words.sentText),
    el("h2", {}, words.keep),
    el("p", {}, words.keepText),
    "clipboard" in navigator
      ? button("secondary", words.copyLink, () => void copy().catch(() => {}))
      : el("span"),
    "share" in navigator ? button("secondary", words.share, share) : el("span"),
    el("p", { class: "help", role: "status" }, copied ? words.copied : ""),
    el("footer", {}, button("primary", words.read, read)),
  ]);
}
