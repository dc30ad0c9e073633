import { describe, expect, test } from "vitest";
import { ci95Of, medianOf } from "./statistics.ts";

describe("the numbers of a bench", () => {
  test("a median is the middle one, or lies between the two in the middle", () => {
    expect(medianOf([9, 1, 2])).toBe(2);
    expect(medianOf([4, 1, 2, 9])).toBe(3);
    expect(() => medianOf([])).toThrow("No values");
  });

  test("equal values leave no doubt; scattered ones leave some, around their median", () => {
    expect(ci95Of([1.2, 1.2, 1.2])).toEqual([1.2, 1.2]);
    const scattered = Array.from({ length: 30 }, (_, at) => 1 + at / 30);
    const [low, high] = ci95Of(scattered);
    expect(low).toBeLessThan(medianOf(scattered));
    expect(high).toBeGreaterThan(medianOf(scattered));
    expect(high - low).toBeLessThan(0.6);
    expect(ci95Of(scattered)).toEqual([low, high]);
  });
});
