import type { z } from "zod";

/** Whether a value is of a shape. */
export const passes = (schema: z.ZodType, value: unknown): boolean => schema.safeParse(value).success;

/** One member of a good value replaced; dots lead inside, numbers into lists. */
export function changed(good: unknown, path: string, value: unknown): unknown {
  const [first = "", ...rest] = path.split(".");
  const inside: unknown = typeof good === "object" && good !== null ? Reflect.get(good, first) : undefined;
  const next = rest.length === 0 ? value : changed(inside ?? {}, rest.join("."), value);
  if (!Array.isArray(good)) return { ...Object(good), [first]: next };
  return good.map((each: unknown, at) => (String(at) === first ? next : each));
}

/** Where a shape is not as narrow, or not as wide, as it should be: nothing when each text may be so long and not one letter longer. */
export function breaches(
  schema: z.ZodType,
  good: unknown,
  longest: Readonly<Record<string, number>>,
  letter = "a",
): string[] {
  const found = passes(schema, good) ? [] : ["the good one does not pass"];
  for (const [path, length] of Object.entries(longest)) {
    if (!passes(schema, changed(good, path, letter.repeat(length)))) found.push(`${path} of ${length} fails`);
    if (passes(schema, changed(good, path, letter.repeat(length + 1))))
      found.push(`${path} of ${length + 1} passes`);
  }
  return found;
}

/** Which of these values pass that should not, or fail that should pass, in the place of one member. */
export function wrongly(
  schema: z.ZodType,
  good: unknown,
  path: string,
  { fits, breaks }: { readonly fits?: readonly unknown[]; readonly breaks?: readonly unknown[] },
): string[] {
  const say = (value: unknown) => `${path}: ${JSON.stringify(value)}`;
  return [
    ...(fits ?? [])
      .filter((value) => !passes(schema, changed(good, path, value)))
      .map((value) => `fails ${say(value)}`),
    ...(breaks ?? [])
      .filter((value) => passes(schema, changed(good, path, value)))
      .map((value) => `passes ${say(value)}`),
  ];
}

/** Which members may be left out although they are needed. */
export const needless = (schema: z.ZodType, good: unknown, ...members: readonly string[]): string[] =>
  members.filter((path) => passes(schema, changed(good, path, undefined)));

/** So many of the same. */
export const many = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);
