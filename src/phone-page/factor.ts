/** The second factor that the patient chose for reading the copy: a code of six digits, or the day of birth. */
export type Factor = { readonly kind: "code" | "birth-date"; readonly text: string };

const straight = "01234567890123456789 98765432109876543210";

export type FactorLack = "code" | "code-easy" | "birth-date";

/** The digits that stand for it, or why they will not do. Nothing else of what was typed counts. */
export function readFactor({ kind, text }: Factor, nowMs: number): { digits: string } | { lack: FactorLack } {
  const digits = text.replace(/\D/g, "");
  if (kind === "code") {
    if (digits.length !== 6) return { lack: "code" };
    const isEasy = /^(\d)\1+$/.test(digits) || straight.includes(digits);
    return isEasy ? { lack: "code-easy" } : { digits };
  }
  const [, day = 0, month = 0, year = 0] = /^(\d\d)(\d\d)(\d{4})$/.exec(digits)?.map(Number) ?? [];
  const date = new Date(Date.UTC(year, month - 1, day));
  const isDay = date.getUTCDate() === day && date.getUTCMonth() === month - 1 && year > 1900;
  return isDay && date.getTime() <= nowMs ? { digits } : { lack: "birth-date" };
}
