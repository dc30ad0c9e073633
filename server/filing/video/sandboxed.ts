import { spawn } from "node:child_process";

export type Tool = {
  readonly command: string;
  readonly args: readonly string[];
  readonly timeoutMs: number;
  readonly maxBytes: number;
};

/** Address space, processor seconds, open files; and not one byte into any file: what goes in and out are pipes. */
const limits = ["--as=3221225472", "--cpu=240", "--nofile=32", "--fsize=0", "--core=0"];

/** The tool did not do it: it said no, took too long, or gave too much. */
export class ToolFailed extends Error {
  override readonly name = "ToolFailed";
}

/**
 * Runs a tool on bytes that nobody has looked into, with limits that the kernel holds (prlimit), without our environment, and kills it on
 * excess. Nothing of it touches a disk, and nothing that it says is kept: a file may have put words into its mouth.
 */
export function runOn(input: Uint8Array, { command, args, timeoutMs, maxBytes }: Tool): Promise<Buffer> {
  return new Promise((done, fail) => {
    const child = spawn("prlimit", [...limits, "--", command, ...args], {
      cwd: "/",
      env: { PATH: process.env.PATH ?? "/usr/bin:/bin" },
      stdio: ["pipe", "pipe", "ignore"],
    });
    const stop = () => {
      child.kill("SIGKILL");
      child.stdout.destroy();
    };
    const timer = setTimeout(stop, timeoutMs);
    const pieces: Buffer[] = [];
    let bytes = 0;
    child.stdout.on("data", (piece: Buffer) => {
      bytes += piece.length;
      if (bytes > maxBytes) stop();
      else pieces.push(piece);
    });
    // It may end before it has read everything.
    child.stdin.on("error", () => undefined);
    child.once("error", (error) => {
      clearTimeout(timer);
      fail(error);
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0 && bytes <= maxBytes) done(Buffer.concat(pieces));
      else fail(new ToolFailed(`${command} ended with ${signal ?? code}`));
    });
    child.stdin.end(input);
  });
}
