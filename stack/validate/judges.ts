import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";
import { childEnvironment, run } from "../exec.ts";
import { StackFailure } from "../failure.ts";
import { validators } from "../install.ts";

/** What a judge found wrong with one file. */
export type Finding = {
  readonly file: string;
  readonly severity: "error" | "warning";
  readonly text: string;
};

/** HAPI's validator over a folder of JSON files. `onFile` hears of each that is done. */
export async function judgeFhir(
  folder: string,
  signal: AbortSignal,
  onFile: (done: number) => void,
): Promise<readonly Finding[]> {
  const args = [
    "-Xmx1500m",
    "-XX:+UseSerialGC",
    "-cp",
    validators().hapiClassPath,
    "colloque.validate.Validate",
    folder,
  ];
  const child = spawn("java", args, { env: childEnvironment(), stdio: ["ignore", "pipe", "pipe"], signal });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  const ended = new Promise<number>((done, fail) => {
    child.once("error", fail);
    child.once("close", (code) => done(code ?? 1));
  });
  const findings: Finding[] = [];
  let done = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [file = "", severity = "", place = "", message = ""] = line.split("\t");
    if (severity === "done") onFile(++done);
    else if (severity === "error" || severity === "fatal")
      findings.push({ file, severity: "error", text: `${message} (at ${place})` });
    else if (severity === "warning") findings.push({ file, severity, text: message });
  }
  if ((await ended) !== 0) throw new StackFailure(`HAPI's validator stopped:\n${said.trim()}`);
  return findings;
}

/** As dciodvfy names them: photos, clips, and the notes that reject them. */
const kindsOfObject: readonly string[] = [
  "VLPhotographicImage",
  "VideoPhotographicImage",
  "KeyObjectSelectionDocument",
];

/** dciodvfy over DICOM files. */
export async function judgeDicom(files: readonly string[], signal: AbortSignal): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const file of files) {
    const { output } = await run("dciodvfy", [file], { signal });
    const lines = output.split("\n");
    for (const line of lines) {
      const [, severity, text = ""] = /^(Error|Warning) - (.*)$/.exec(line) ?? [];
      if (severity === undefined) continue;
      findings.push({ file: nameOf(file), severity: severity === "Error" ? "error" : "warning", text });
    }
    // It names the kind of object that it judged; where it does not, it judged nothing.
    if (!lines.some((line) => kindsOfObject.includes(line.trim())))
      findings.push({ file: nameOf(file), severity: "error", text: "is no kind of object that we file" });
  }
  return findings;
}

const verapdfSchema = z.object({
  report: z.object({
    jobs: z.array(
      z.object({
        itemDetails: z.object({ name: z.string() }),
        validationResult: z
          .array(
            z.object({
              compliant: z.boolean(),
              details: z.object({
                ruleSummaries: z.array(
                  z.object({ clause: z.string().optional(), description: z.string().optional() }),
                ),
              }),
            }),
          )
          .default([]),
        taskException: z.looseObject({ exceptionMessage: z.string().optional() }).optional(),
      }),
    ),
  }),
});

/** veraPDF over PDF files, as PDF/A-2b. */
export async function judgePdf(files: readonly string[], signal: AbortSignal): Promise<readonly Finding[]> {
  const args = [
    "-jar",
    validators().verapdf,
    "--flavour",
    "2b",
    "--format",
    "json",
    "--maxfailuresdisplayed",
    "1",
  ];
  const text = await outputOf("java", ["-Xmx800m", "-XX:+UseSerialGC", ...args, ...files], signal);
  const { jobs } = verapdfSchema.parse(JSON.parse(text.slice(text.indexOf("{")))).report;
  const findings = jobs.flatMap((job): Finding[] => {
    const file = nameOf(job.itemDetails.name);
    const wrong = job.validationResult.filter(({ compliant }) => !compliant);
    if (job.validationResult.length > 0 && wrong.length === 0) return [];
    const rules = wrong.flatMap(({ details }) => details.ruleSummaries);
    const why = rules.map((rule) => `${rule.clause ?? ""} ${rule.description ?? ""}`.trim());
    const unread = job.taskException?.exceptionMessage ?? "could not be judged";
    return (why.length === 0 ? [unread] : why).map((each) => ({ file, severity: "error", text: each }));
  });
  if (jobs.length !== files.length)
    throw new StackFailure(`veraPDF judged ${jobs.length} of ${files.length} files.`);
  return findings;
}

/** All that a command prints to its standard output, however long; its exit code says what the output says too. */
async function outputOf(command: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const child = spawn(command, args, {
    env: childEnvironment(),
    stdio: ["ignore", "pipe", "ignore"],
    signal,
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  await new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", done);
  });
  return Buffer.concat(chunks).toString("utf8");
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
