import { localeOf } from "../../i18n/locale.ts";

/** "12:04" for today, "24 novembre, 12:04" for another day. */
export function momentInWords(language: string, atMs: number, nowMs: number): string {
  const today = new Date(atMs).toDateString() === new Date(nowMs).toDateString();
  return new Intl.DateTimeFormat(
    localeOf(language),
    today ? { timeStyle: "short" } : { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" },
  ).format(atMs);
}
