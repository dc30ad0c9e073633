import { describe, expect, test } from "vitest";
import { judge, type Luma } from "./sharpness.ts";

const side = 90;
const image = (at: (x: number, y: number) => number): Luma => ({
  pixels: Uint8Array.from({ length: side * side }, (_, i) => at(i % side, Math.floor(i / side))),
  widthPx: side,
  heightPx: side,
});

describe("judge", () => {
  test("an edge is sharp, the same edge spread over many pixels is blurred", () => {
    expect(judge(image((x) => (x < 15 ? 80 : 200)))).toBe("sharp");
    expect(judge(image((x) => 80 + (x * 120) / side))).toBe("blurred");
  });

  test("a close-up is judged by its sharpest field: smooth skin around a lesion does not make it blurred", () => {
    const lesion = (x: number, y: number) => (Math.hypot(x - 45, y - 45) < 10 ? 60 : 180);
    expect(judge(image(lesion))).toBe("sharp");
  });

  test("a picture in the dark is dark, however sharp; with light it is judged", () => {
    expect(judge(image((x) => (x % 2 === 0 ? 0 : 40)))).toBe("dark");
    expect(judge(image((x) => (x % 2 === 0 ? 60 : 140)))).toBe("sharp");
  });
});
