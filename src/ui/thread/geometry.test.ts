import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type KnotState, knotPath, threadPieces } from "./geometry.ts";

const draw = (...states: KnotState[]) =>
  threadPieces(
    "horizontal",
    states,
    states.map((_, index) => 50 + index * 90),
    states.length * 90 + 10,
    20,
    1,
  );

describe("a thread", () => {
  test("is one line of ink when everything is tied", () => {
    const kinds = draw("tied", "tied", "tied").map((piece) => piece.kind);
    expect(kinds.filter((kind) => kind === "knot")).toHaveLength(3);
    expect(kinds).not.toContain("dotted");
  });
  test("promises nothing after the last tied knot", () => {
    const pieces = draw("tied", "next", "to-come");
    expect(
      pieces.filter((piece) => piece.kind === "ring").map((piece) => piece.kind === "ring" && piece.next),
    ).toEqual([true, false]);
    expect(pieces.at(-1)?.kind).toBe("dotted");
  });
  test("stops at a bar where it was withdrawn, and leaves a ghost", () => {
    const kinds = draw("tied", "tied", "withdrawn", "to-come").map((piece) => piece.kind);
    expect(kinds).toContain("bar");
    expect(kinds.at(-1)).toBe("ghost");
    expect(kinds).not.toContain("ring");
  });
  test("is left open where it failed", () => {
    expect(draw("tied", "tied", "tied", "failed").map((piece) => piece.kind)).toContain("open-knot");
  });
  test("draws finite numbers whatever its states", () => {
    const states = fc.array(fc.constantFrom<KnotState>("tied", "next", "to-come", "withdrawn", "failed"), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(states, (each) =>
        draw(...each).every((piece) => !("d" in piece) || !/NaN|Infinity/.test(piece.d)),
      ),
    );
  });
  test("a knot starts and ends on its line", () => {
    expect(knotPath("horizontal", 100, 20, 1)).toMatch(/^M89 20C.*111 20$/);
    expect(knotPath("vertical", 100, 20, 1)).toMatch(/^M20 89C.*20 111$/);
  });
});
