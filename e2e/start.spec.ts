import { mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { startTicksOf } from "../stack/processes.ts";
import type { Run } from "../stack/run-file.ts";
import {
  currentRun,
  endLaunched,
  folders,
  launch,
  pathWith,
  ports,
  processesOfProfile,
} from "./support/launcher.ts";

const record = `http://127.0.0.1:${ports.fhir}/fhir`;
const marker = `${record}/Basic/kept-between-starts`;
const allUp = "Everything is up";

/** Not every part has the profile's folder on its command line, so those that were noted are looked for by their ids too. */
const nothingIsLeft = async (parts: Run["parts"] = {}) => {
  const alive = () =>
    Object.entries(parts).flatMap(([name, { pid, ticks }]) => (startTicksOf(pid) === ticks ? [name] : []));
  await expect.poll(() => [...processesOfProfile(), ...alive()], { timeout: 20_000 }).toEqual([]);
};

test.describe("npm start", { tag: "@start" }, () => {
  test.describe.configure({ mode: "serial", timeout: 600_000 });
  test.afterEach(endLaunched);

  test("the first start brings up every part and a demo hospital, and prints one address", async () => {
    const start = launch(["--reset"]);
    await start.says(allUp);
    const address = `http://localhost:${ports.gateway}`;
    expect(start.printed().split("http://").length - 1).toBe(1);
    expect(start.printed()).toContain(address);
    for (const account of ["martin", "leroy", "kermarrec", "admin"])
      expect(start.printed()).toContain(account);
    const page = await fetch(address, { headers: { accept: "text/html" } });
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("<title>");

    const patients = await (await fetch(`${record}/Patient?_summary=count`)).json();
    expect(patients).toMatchObject({ total: 9 });
    const kept = { resourceType: "Basic", id: "kept-between-starts", code: { text: "kept" } };
    const put = await fetch(marker, {
      method: "PUT",
      headers: { "content-type": "application/fhir+json" },
      body: JSON.stringify(kept),
    });
    expect(put.status).toBe(201);

    const { parts } = currentRun();
    expect(Object.keys(parts).length).toBeGreaterThanOrEqual(4);
    start.signal("SIGINT");
    expect(await start.ended()).toBe(0);
    await nothingIsLeft(parts);
  });

  test("a second start installs nothing and keeps the data; a killed part stops all the rest", async () => {
    const beganMs = Date.now();
    const start = launch();
    await start.says(allUp);
    // Less than a minute on a machine that does nothing else: told, not asserted, since others may be at work beside this test.
    console.info(`second start: ${Math.round((Date.now() - beganMs) / 1000)} s`);
    expect(start.printed()).not.toMatch(/: (installing|building|fetching|downloading)/);
    expect((await fetch(marker)).status).toBe(200);

    const { parts } = currentRun();
    expect(Object.keys(parts)).toContain("livekit");
    process.kill(parts.livekit?.pid ?? 0, "SIGKILL");
    expect(await start.ended()).toBe(1);
    expect(start.printed()).toContain("LiveKit (calls) stopped unexpectedly (signal SIGKILL)");
    expect(start.printed()).toContain(join(folders.logs, "livekit.log"));
    await nothingIsLeft(parts);
  });

  test("--reset empties the data; a start that is killed leaves no process", async () => {
    const start = launch(["--reset"]);
    await start.says(allUp);
    expect((await fetch(marker)).status).toBe(404);

    const { parts } = currentRun();
    start.signal("SIGKILL");
    expect(await start.ended()).toBe("SIGKILL");
    await nothingIsLeft(parts);
  });

  test("a part that dies while it starts is named, and nothing half-started stays", async () => {
    const brokenJava = `[ "$1" = "-version" ] && { echo 'openjdk version "17.0.1"' >&2; exit 0; }; sleep 1; exit 3`;
    const start = launch([], { PATH: pathWith({ java: brokenJava }) });
    expect(await start.ended()).toBe(1);
    expect(start.printed()).toContain("HAPI FHIR (record) stopped unexpectedly (exit code 3)");
    expect(start.printed()).toContain(join(folders.logs, "hapi.log"));
    await nothingIsLeft();
  });

  test("a port in use is named with the part that needs it, before anything starts", {
    tag: "@smoke",
  }, async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(ports.fhir, "127.0.0.1", done));
    try {
      const start = launch();
      expect(await start.ended()).toBe(1);
      expect(start.printed()).toContain(`Port ${ports.fhir}, which the record (HAPI FHIR) needs, is in use`);
      expect(processesOfProfile()).toEqual([]);
    } finally {
      await new Promise((done) => other.close(done));
    }
  });

  test("a toolchain that is too old or missing is named, with what installs it", async () => {
    const tooOld = launch([], { PATH: pathWith({ java: `echo 'openjdk version "11.0.2"' >&2` }) });
    expect(await tooOld.ended()).toBe(1);
    expect(tooOld.printed()).toContain("Java 11.0 is too old: HAPI FHIR (the record) needs Java 17 or later");
    expect(tooOld.printed()).toContain("apt-get install openjdk-17-jdk-headless");

    const emptyCache = mkdtempSync(join(tmpdir(), "colloque-cache-"));
    const programs = { go: "echo go version go1.20.1 linux/amd64", mvn: "exit 127" };
    const toInstall = launch([], { COLLOQUE_CACHE: emptyCache, PATH: pathWith(programs) });
    expect(await toInstall.ended()).toBe(1);
    expect(toInstall.printed()).toContain("Go 1.20 is too old: LiveKit (the calls) needs Go 1.26 or later");
    expect(toInstall.printed()).toContain("Maven is missing");
    expect(toInstall.printed()).not.toContain("installing");
    expect(processesOfProfile()).toEqual([]);
  });

  test("a full disk is named before anything starts", async () => {
    const start = launch([], { COLLOQUE_FAKE_FREE_BYTES: "1000000" });
    expect(await start.ended()).toBe(1);
    expect(start.printed()).toContain("The disk is nearly full");
    expect(processesOfProfile()).toEqual([]);
  });
});
