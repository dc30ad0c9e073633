import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cached, fillOnce, isComplete } from "./cache.ts";
import { must, run } from "./exec.ts";
import { StackFailure } from "./failure.ts";
import { digest, findOnPath, root } from "./paths.ts";
import type { ToolName } from "./toolchain.ts";

/** How one part gets onto this machine. */
export interface Installer {
  /** Whether nothing is left to do. */
  isInstalled(): boolean;
  /** What has to be on the machine to install it, and to run it. */
  readonly toolsToInstall: readonly ToolName[];
  readonly toolsToRun: readonly ToolName[];
  install(log: string, signal: AbortSignal): Promise<void>;
}

const synapseVersion = "1.163.2";
const livekitVersion = "1.13.5";

const requirementsFile = join(root, "stack", "synapse", "requirements.txt");
const synapseFolder = () =>
  cached("synapse", `${synapseVersion}-${digest(readFileSync(requirementsFile, "utf8")).slice(0, 10)}`);

/** The Python that has Synapse. */
export const synapsePython = (): string => join(synapseFolder(), "bin", "python");

export const synapseInstaller: Installer = {
  isInstalled: () => isComplete(synapseFolder()),
  toolsToInstall: ["python"],
  toolsToRun: [],
  install: (log, signal) =>
    fillOnce(
      synapseFolder(),
      async () => {
        const options = { log, signal };
        await must(
          "Python could not make a virtual environment (install python3-venv)",
          "python3",
          ["-m", "venv", synapseFolder()],
          options,
        );
        const pip = [
          "-m",
          "pip",
          "install",
          "--disable-pip-version-check",
          "--no-deps",
          "--only-binary=:all:",
        ];
        await must(
          "Synapse could not be installed",
          synapsePython(),
          [...pip, "-r", requirementsFile],
          options,
        );
      },
      signal,
    ),
};

const livekitFolder = () => cached("livekit", livekitVersion);

export const livekitBinary = (): string => join(livekitFolder(), "livekit-server");

export const livekitInstaller: Installer = {
  isInstalled: () => isComplete(livekitFolder()),
  toolsToInstall: ["go"],
  toolsToRun: [],
  install: (log, signal) =>
    fillOnce(
      livekitFolder(),
      async () => {
        const source = `github.com/livekit/livekit-server/cmd/server@v${livekitVersion}`;
        await must(
          "LiveKit could not be built",
          "go",
          ["install", "-trimpath", "-ldflags", "-s -w", source],
          {
            log,
            signal,
            env: { GOBIN: livekitFolder(), CGO_ENABLED: "0" },
          },
        );
        renameSync(join(livekitFolder(), "server"), livekitBinary());
      },
      signal,
    ),
};

const hapiSource = join(root, "stack", "hapi");
const hapiFiles = ["pom.xml", join("src", "main", "java", "colloque", "record", "RecordServer.java")];
const hapiFolder = () =>
  cached(
    "hapi",
    digest(hapiFiles.map((file) => readFileSync(join(hapiSource, file), "utf8")).join()).slice(0, 16),
  );

/** Class path of the record's launcher. */
export function hapiClassPath(): string {
  const lib = join(hapiFolder(), "lib");
  const jars = readdirSync(lib).sort();
  return [join(hapiFolder(), "record.jar"), ...jars.map((jar) => join(lib, jar))].join(":");
}

export const hapiInstaller: Installer = {
  isInstalled: () => isComplete(hapiFolder()),
  toolsToInstall: ["java", "maven"],
  toolsToRun: ["java"],
  install: (log, signal) =>
    fillOnce(
      hapiFolder(),
      async () => {
        const build = join(hapiFolder(), "build");
        cpSync(hapiSource, build, { recursive: true });
        const maven = ["--batch-mode", "--no-transfer-progress", "--file", join(build, "pom.xml"), "package"];
        await must("HAPI FHIR could not be built", "mvn", maven, { log, signal });
        renameSync(join(build, "target", "record.jar"), join(hapiFolder(), "record.jar"));
        renameSync(join(build, "target", "lib"), join(hapiFolder(), "lib"));
        rmSync(build, { recursive: true });
      },
      signal,
    ),
};

const validatorSource = join(root, "stack", "validate");
const validatorFiles = ["pom.xml", join("src", "main", "java", "colloque", "validate", "Validate.java")];
const validatorFolder = () =>
  cached(
    "validate",
    digest(validatorFiles.map((file) => readFileSync(join(validatorSource, file), "utf8")).join()).slice(
      0,
      16,
    ),
  );

/** What `npm run validate` judges with: HAPI's validator with the MHD package, and veraPDF. */
export const validators = () => ({
  hapiClassPath: `${join(validatorFolder(), "validate.jar")}:${join(validatorFolder(), "lib", "*")}`,
  verapdf: join(validatorFolder(), "verapdf.jar"),
  library: join(validatorFolder(), "lib"),
});

export const validatorInstaller: Installer = {
  isInstalled: () => isComplete(validatorFolder()),
  toolsToInstall: ["java", "maven"],
  toolsToRun: ["java"],
  install: (log, signal) =>
    fillOnce(
      validatorFolder(),
      async () => {
        const build = join(validatorFolder(), "build");
        for (const file of validatorFiles) cpSync(join(validatorSource, file), join(build, file));
        const maven = ["--batch-mode", "--no-transfer-progress", "--file", join(build, "pom.xml"), "package"];
        await must("The validators could not be fetched", "mvn", maven, { log, signal });
        for (const name of ["validate.jar", "verapdf.jar", "lib"])
          renameSync(join(build, "target", name), join(validatorFolder(), name));
        rmSync(build, { recursive: true });
      },
      signal,
    ),
};

/** dciodvfy, which judges DICOM objects. */
export async function ensureDciodvfy(log: string): Promise<void> {
  if (findOnPath("dciodvfy") === undefined) await installDebian(["dicom3tools"], log);
}

/** Orthanc, wherever Debian or somebody else put it; `COLLOQUE_NO_ARCHIVE=1` is for hospitals without one. */
export const orthancBinary = (): string | undefined =>
  process.env.COLLOQUE_NO_ARCHIVE === "1" ? undefined : findOnPath("Orthanc", "orthanc");

const orthancPlugins = "/usr/share/orthanc/plugins";

export const orthancInstaller: Installer = {
  isInstalled: () =>
    orthancBinary() !== undefined && existsSync(join(orthancPlugins, "libOrthancDicomWeb.so")),
  toolsToInstall: [],
  toolsToRun: [],
  install: async (log, signal) => {
    if (process.env.COLLOQUE_NO_ARCHIVE === "1")
      throw new StackFailure("switched off by COLLOQUE_NO_ARCHIVE");
    await installDebian(["orthanc", "orthanc-dicomweb"], log, signal);
  },
};

/** The browser of the end-to-end tests. */
export const chromiumBinary = (): string | undefined =>
  findOnPath("chromium", "chromium-browser", "google-chrome");

/** Sees to it that there is a browser for tests, benches and pictures. */
export async function ensureChromium(log: string): Promise<void> {
  if (chromiumBinary() === undefined) await installDebian(["chromium"], log);
}

/** ffmpeg, with which the server turns clips into what the archive takes. */
export async function ensureFfmpeg(log: string, signal?: AbortSignal): Promise<void> {
  if (findOnPath("ffmpeg") === undefined) await installDebian(["ffmpeg"], log, signal);
}

/** José, the JOSE tool that the tests check filed signatures with: nothing of it is ours. */
export async function ensureJose(log: string): Promise<void> {
  if (findOnPath("jose") === undefined) await installDebian(["jose"], log);
}

let lastDebianInstall: Promise<unknown> = Promise.resolve();

/** One apt at a time: it holds a lock. */
function installDebian(packages: readonly string[], log: string, signal?: AbortSignal): Promise<void> {
  const install = lastDebianInstall.then(() => aptInstall(packages, log, signal));
  lastDebianInstall = install.catch(() => undefined);
  return install;
}

async function aptInstall(packages: readonly string[], log: string, signal?: AbortSignal): Promise<void> {
  const command = `apt-get install ${packages.join(" ")}`;
  if (findOnPath("apt-get") === undefined) {
    throw new StackFailure(`this system has no apt-get; install ${packages.join(" and ")} by its own means`);
  }
  if (process.getuid?.() !== 0) throw new StackFailure(`install it with: sudo ${command}`);
  const options = {
    log,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    ...(signal === undefined ? {} : { signal }),
  };
  const arguments_ = ["install", "--yes", "--no-install-recommends", ...packages];
  const first = await run("apt-get", arguments_, options);
  if (first.code === 0) return;
  await run("apt-get", ["update"], options);
  const second = await run("apt-get", arguments_, options);
  if (second.code !== 0) throw new StackFailure(`"${command}" failed, see ${log}`);
}
