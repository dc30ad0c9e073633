import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arcPath, type KnotState, knotPath, threadPieces } from "./geometry.ts";

const draw = (...states: KnotState[]) =>
  threadPieces({
    direction: "horizontal",
    states,
    positions: states.map((_, index) => 50 + index * 90),
    start: 0,
    end: states.length * 90 + 10,
    line: 20,
    k: 1,
  });

describe("a thread", () => {
  test("is one line of ink when everything is tied", () => {
    const kinds = draw("tied", "tied", "tied").map((piece) => piece.kind);
    expect(kinds.filter((kind) => kind === "knot")).toHaveLength(3);
    expect(kinds).not.toContain("dotted");
  });
  test("promises nothing after the last tied knot", () => {
    const pieces = draw("tied", "next", "to-come");
    expect(pieces.map((piece) => piece.kind).filter((kind) => kind !== "dotted")).toEqual([
      "ink",
      "knot",
      "ink",
      "next",
      "coming",
    ]);
    expect(pieces.at(-1)?.kind).toBe("dotted");
  });
  test("stops at a bar where it was withdrawn, and leaves a ghost", () => {
    const kinds = draw("tied", "tied", "withdrawn", "to-come").map((piece) => piece.kind);
    expect(kinds).toContain("bar");
    expect(kinds.at(-1)).toBe("ghost");
    expect(kinds).not.toContain("coming");
  });
  test("is left open where it failed", () => {
    expect(draw("tied", "tied", "tied", "failed").map((piece) => piece.kind)).toContain("open-knot");
  });
  test("comes in dotted where nothing is tied yet", () => {
    expect(draw("next", "to-come").map((piece) => piece.kind)).not.toContain("ink");
  });
  test("names each of its pieces once", () => {
    const keys = draw("tied", "failed", "tied", "next", "withdrawn").map((piece) => piece.key);
    expect(new Set(keys).size).toBe(keys.length);
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
  test("bends into the letter C, with its loops inside", () => {
    const d = arcPath({ centre: [50, 50], radius: 40, from: 38, to: 322, knots: [90, 270], k: 1 });
    expect(d).toMatch(/^M81.52 25.37A.*A40 40 0 0 0 81.52 74.63$/);
    expect(d.match(/C/g)).toHaveLength(2);
    expect(d).toContain(" 50 25.4 ");
  });
});
