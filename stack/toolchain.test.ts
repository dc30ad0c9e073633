import { describe, expect, test } from "vitest";
import { isAtLeast } from "./toolchain.ts";

describe("a toolchain's version", () => {
  test.each([
    [1, 26, 1, 26],
    [1, 30, 1, 26],
    [2, 0, 1, 26],
    [21, 0, 17, 0],
  ])("%i.%i is enough where %i.%i is asked", (major, minor, leastMajor, leastMinor) => {
    expect(isAtLeast([major, minor], [leastMajor, leastMinor])).toBe(true);
  });

  test.each([
    [1, 9, 1, 26],
    [1, 25, 1, 26],
    [11, 0, 17, 0],
  ])("%i.%i is not enough where %i.%i is asked", (major, minor, leastMajor, leastMinor) => {
    expect(isAtLeast([major, minor], [leastMajor, leastMinor])).toBe(false);
  });
});
