/** Times as the hospital's clocks show them. */
export function clockOf(locale: string, timeZone: string) {
  const format = (options: Intl.DateTimeFormatOptions) => {
    const formatter = new Intl.DateTimeFormat(locale, { timeZone, ...options });
    return (at: string | number) => formatter.format(typeof at === "string" ? Date.parse(at) : at);
  };
  return {
    time: format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    day: format({ day: "2-digit", month: "2-digit", year: "numeric" }),
    longDay: format({ day: "numeric", month: "long", year: "numeric" }),
  };
}

/** A calendar day without a time zone, as it is written. */
export function dayOf(locale: string, isoDay: string): string {
  return new Intl.DateTimeFormat(locale, {
    timeZone: "UTC",
    day: "2-digit",
    month: "2-digit",
    year: "numeric",
  }).format(Date.parse(`${isoDay}T00:00:00Z`));
}

/** Whole years between a day of birth and an instant. */
export function ageAt(birthDate: string, atMs: number): number {
  const born = new Date(`${birthDate}T00:00:00Z`);
  const at = new Date(atMs);
  const years = at.getUTCFullYear() - born.getUTCFullYear();
  const before =
    at.getUTCMonth() < born.getUTCMonth() ||
    (at.getUTCMonth() === born.getUTCMonth() && at.getUTCDate() < born.getUTCDate());
  return Math.max(0, before ? years - 1 : years);
}
