import { describe, expect, test } from "vitest";
import { contained, fitted, moved, whole, zoomAt } from "./zoom.ts";

const picture = { width: 4000, height: 3000 };
const frame = { width: 400, height: 800 };

describe("the viewer", () => {
  test("shows all of a large picture and does not blow up a small one", () => {
    expect(fitted(picture, frame)).toEqual({ width: 400, height: 300 });
    expect(fitted({ width: 100, height: 50 }, frame)).toEqual({ width: 100, height: 50 });
  });

  test("what is under the finger stays there", () => {
    const at = { x: 100, y: 40 };
    const zoomed = zoomAt(whole, 4, at);
    // The picture's point under `at` before, in the picture's own measure, is still under it.
    expect([(at.x - zoomed.x) / zoomed.scale, (at.y - zoomed.y) / zoomed.scale]).toEqual([at.x, at.y]);
  });

  test("never goes below the whole picture nor above twelve times", () => {
    expect(zoomAt(whole, 0.1, { x: 0, y: 0 }).scale).toBe(1);
    expect(zoomAt(whole, 100, { x: 0, y: 0 }).scale).toBe(12);
  });

  test("a picture can't be lost beyond the edge", () => {
    expect(contained(moved(whole, 500, 500), picture, frame)).toEqual(whole);
    const zoomed = zoomAt(whole, 4, { x: 0, y: 0 });
    expect(contained(moved(zoomed, 9999, -9999), picture, frame)).toEqual({ scale: 4, x: 600, y: -200 });
  });
});
