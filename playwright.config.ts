import { join } from "node:path";
import { defineConfig } from "@playwright/test";
import { chromiumBinary } from "./stack/install.ts";
import { readRun } from "./stack/run-file.ts";

const runFile = process.env.COLLOQUE_STACK;
const run = runFile === undefined ? undefined : readRun(runFile);
const chromium = chromiumBinary();
const results = process.env.COLLOQUE_RESULTS ?? "test-results";

export default defineConfig({
  testDir: "e2e",
  outputDir: join(results, "files"),
  timeout: 180_000,
  expect: { timeout: 20_000 },
  // Two browsers and all the servers share the machine: one test at a time, and none gets a second try.
  workers: 1,
  retries: 0,
  fullyParallel: false,
  forbidOnly: process.env.CI !== undefined,
  reporter: [["list"], ["json", { outputFile: join(results, "e2e.json") }]],
  use: {
    ...(run === undefined ? {} : { baseURL: run.publicUrl }),
    // What cannot be pressed by then is missing: the failure names it, instead of the whole test running out of time.
    actionTimeout: 60_000,
    locale: "fr-FR",
    timezoneId: "Europe/Paris",
    trace: "retain-on-failure",
    launchOptions: {
      ...(chromium === undefined ? {} : { executablePath: chromium }),
      args: [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        "--mute-audio",
        // The browser itself must not call anybody: the tests assert that the product does not.
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-domain-reliability",
        "--disable-sync",
        "--no-first-run",
        ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      ],
    },
  },
  projects: [
    { name: "e2e", testMatch: "**/*.spec.ts" },
    { name: "shots", testMatch: "**/shots.ts" },
  ],
});
