import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const pages = join(dirname(fileURLToPath(import.meta.url)), "pages");

/** Builds the bench's pages as the product is built, under the same policy of scripts and workers. */
export async function buildPages(folder: string): Promise<void> {
  if (folder === "") throw new Error("Begin with: npm run bench -- photo");
  await build({
    configFile: false,
    root: pages,
    publicDir: false,
    logLevel: "warn",
    worker: { format: "es" },
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: "es2023",
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 4000,
      rolldownOptions: { input: { ours: join(pages, "ours.html"), bare: join(pages, "bare.html") } },
    },
  });
}
