import { describe, expect, test } from "vitest";
import { filedKindSchema } from "#protocol/events.ts";
import { deskReasons } from "#protocol/filing-desk.ts";
import { desk as en } from "./en/desk.ts";
import { desk as fr } from "./fr/desk.ts";

describe.each([
  ["fr", fr],
  ["en", en],
] as const)("the filing desk in %s", (_language, texts) => {
  test("says of each reason what happened and what to do, and knows no others", () => {
    expect(Object.keys(texts.reason).sort()).toEqual([...deskReasons].sort());
    for (const { happened, todo } of Object.values(texts.reason)) {
      expect(happened).toMatch(/[.?!]$/);
      expect(todo).toMatch(/[.?!]$/);
      expect(happened.length).toBeGreaterThan(20);
      expect(todo.length).toBeGreaterThan(40);
    }
  });
  test("has a word for each kind of piece", () => {
    expect(Object.keys(texts.kind).sort()).toEqual([...filedKindSchema.options, "unread"].sort());
  });
});

test("French says with its own spaces what it says", () => {
  expect(JSON.stringify(fr)).not.toMatch(/ [:;?!»]|« /u);
});
