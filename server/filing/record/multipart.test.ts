import { describe, expect, test } from "vitest";
import { multipartParts } from "./multipart.ts";

const type = 'multipart/related; type="image/jpeg"; boundary=X';
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));
const partsOf = (text: string): string[] =>
  multipartParts(bytes(text), type).map((part) => Buffer.from(part).toString("latin1"));

describe("a multipart answer", () => {
  test("[F24] gives each part as it is, also where it has the boundary's letters inside", () => {
    expect(partsOf("--X\r\nA: b\r\n\r\none--Xmore\r\n--X\r\n\r\ntwo\r\n\r\n--X--\r\n")).toEqual([
      "one--Xmore",
      "two\r\n",
    ]);
    expect(partsOf("preamble\r\n--X\r\n\r\none\r\n--X--")).toEqual(["one"]);
  });

  test("[F24] that is cut short, or is none, gives no part", () => {
    expect(partsOf("--X\r\n\r\none")).toEqual([]);
    expect(partsOf("nothing of the kind")).toEqual([]);
    expect(multipartParts(bytes("--X\r\n\r\none\r\n--X--"), "image/jpeg")).toEqual([]);
  });
});
