import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cruise, type ICruiseOptions, type IForbiddenRuleType } from "dependency-cruiser";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const rulesUrl = new URL("../../.dependency-cruiser.mjs", import.meta.url);
const breaking = fileURLToPath(new URL("./breaking", import.meta.url));

// The cruiser checks its own rules as it starts; here only their names matter.
const isRule = (value: unknown): value is IForbiddenRuleType & { name: string } =>
  z.looseObject({ name: z.string(), from: z.object({}), to: z.object({}) }).safeParse(value).success;
const ruleSetSchema = z.object({
  default: z.object({ forbidden: z.array(z.custom<IForbiddenRuleType & { name: string }>(isRule)) }),
});
const outcomeSchema = z.object({
  summary: z.object({
    violations: z.array(z.object({ rule: z.object({ name: z.string() }), from: z.string() })),
  }),
});

async function violationsOf(tree: string) {
  const { forbidden } = ruleSetSchema.parse(await import(rulesUrl.href)).default;
  const options: ICruiseOptions = {
    baseDir: tree,
    ruleSet: { forbidden },
    validate: true,
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
  };
  const answer = await cruise(["src", "server"], options);
  return {
    names: forbidden.map((rule) => rule.name),
    violations: outcomeSchema.parse(answer.output).summary.violations,
  };
}

describe("the arrows", () => {
  test("each rule fires on the tree that breaks it", async () => {
    const { names, violations } = await violationsOf(breaking);
    const fired = new Set(violations.map((violation) => violation.rule.name));
    expect(names.filter((name) => !fired.has(name))).toEqual([]);
  });

  test("what is allowed does not fire", async () => {
    const { violations } = await violationsOf(breaking);
    expect(
      violations.filter(
        (violation) => violation.from.endsWith("protocol/ok.ts") && violation.rule.name !== "no-orphans",
      ),
    ).toEqual([]);
  });
});

describe("the rules of the protocol", () => {
  test("each id has a test that names it, and no test names an unknown id", async () => {
    const rules = await readFile(new URL("../../src/protocol/RULES.md", import.meta.url), "utf8");
    const known = new Set([...rules.matchAll(/\*\*([A-Z]\d+)\*\*/g)].map((match) => match[1]));
    const sources = await Promise.all(
      [
        ...["disclose", "disclose-edges", "consent-rules", "events", "events-parse"],
        ...["case-state", "trust", "offline", "retention"],
      ].map((name) => readFile(new URL(`../../src/protocol/${name}.test.ts`, import.meta.url), "utf8")),
    );
    const named = new Set([...sources.join("\n").matchAll(/\[([A-Z]\d+)\]/g)].map((match) => match[1]));
    expect([...known].filter((id) => !named.has(id))).toEqual([]);
    expect([...named].filter((id) => !known.has(id))).toEqual([]);
  });
});

describe("the one rule", () => {
  test("is asked at the four gates and nowhere else", async () => {
    const root = fileURLToPath(new URL("../../", import.meta.url));
    const names = (
      await Promise.all(["src", "server"].map((folder) => readdir(join(root, folder), { recursive: true })))
    )
      .flatMap((found, index) => found.map((name) => join(["src", "server"][index] ?? "", name)))
      .filter((name) => /[.]tsx?$/.test(name) && !/[.]test[.]/.test(name));
    const calling: string[] = [];
    for (const name of names)
      if (/\bmayDisclose\(/.test(await readFile(join(root, name), "utf8"))) calling.push(name);
    expect(calling.sort()).toEqual([
      "server/filing/gate.ts",
      "server/gateway/gate.ts",
      "src/matrix/media/read.ts",
      "src/matrix/media/send.ts",
      // Where it is defined.
      "src/protocol/disclose.ts",
    ]);
  });
});
