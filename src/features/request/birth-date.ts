/**
 * Reads a day of birth as people type it: 14/03/1959, 14.3.59 is refused (which century?), 14 mars 1959, 14031959, 1959-03-14.
 * The day comes first, in both languages. On a French keyboard the digits of the top row need the shift key: what comes
 * without it (`&é"'(-è_çà`) is read as the digits that were meant, and so are the signs that stand where the slash does.
 */
export function readBirthDate(typed: string, nowMs: number): string | null {
  const text = plain(unshifted(typed));
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  if (iso !== null) return dayOf(iso[1], iso[2], iso[3], nowMs);
  const compact = /^(\d{2})(\d{2})(\d{4})$/.exec(text);
  if (compact !== null) return dayOf(compact[3], compact[2], compact[1], nowMs);
  const parts = text.split(/[^\p{L}\d]+/u).filter((part) => part !== "");
  const [day, month, year] = parts;
  if (parts.length !== 3 || day === undefined || month === undefined || year === undefined) return null;
  if (!/^\d{1,2}(er|st|nd|rd|th)?$/.test(day) || !/^\d{4}$/.test(year)) return null;
  return dayOf(year, /^\d{1,2}$/.test(month) ? month : monthNamed(month), day.replace(/\D+$/, ""), nowMs);
}

/** The top row of an AZERTY keyboard without the shift key, from 0 to 9. */
const topRow = "à&é\"'(-è_ç";

function unshifted(typed: string): string {
  // A dash is the 6 of somebody who forgot the shift key only where other signs of that row are there too.
  if (!/[à&é"'(è_ç]/.test(typed) || /\d|[b-df-z]{3}/i.test(typed)) return typed;
  return [...typed]
    .map((sign) => (topRow.includes(sign) ? String(topRow.indexOf(sign)) : /[:;,!]/.test(sign) ? "/" : sign))
    .join("");
}

const plain = (text: string): string => text.trim().toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");

const months = [
  ["janvier", "january"],
  ["fevrier", "february"],
  ["mars", "march"],
  ["avril", "april"],
  ["mai", "may"],
  ["juin", "june"],
  ["juillet", "july"],
  ["aout", "august"],
  ["septembre", "september"],
  ["octobre", "october"],
  ["novembre", "november"],
  ["decembre", "december"],
] as const;

/** A month by its name or its first letters, as long as they fit one month only. */
function monthNamed(name: string): string | undefined {
  const fits = months.flatMap((names, index) =>
    names.some((each) => each.startsWith(name)) ? [index + 1] : [],
  );
  return name.length >= 3 && fits.length === 1 ? String(fits[0]) : undefined;
}

const oldest = 1880;

function dayOf(
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
  nowMs: number,
): string | null {
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  const date = new Date(Date.UTC(y, m - 1, d));
  const real = date.getUTCFullYear() === y && date.getUTCMonth() === m - 1 && date.getUTCDate() === d;
  if (!real || y < oldest || date.getTime() > nowMs) return null;
  return date.toISOString().slice(0, 10);
}
