import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cached, fillOnce } from "./cache.ts";
import { digest, foldersOf, root } from "./paths.ts";
import { portBaseOf } from "./ports.ts";
import type { Progress } from "./progress.ts";

/** Folders whose content decides what a seeded profile looks like. */
const sources = [
  "stack/demo",
  "stack/parts",
  "stack/synapse",
  "stack/hapi",
  "stack/hapi/src/main/java/colloque/record",
];

function templateFolder(): string {
  const files = ["stack/seed.ts", "stack/secrets.ts", "stack/install.ts", ...sources.flatMap(filesIn)];
  return cached(
    "template",
    digest(files.map((file) => readFileSync(join(root, file), "utf8")).join("\0")).slice(0, 16),
  );
}

const filesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${folder}/${entry.name}`)
    .sort();

/**
 * Fills a profile from seeded data in the cache, made at the first need. For tests and benches only: all profiles that
 * come from it share their secrets.
 */
export const fromTemplate = (progress: Progress) => async (dataFolder: string) => {
  const folder = templateFolder();
  await fillOnce(folder, async () => {
    progress.say("Preparing seeded data for tests (once)…");
    const { startStack } = await import("./stack.ts");
    const stack = await startStack({
      profile: "template",
      home: folder,
      portBase: portBaseOf("template"),
      parts: ["synapse", "hapi"],
      quiet: true,
    });
    await stack.stop();
    const made = foldersOf("template", folder);
    cpSync(made.data, join(folder, "data"), { recursive: true });
    rmSync(join(folder, "template"), { recursive: true });
  });
  cpSync(join(folder, "data"), dataFolder, { recursive: true });
};
