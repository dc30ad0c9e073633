import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { Settings } from "./points.ts";

export type Version = "filing" | "naive" | "archivist";

/** One life of a process under test. */
export type Life = {
  readonly pid: number;
  /** How it ended: the point where it was killed, another end, or nothing while it lasts. */
  readonly ended: Promise<End>;
  /** What it met on its way that did not kill it. */
  readonly met: readonly string[];
  stop(): Promise<void>;
};
export type End = {
  readonly killedAt: string | undefined;
  readonly code: number | null;
  readonly said: string;
};

const cache = join(import.meta.dirname, "..", "node_modules", ".cache", "colloque", "compiled");

const environment = ({ authorityFile }: Settings): NodeJS.ProcessEnv => ({
  ...process.env,
  NODE_COMPILE_CACHE: cache,
  ...(authorityFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: authorityFile }),
});

/** Starts a process under test: a real one, by its own Node, which only a signal ends. */
export function beginLife(version: Version, settings: Settings): Life {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "inside", `${version}-child.ts`), JSON.stringify(settings)],
    { stdio: ["ignore", "ignore", "pipe"], env: environment(settings) },
  );
  let said = "";
  child.stderr.on("data", (bytes) => {
    said += String(bytes);
  });
  const met: string[] = [];
  const ended = new Promise<End>((resolve) =>
    child.once("exit", (code, signal) => {
      const lines = said.split("\n");
      met.push(...lines.filter((line) => /^(full|io|busy|wasm) /.test(line)));
      const died = lines.find((line) => line.startsWith("kill "));
      resolve({
        killedAt: signal === "SIGKILL" ? died?.replace(/^kill (.*) \d+$/, "$1") : undefined,
        code,
        said: said.slice(-2000),
      });
    }),
  );
  return { pid: child.pid ?? 0, ended, met, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}
