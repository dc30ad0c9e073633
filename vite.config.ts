import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { configDefaults, defineConfig } from "vitest/config";
import packageJson from "./package.json" with { type: "json" };

/**
 * The production build. Two entries: the application, and the service worker at a fixed address, with the list of files that it
 * keeps written into it. Nothing is inlined: the page's policy allows scripts, styles and fonts from files of our own only.
 */
export default defineConfig({
  plugins: [react(), zodWithoutEval(), serviceWorkerShell()],
  define: { __VERSION__: JSON.stringify(packageJson.version) },
  resolve: {
    alias: {
      // 28 kB of look-alike letters, with which the SDK tells display names apart: our names come from the directory.
      unhomoglyph: new URL("src/matrix/kit/same-letters.ts", import.meta.url).pathname,
    },
  },
  // Workers live in modules of our own, addressed with `?worker&url`, as Trusted Types ask for.
  worker: { format: "es", plugins: () => [zodWithoutEval()] },
  optimizeDeps: { exclude: ["@matrix-org/matrix-sdk-crypto-wasm"] },
  // The tree that breaks the arrows is no code, the end-to-end tests have a runner of their own, and mutants are tried on a copy.
  test: {
    exclude: [...configDefaults.exclude, "stack/architecture/breaking/**", "e2e/**", ".colloque/**"],
    globalSetup: "stack/temp-folder.ts",
  },
  build: {
    target: "es2023",
    assetsInlineLimit: 0,
    // One small style sheet: a place that loads later is never seen without its clothes.
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { app: "index.html", sw: "src/app/sw.ts" },
      output: {
        entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
});

/**
 * Zod tries `new Function` when a schema is made, which our policy forbids and reports. It is told not to where it begins: chunks run in
 * an order of their own, so that a module of ours could come too late.
 */
function zodWithoutEval(): Plugin {
  const begins = "__zod_globalConfig = {})";
  return {
    name: "zod-without-eval",
    transform: {
      filter: { id: /\/zod\/v4\/core\/core\.js$/ },
      handler(code) {
        if (!code.includes(begins)) throw new Error("Zod keeps its configuration elsewhere now");
        return code.replace(begins, "__zod_globalConfig = { jitless: true })");
      },
    },
  };
}

/** Gives the service worker the list of the build's files, and a name for the build made from them. */
function serviceWorkerShell(): Plugin {
  return {
    name: "service-worker-shell",
    apply: "build",
    generateBundle(_options, bundle) {
      const worker = bundle["sw.js"];
      if (worker?.type !== "chunk") throw new Error("The service worker is missing from the build");
      const shell = Object.keys(bundle)
        .filter((name) => name.startsWith("assets/") && !name.endsWith(".map"))
        .map((name) => `/${name}`)
        .sort();
      const build = hash(shell.join());
      worker.code = worker.code
        .replaceAll("__SHELL__", JSON.stringify(shell))
        .replaceAll("__BUILD__", JSON.stringify(build));
    },
  };
}

/** FNV-1a: names differ already by their content's hash, this only shortens the list of them. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (value >>> 0).toString(16);
}
