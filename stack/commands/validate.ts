import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf, StackFailure } from "../failure.ts";
import { ensureDciodvfy, ensureFfmpeg, validatorInstaller } from "../install.ts";
import { root } from "../paths.ts";
import { stopSignal } from "../stop-signal.ts";
import { checkTools } from "../toolchain.ts";
import { type Broken, brokenDicom, brokenFhir, brokenPdf } from "../validate/broken.ts";
import { fileTenCases, type Sent } from "../validate/file-cases.ts";
import { type Finding, judgeDicom, judgeFhir, judgePdf } from "../validate/judges.ts";
import { ownFindings } from "../validate/own-rules.ts";
import { type Explanation, explanationsIn } from "../validate/warnings.ts";
import type { Tally } from "./check.ts";

const scratch = join(root, ".colloque", "validate");
const page = join("docs", "validation.md");

/** `npm run validate`: ten cases through the product's own filing, judged by validators that are not ours. */
export async function validate(): Promise<number> {
  return (await runValidation()).failed === 0 ? 0 : 1;
}

/** The same, counted for `npm run test:full`. */
export async function runValidation(): Promise<Tally> {
  const beganMs = Date.now();
  const { signal, dispose } = stopSignal();
  try {
    const outcome = await judgeAll(signal);
    console.log(`It took ${Math.round((Date.now() - beganMs) / 1000)} s.`);
    console.log(verdictOf(outcome));
    return {
      passed: outcome.judged + outcome.rejected - outcome.wrong.length,
      failed: outcome.wrong.length,
      skipped: outcome.skipped.length,
    };
  } finally {
    dispose();
  }
}

type Outcome = {
  readonly judged: number;
  readonly rejected: number;
  readonly warnings: number;
  readonly wrong: readonly string[];
  readonly skipped: readonly string[];
};

function verdictOf({ judged, rejected, warnings, wrong, skipped }: Outcome): string {
  const left = skipped.map((each) => `; NOT checked: ${each}`).join("");
  return wrong.length === 0
    ? `VALID: ${judged} files without an error, ${warnings} warnings, each explained in ${page}; ${rejected} broken examples were all rejected${left}`
    : `NOT VALID: ${wrong.length} things are wrong (above)${left}`;
}

async function judgeAll(signal: AbortSignal): Promise<Outcome> {
  const hasDciodvfy = await install(signal);
  rmSync(scratch, { recursive: true, force: true });
  const sent = await timed("Filing ten cases, in the French flavour and in the general one", async () =>
    merged(await fileTenCases("contained"), await fileTenCases("uncontained")),
  );
  const broken = { fhir: brokenFhir(sent), dicom: brokenDicom(sent), pdf: brokenPdf(sent) };
  const good = {
    fhir: write("fhir", "json", [...sent.fhir, ...brokenBytes(broken.fhir)]),
    dicom: write("dicom", "dcm", [...sent.dicom, ...brokenBytes(broken.dicom)]),
    pdf: write("pdf", "pdf", [...sent.pdf, ...brokenBytes(broken.pdf)]),
  };
  const found: Finding[] = [];
  const total = good.fhir.length;
  found.push(
    ...(await timed(`${total} requests before HAPI's validator with IHE MHD 4.2.1`, () =>
      judgeFhir(
        join(scratch, "fhir"),
        signal,
        every(25, (done) => console.log(`   ${done} of ${total}`)),
      ),
    )),
  );
  if (hasDciodvfy)
    found.push(
      ...(await timed(`${good.dicom.length} objects before dciodvfy`, () => judgeDicom(good.dicom, signal))),
    );
  found.push(
    ...(await timed(`${good.pdf.length} papers before veraPDF (PDF/A-2b)`, () => judgePdf(good.pdf, signal))),
  );
  found.push(...ownFindings(sent.fhir), ...ownFindings(brokenTexts(broken.fhir)));
  return weigh(sent, found, { ...broken, dicom: hasDciodvfy ? broken.dicom : new Map() }, hasDciodvfy);
}

/** Fetches the judges, once; false without dciodvfy, which only Debian has. */
async function install(signal: AbortSignal): Promise<boolean> {
  const log = join(root, ".colloque", "validate.log");
  await checkTools(
    validatorInstaller.isInstalled() ? validatorInstaller.toolsToRun : validatorInstaller.toolsToInstall,
  );
  if (!validatorInstaller.isInstalled())
    await timed("Fetching HAPI's validator, the MHD package and veraPDF (once, 180 MB)", () =>
      validatorInstaller.install(log, signal),
    );
  try {
    await ensureFfmpeg(log);
  } catch (error) {
    console.log(`Videos are NOT checked, ffmpeg is absent: ${messageOf(error)}.`);
  }
  try {
    await ensureDciodvfy(log);
    return true;
  } catch (error) {
    console.log(`DICOM objects are NOT checked, dciodvfy is absent: ${messageOf(error)}.`);
    return false;
  }
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  console.log(`── ${what}…`);
  const beganMs = Date.now();
  const done = await work();
  console.log(`   ${Math.round((Date.now() - beganMs) / 1000)} s`);
  return done;
}

/** The general flavour differs in the documents only. */
const merged = (french: Sent, general: Sent): Sent => ({
  fhir: new Map([
    ...french.fhir,
    ...[...general.fhir].filter(([, text]) =>
      text.includes("IHE.MHD.UnContained.Comprehensive.ProvideBundle"),
    ),
  ]),
  dicom: french.dicom,
  pdf: french.pdf,
});

const brokenName = (name: string): string => `BROKEN-${name}`;
const brokenBytes = (all: ReadonlyMap<string, Broken>): [string, string | Uint8Array][] =>
  [...all].map(([name, { bytes }]) => [brokenName(name), bytes]);

const brokenTexts = (all: ReadonlyMap<string, Broken>): [string, string][] =>
  brokenBytes(all).map(([name, bytes]) => [name, typeof bytes === "string" ? bytes : ""]);

function write(
  folder: string,
  ending: string,
  files: readonly (readonly [string, string | Uint8Array])[],
): string[] {
  mkdirSync(join(scratch, folder), { recursive: true });
  return files.map(([name, bytes]) => {
    const path = join(scratch, folder, `${name}.${ending}`);
    writeFileSync(path, bytes);
    return path;
  });
}

const every = (count: number, tell: (done: number) => void) => (done: number) => {
  if (done % count === 0) tell(done);
};

function weigh(
  sent: Sent,
  found: readonly Finding[],
  broken: Readonly<Record<"fhir" | "dicom" | "pdf", ReadonlyMap<string, Broken>>>,
  hasDciodvfy: boolean,
): Outcome {
  const wrong: string[] = [];
  const ofGood = found.filter(({ file }) => !file.startsWith(brokenName("")));
  for (const each of ofGood.filter(({ severity }) => severity === "error"))
    wrong.push(`${each.file}: ${each.text}`);
  const warnings = ofGood.filter(({ severity }) => severity === "warning");
  wrong.push(...tellWarnings(warnings, explanationsIn(readFileSync(join(root, page), "utf8"))));
  let rejected = 0;
  for (const [name, { because }] of [...broken.fhir, ...broken.dicom, ...broken.pdf]) {
    const errors = found.filter(
      ({ file, severity }) => severity === "error" && file.startsWith(`${brokenName(name)}.`),
    );
    if (errors.some(({ text }) => because.test(text))) rejected += 1;
    else
      wrong.push(
        `The broken example "${name}" was not rejected for what is wrong with it: ${errors.map(({ text }) => text).join("; ")}`,
      );
    console.log(
      `   ${errors.length > 0 ? "rejected" : "TAKEN"}: ${name}${errors[0] === undefined ? "" : `, ${errors[0].text.slice(0, 160)}`}`,
    );
  }
  for (const each of wrong) console.log(`✗ ${each}`);
  const judged = sent.fhir.size + (hasDciodvfy ? sent.dicom.size : 0) + sent.pdf.size;
  return {
    judged,
    rejected,
    warnings: warnings.length,
    wrong,
    skipped: hasDciodvfy ? [] : ["DICOM objects (dciodvfy is absent)"],
  };
}

/** Prints each kind of warning with how often it came; gives those that nobody explained. */
function tellWarnings(warnings: readonly Finding[], explanations: readonly Explanation[]): string[] {
  const counts = new Map<string, number>();
  const unexplained = new Map<string, string>();
  for (const { file, text } of warnings) {
    const known = explanations.find(({ pattern }) => pattern.test(text));
    if (known === undefined) unexplained.set(text, file);
    else counts.set(known.text, (counts.get(known.text) ?? 0) + 1);
  }
  console.log(`── Warnings, explained in ${page}`);
  for (const [text, count] of counts) console.log(`   ${String(count).padStart(5)} × ${text}`);
  const idle = explanations.filter(({ text }) => !counts.has(text));
  if (explanations.length === 0) throw new StackFailure(`${page} has no table of warnings.`);
  for (const { text } of idle) console.log(`       0 × ${text} (did not come this time)`);
  return [...unexplained].map(([text, file]) => `${file}: a warning that ${page} does not explain: ${text}`);
}
