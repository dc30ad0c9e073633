import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { watch } from "../exec.ts";
import { StackFailure } from "../failure.ts";
import { ensureChromium } from "../install.ts";
import { foldersOf, root } from "../paths.ts";
import { createProgress } from "../progress.ts";
import { startStack } from "../stack.ts";
import { stopSignal } from "../stop-signal.ts";
import { fromTemplate } from "../template.ts";

const profile = "bench";
const suffix = ".bench.ts";

/** `npm run bench -- NAME`: runs bench/NAME.bench.ts over fresh data; standard output is the bench's alone. */
export async function bench([name = "", ...args]: readonly string[]): Promise<number> {
  const file = join(root, "bench", `${name}${suffix}`);
  if (!/^[a-z0-9-]+$/.test(name) || !existsSync(file)) {
    throw new StackFailure(`Which benchmark? npm run bench -- ${benchNames().join(" | ")}`);
  }
  // A bench drives pages of its own: it builds them here, and the gateway gives them out under the product's own policy.
  const pages = mkdtempSync(join(tmpdir(), "colloque-bench-"));
  const { signal, dispose } = stopSignal();
  try {
    await ensureChromium(join(root, ".colloque", "install-chromium.log"));
    const progress = createProgress(process.stderr);
    await using stack = await startStack({
      profile,
      reset: true,
      progress,
      signal,
      prepareData: fromTemplate(progress),
      clientFolder: pages,
    });
    progress.end();
    void stack.ended.then((failure) => failure !== undefined && console.error(failure.message));
    return await watch(process.execPath, [file, ...args], {
      env: { COLLOQUE_STACK: foldersOf(profile).runFile, COLLOQUE_BENCH_PAGES: pages },
      signal,
    });
  } finally {
    dispose();
    rmSync(pages, { recursive: true, force: true });
  }
}

function benchNames(): string[] {
  const folder = join(root, "bench");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length));
}
