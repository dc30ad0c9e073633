import { defineConfig } from "vite";

/**
 * The patient's page, built by itself so that nothing of the application comes along: three files with names that stay, to be read and
 * compared by anybody. It is put beside the application's files, in `p/`.
 */
export default defineConfig({
  root: "src/phone-page",
  base: "/p/",
  publicDir: false,
  build: {
    outDir: "../../dist/p",
    emptyOutDir: true,
    // Browsers of 2022: a cheap telephone keeps its browser up to date longer than itself.
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: { entryFileNames: "page.js", assetFileNames: "page.[ext]" },
    },
  },
});
