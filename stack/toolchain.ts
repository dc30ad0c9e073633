import { run } from "./exec.ts";
import { StackFailure } from "./failure.ts";

/** A program that must be on the machine before Colloque can install its parts. */
interface Tool {
  readonly label: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Finds the version in what the command prints. */
  readonly pattern: RegExp;
  readonly least: readonly [number, number];
  readonly use: string;
  readonly install: string;
}

export type ToolName = "python" | "go" | "java" | "maven" | "rust";

const tools: Readonly<Record<ToolName, Tool>> = {
  python: {
    label: "Python",
    command: "python3",
    args: ["--version"],
    pattern: /Python (\d+)\.(\d+)/,
    least: [3, 10],
    use: "Synapse (the messages)",
    install: "apt-get install python3 python3-venv",
  },
  go: {
    label: "Go",
    command: "go",
    args: ["version"],
    pattern: /go(\d+)\.(\d+)/,
    least: [1, 26],
    use: "LiveKit (the calls)",
    install: "unpack a release of Go 1.26 or later into /usr/local and add /usr/local/go/bin to PATH",
  },
  java: {
    label: "Java",
    command: "java",
    args: ["-version"],
    pattern: /version "?(\d+)(?:\.(\d+))?/,
    least: [17, 0],
    use: "HAPI FHIR (the record)",
    install: "apt-get install openjdk-17-jdk-headless",
  },
  rust: {
    label: "Rust",
    command: "cargo",
    args: ["--version"],
    pattern: /cargo (\d+)\.(\d+)/,
    least: [1, 95],
    use: "Helios (a second record, for tests)",
    install: "rustup toolchain install stable",
  },
  maven: {
    label: "Maven",
    command: "mvn",
    args: ["-v"],
    pattern: /Apache Maven (\d+)\.(\d+)/,
    least: [3, 6],
    use: "HAPI FHIR (the record)",
    install: "apt-get install maven",
  },
};

/** Checks every tool that is needed before anything starts; one sentence for each that is missing or too old. */
export async function checkTools(names: readonly ToolName[]): Promise<void> {
  const sentences = await Promise.all(names.map((name) => complaintAbout(tools[name])));
  const complaints = sentences.filter((sentence) => sentence !== undefined);
  if (complaints.length > 0) throw new StackFailure(complaints.join("\n"));
}

async function complaintAbout(tool: Tool): Promise<string | undefined> {
  const ran = await run(tool.command, tool.args);
  const [, major = "", minor = "0"] = tool.pattern.exec(ran.output) ?? [];
  const wanted = tool.least[1] === 0 ? String(tool.least[0]) : tool.least.join(".");
  const fix = `install it with: ${tool.install}`;
  if (ran.code !== 0 || major === "") {
    return `${tool.label} is missing: ${tool.use} needs ${tool.label} ${wanted} or later; ${fix}`;
  }
  if (isAtLeast([Number(major), Number(minor)], tool.least)) return undefined;
  const found = `${major}.${minor}`;
  return `${tool.label} ${found} is too old: ${tool.use} needs ${tool.label} ${wanted} or later; ${fix}`;
}

/** Compares versions by their first two numbers. */
export function isAtLeast(
  [major, minor]: readonly [number, number],
  [leastMajor, leastMinor]: readonly [number, number],
): boolean {
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
