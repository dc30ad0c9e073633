import { siteInWords } from "#protocol/body-sites.ts";
import type { ClipFacts, Photo } from "#protocol/events.ts";
import type { Patient } from "#protocol/patient.ts";
import { localeOf } from "../../i18n/locale.ts";
import type { Elapsed, Remaining } from "./due.ts";
import { sameDay } from "./due.ts";
import type { Knot, Thread } from "./thread.ts";
import type { Headline, Row } from "./worklist.ts";

/** What the views hand over: the translator of the namespace `cases`, and its language. */
export type Words = {
  readonly t: (key: string, values?: Readonly<Record<string, string | number>>) => string;
  readonly language: "fr" | "en";
};

/** "trois" up to twelve, "13" above. */
function number({ t }: Words, count: number, gender: "masculine" | "feminine" = "masculine"): string {
  if (count < 1 || count > 12) return String(count);
  return gender === "feminine" && count === 1 ? t("numberFeminine.1") : t(`number.${count}`);
}

/** The sentence that a worklist begins with: it counts for the reader. */
export function headlineInWords(words: Words, headline: Headline): string {
  const parts = [
    opinions(words, headline),
    counted(words, "headline.more", headline.more),
    counted(words, "headline.redirect", headline.redirect),
  ].filter((part) => part !== "");
  const sentence = join(words, parts);
  if (sentence !== "") return `${capital(sentence)}.`;
  if (headline.waiting === 0) return `${words.t("headline.nothing")}.`;
  const count = headline.waiting;
  // The number begins a sentence of its own here.
  return `${words.t("headline.waiting", { count, number: capital(number(words, count, "feminine")) })}.`;
}

function opinions(words: Words, headline: Headline): string {
  const count = headline.opinions;
  if (count === 0) return "";
  const said = words.t("headline.opinions", { count, number: number(words, count) });
  return `${said}${pressingInWords(words, headline)}`;
}

function pressingInWords(words: Words, { pressing, opinions: count }: Headline): string {
  if (pressing === null) return "";
  if (pressing.kind === "late")
    return count === pressing.count
      ? words.t("headline.lateOnly")
      : words.t("headline.late", { number: number(words, pressing.count) });
  const time = clockTime(pressing.dueMs, words.language, "spoken");
  if (count === 1) return words.t("headline.beforeOnly", { time });
  if (pressing.count === 1) return words.t("headline.before", { time });
  if (pressing.count === count) return words.t("headline.todayOnly");
  return words.t("headline.today", { number: number(words, pressing.count) });
}

function counted(words: Words, key: string, count: number): string {
  return count === 0 ? "" : words.t(key, { count, number: number(words, count, "feminine") });
}

function join(words: Words, parts: readonly string[]): string {
  const last = parts.at(-1);
  if (parts.length < 2 || last === undefined) return last ?? "";
  return words.t("headline.join", { first: parts.slice(0, -1).join(", "), last });
}

const capital = (text: string): string => text.charAt(0).toLocaleUpperCase() + text.slice(1);

/** "16 heures" aloud, "16 h" or "16:23" in a row; "4 pm" in English. */
function clockTime(atMs: number, language: "fr" | "en", form: "spoken" | "short"): string {
  const at = new Date(atMs);
  if (language === "en")
    return new Intl.DateTimeFormat("en-GB", {
      hour: "numeric",
      ...(at.getMinutes() === 0 ? {} : { minute: "2-digit" }),
      hour12: true,
    }).format(at);
  const hours = at.getHours();
  if (at.getMinutes() !== 0) return `${hours}\u00a0h\u00a0${String(at.getMinutes()).padStart(2, "0")}`;
  if (form === "short") return `${hours}\u00a0h`;
  return hours < 2 ? `${hours}\u00a0heure` : `${hours}\u00a0heures`;
}

/** "11:52" for today, "24/11, 11:52" for another day. */
export function moment({ language }: Words, atMs: number, nowMs: number): string {
  const time = new Intl.DateTimeFormat(localeOf(language), { hour: "2-digit", minute: "2-digit" }).format(
    atMs,
  );
  if (sameDay(atMs, nowMs)) return time;
  const day = new Intl.DateTimeFormat(localeOf(language), { day: "2-digit", month: "2-digit" }).format(atMs);
  return `${day}, ${time}`;
}

/** "11:52" for today, "24/11" for another day: beside a knot, whose proof says the rest. */
function shortMoment({ language }: Words, atMs: number, nowMs: number): string {
  const form: Intl.DateTimeFormatOptions = sameDay(atMs, nowMs)
    ? { hour: "2-digit", minute: "2-digit" }
    : { day: "2-digit", month: "2-digit" };
  return new Intl.DateTimeFormat(localeOf(language), form).format(atMs);
}

/** "24 novembre 2026 à 12:24", for proofs and letters. */
export function longMoment({ language }: Words, atMs: number): string {
  return new Intl.DateTimeFormat(localeOf(language), { dateStyle: "long", timeStyle: "short" }).format(atMs);
}

/** "24 novembre 2026", for what is days away. */
export function longDay({ language }: Words, atMs: number): string {
  return new Intl.DateTimeFormat(localeOf(language), { dateStyle: "long" }).format(atMs);
}

/** Until when: "16 h" today, "jeudi 10 h" within a week, "3 décembre, 10 h" later. */
export function deadline({ language }: Words, dueMs: number, nowMs: number): string {
  const time = clockTime(dueMs, language, "short");
  if (sameDay(dueMs, nowMs)) return time;
  const near = dueMs - nowMs < 6 * 24 * 3600 * 1000;
  const dayOf = new Intl.DateTimeFormat(
    localeOf(language),
    near ? { weekday: "long" } : { day: "numeric", month: "long" },
  ).format(dueMs);
  return `${dayOf} ${time}`;
}

export function remainingInWords({ t }: Words, left: Remaining): string {
  const minutes = String(left.minutes).padStart(2, "0");
  if (left.late) {
    if (left.days > 0) return t("left.lateDays", { days: left.days });
    return left.hours > 0
      ? t("left.lateHours", { hours: left.hours, minutes })
      : t("left.lateMinutes", { minutes: left.minutes });
  }
  if (left.days > 2 || (left.days > 0 && left.hours === 0)) return t("left.days", { days: left.days });
  if (left.days > 0) return t("left.daysHours", { days: left.days, hours: left.hours });
  return left.hours > 0
    ? t("left.hours", { hours: left.hours, minutes })
    : t("left.minutes", { minutes: left.minutes });
}

export function elapsedInWords(words: Words, since: Elapsed): string {
  if (since.unit === "now") return words.t("ago.now");
  if (since.unit === "date")
    return words.t("ago.date", {
      date: new Intl.DateTimeFormat(localeOf(words.language), { day: "numeric", month: "long" }).format(
        since.atMs,
      ),
    });
  return words.t(`ago.${since.unit}`, { count: since.count });
}

const adultAge = 18;

export function sexInWords({ t }: Words, sex: Patient["sex"], age: number | null): string {
  const child = age !== null && age < adultAge;
  if (sex === "female") return t(child ? "patient.girl" : "patient.woman");
  if (sex === "male") return t(child ? "patient.boy" : "patient.man");
  return t(`patient.${sex}`);
}

export const ageInWords = ({ t }: Words, age: number | null): string =>
  age === null ? t("patient.ageUnknown") : t("patient.age", { count: age });

/** "J. D., 67 ans, femme": what a list may say of a patient. */
export function shortPatientInWords(words: Words, patient: NonNullable<Row["patient"]>): string {
  return [patient.initials, ageInWords(words, patient.age), sexInWords(words, patient.sex, patient.age)].join(
    ", ",
  );
}

/** How far a case has come, in a few words, beside its thread. */
export function threadInWords({ t }: Words, thread: Thread): string {
  const [consented, encrypted, seen, filed] = thread;
  if (thread.some((knot) => knot.state === "withdrawn")) return t("row.thread.withdrawn");
  if (filed.state === "failed") return t("row.thread.failed");
  if (seen.state === "tied") return t(filed.state === "tied" ? "row.thread.filed" : "row.thread.seen");
  if (filed.state === "tied") return t("row.thread.encryptedFiled");
  if (encrypted.state === "tied") return t("row.thread.encrypted");
  return t(consented.state === "tied" ? "row.thread.consented" : "row.thread.none");
}

/** One knot as the thread draws it, in words. */
export type KnotInWords = {
  readonly key: Knot["name"];
  readonly state: Knot["state"];
  readonly word: string;
  readonly detail: string;
};

/** The four knots with their words and times. `more` adds who or how to a tied knot's time. */
export function knotsInWords(
  words: Words,
  thread: Thread,
  nowMs: number,
  more: Partial<Record<Knot["name"], (time: string) => string>> = {},
): KnotInWords[] {
  const { t } = words;
  return thread.map((knot) => {
    const time = knot.atMs === null ? null : shortMoment(words, knot.atMs, nowMs);
    const word = t(knot.state === "withdrawn" ? "knots.withdrawn" : `knots.${knot.name}`);
    const detail =
      knot.state === "tied" && time !== null
        ? (more[knot.name]?.(time) ?? time)
        : knot.state === "failed"
          ? t("knots.failed")
          : knot.state === "next"
            ? t(`knots.next.${knot.name}`)
            : "";
    return { key: knot.name, state: knot.state, word, detail };
  });
}

export const secondsOf = ({ durationMs }: ClipFacts): number => Math.max(1, Math.round(durationMs / 1000));

/** "Gros plan, omoplate gauche"; "Vidéo de 7 s, gros plan, omoplate gauche". */
export function pictureInWords({ t, language }: Words, photo: Pick<Photo, "view" | "site" | "clip">): string {
  const site = siteInWords(photo.site, language);
  const { clip } = photo;
  return t(clip === undefined ? "photo.alt" : "clip.alt", {
    seconds: clip === undefined ? 0 : secondsOf(clip),
    view: t(`photo.view.${photo.view}`),
    site: `${site.charAt(0).toLocaleLowerCase()}${site.slice(1)}`,
  });
}
