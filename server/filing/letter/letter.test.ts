import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { foldCase } from "#protocol/case-state.ts";
import type { PlanContext } from "../plan/index.ts";
import {
  aCase,
  type CaseOptions,
  clinicians,
  delattre,
  type People,
  people,
  startMs,
  tinyJpeg,
} from "../testing/a-case.ts";
import { ageAt } from "./dates.ts";
import { renderDiscussion } from "./discussion.ts";
import { renderLetter } from "./letter.ts";

vi.setConfig({ testTimeout: 20_000 });

let all: People;
beforeAll(async () => {
  all = await people();
});

async function letterOf(options: CaseOptions = {}, language: "fr" | "en" = "fr") {
  const { items, opinion } = await aCase(all, options);
  const events = items.map((item) => item.event);
  const event = events.at(-1);
  if (event?.kind !== "opinion") throw new Error("A case ends with its opinion");
  const context: PlanContext = {
    state: foldCase(events, ""),
    patient: options.patient ?? delattre,
    clinician: (userId) => clinicians.find((each) => each.userId === userId),
    team: () => undefined,
    hospital: { name: "CHU de Valombre", address: "12, quai des Tanneurs, Valombre" },
    language,
    timeZone: "Europe/Paris",
    archive: false,
    documents: "contained",
    recordHost: "record.test",
    nowMs: startMs,
    filedAtMs: new Map(),
    pictures: new Map([[items[2]?.eventId ?? "", tinyJpeg]]),
  };
  return { event, context, opinion };
}

const hasTool = spawnSync("pdftotext", ["-v"]).error === undefined;
if (!hasTool)
  process.stderr.write("pdftotext (Debian poppler-utils) is absent: the text of letters is NOT checked\n");

function textOf(pdf: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), "letter-"));
  try {
    const path = join(folder, "a.pdf");
    writeFileSync(path, pdf);
    const { stdout } = spawnSync("pdftotext", [path, "-"], { encoding: "utf8" });
    // Line ends, no-break spaces and the marks of direction are the page's, not the text's.
    return stdout.replace(/[\u200e\u200f\u202a-\u202e]/g, "").replace(/\s+/g, " ");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.skipIf(!hasTool)("the letter", () => {
  test("[F25] contains the whole opinion, the question, who, for whom, and when", async () => {
    const { event, context, opinion } = await letterOf();
    const text = textOf(await renderLetter(event, context));
    for (const said of [opinion.findings, opinion.assessment, opinion.plan, opinion.ifWorse, opinion.limits])
      expect(text).toContain(said);
    for (const said of [
      "Lésion du dos qui a changé en trois semaines",
      "DELATTRE Josiane, née MARCHAND",
      "67 ans, femme, née le 14/03/1959 à Arras",
      "INS 2 59 03 62 041 118 47 (démo), qualifiée",
      "Signé à 12:24 par Dr Hélène Martin",
      "RPPS 899 0000 0001 (démo)",
      "très probable",
    ])
      expect(text).toContain(said);
  });

  test("[F25] ends the assessment once, whether or not the expert wrote the stop; three points stay three", async () => {
    const { event, context } = await letterOf();
    const textWith = async (assessment: string) => {
      const payload = { ...event.opinion.payload, assessment };
      return textOf(await renderLetter({ ...event, opinion: { ...event.opinion, payload } }, context));
    };
    for (const written of ["Kératose débutante", "Kératose débutante."])
      expect(await textWith(written)).toContain("Kératose débutante, très probable.");
    expect(await textWith("À revoir...")).toContain("À revoir..., très probable.");
  });

  test("[F25] in English has no French word of its own", async () => {
    const { event, context } = await letterOf({}, "en");
    const text = textOf(await renderLetter(event, context));
    expect(text).toContain("You asked me");
    expect(text).not.toContain("Concerne ");
  });

  test("[F26] writes Arabic, Vietnamese, Polish and Turkish names with their own letters", async () => {
    const patient = { ...delattre, family: "بن سالم", given: "Łukasz Nguyễn Şükrü", birthFamily: undefined };
    const { event, context } = await letterOf({ patient });
    const text = textOf(await renderLetter(event, context));
    expect(text).toContain("بن سالم");
    expect(text).toContain("Łukasz Nguyễn Şükrü");
    expect(text).not.toContain("?»");
  });

  test("[F26] says so when a character has no letter in our fonts", async () => {
    const { event, context } = await letterOf({ question: "Avis 😀 中 ?" });
    const text = textOf(await renderLetter(event, context));
    expect(text).toContain("nos polices");
    const plain = await letterOf();
    expect(textOf(await renderLetter(plain.event, plain.context))).not.toContain("nos polices");
  });

  test("[F26] goes on over pages and loses nothing", async () => {
    const words = Array.from({ length: 140 }, (_, index) => `mot${index}`);
    const { event, context } = await letterOf({ question: `${words.join(" ")} ${"x".repeat(120)}` });
    const payload = { ...event.opinion.payload, findings: words.join(" ").repeat(6), plan: words.join("\n") };
    const long = { ...event, opinion: { ...event.opinion, payload } };
    const text = textOf(await renderLetter(long, context));
    for (const word of words) expect(text).toContain(word);
    expect(text).toContain("page 1 sur");
    expect(text).toContain("Signé à 12:24");
  });

  test("[F25] the discussion has every message and answer", async () => {
    const { event, context } = await letterOf();
    const text = textOf(await renderDiscussion(event, context));
    expect(text).toContain("Y a-t-il d’autres lésions ?");
    expect(text).toContain("Demande acceptée.");
    expect(text).toContain("Photo : Omoplate gauche, gros plan");
  });
});

describe("the letter's file", () => {
  test("[F25] names nobody outside its pages, and is the same when it is made again", async () => {
    const { event, context } = await letterOf();
    const [one, other] = await Promise.all([renderLetter(event, context), renderLetter(event, context)]);
    expect(Buffer.compare(one, other)).toBe(0);
    const raw = Buffer.from(one).toString("latin1");
    expect(raw).not.toContain("DELATTRE");
    expect(raw).toContain("pdfaid");
  });
});

describe("an age", () => {
  test("is whole years, and changes on the birthday", () => {
    expect(ageAt("1959-03-14", Date.parse("2026-03-13T12:00:00Z"))).toBe(66);
    expect(ageAt("1959-03-14", Date.parse("2026-03-14T12:00:00Z"))).toBe(67);
  });
});
