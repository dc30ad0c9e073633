import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";

const read = (path: string): Promise<string> =>
  readFile(new URL(`../../${path}`, import.meta.url), "utf8").catch(() => "");
const page = await read("docs/consent-rules.md");
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) => line.split("|").map((cell) => cell.trim()));

describe("the table of the rules of consent", () => {
  test("has a row for each rule of the gate, of what counts, and of the case where it is about consent", async () => {
    const rules = await read("src/protocol/RULES.md");
    const ids = [...rules.matchAll(/\*\*([GR]\d+|C8|C9|C1[01])\*\*/g)].map((match) => match[1]);
    expect(ids.length).toBeGreaterThan(20);
    const inTable = rows.map((cells) => cells[1]);
    expect(ids.filter((id) => !inTable.includes(id))).toEqual([]);
  });

  test("names functions and figures that are where it says", async () => {
    const places = [...page.matchAll(/`([\w/.-]+[.]tsx?)#(\w+)`/g)];
    expect(places.length).toBeGreaterThan(40);
    const missing: string[] = [];
    for (const [, path = "", name = ""] of places)
      if (!new RegExp(`(function\\*?|const|type|async) ${name}\\b`).test(await read(path)))
        missing.push(`${path}#${name}`);
    expect(missing).toEqual([]);
  });

  test("names tests that exist, at least one in each row of a rule", async () => {
    const missing: string[] = [];
    for (const cells of rows.filter((each) => each.length === 7 && each[1] !== "rule" && each[1] !== "---")) {
      const tests = [...(cells[5] ?? "").matchAll(/`([\w/.-]+)` "([^"]+)"/g)];
      if (tests.length === 0) missing.push(`${cells[1]}: no test`);
      for (const [, path = "", title = ""] of tests)
        if (!(await read(path)).includes(title)) missing.push(`${path} "${title}"`);
    }
    expect(missing).toEqual([]);
  });

  test("says for each rule where it comes from and where it is held", () => {
    const bare = rows.filter((cells) => cells.length === 7 && cells.slice(1, 6).some((cell) => cell === ""));
    expect(bare).toEqual([]);
  });
});
