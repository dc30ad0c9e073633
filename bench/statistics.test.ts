import { describe, expect, test } from "vitest";
import { ci95Of, medianOf, percentileOf, slopeOf } from "./statistics.ts";

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

  test("a percentile is the smallest value that so many do not exceed", () => {
    const values = Array.from({ length: 40 }, (_, at) => 40 - at);
    expect([percentileOf(values, 50), percentileOf(values, 95), percentileOf(values, 100)]).toEqual([
      20, 38, 40,
    ]);
    expect(percentileOf([7], 95)).toBe(7);
    expect(() => percentileOf([], 95)).toThrow("No values");
  });

  test("a line is found with no doubt; around a scattered one its slope lies within what is left open", () => {
    expect(slopeOf([0, 1, 2, 3].map((x) => [x, 5 + 2 * x]))).toEqual({ slope: 2, ci95: [2, 2] });
    const { slope, ci95 } = slopeOf([1, 3, 2, 4, 3, 5].map((y, x) => [x, y]));
    expect(slope).toBeCloseTo(0.629, 3);
    expect(ci95[0]).toBeCloseTo(0.045, 2);
    expect(ci95[1]).toBeCloseTo(1.212, 2);
  });
});
