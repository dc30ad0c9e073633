import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hapiClassPath, hapiInstaller } from "../install.ts";
import type { Ports } from "../ports.ts";
import { answers, type Part } from "./part.ts";

export const fhirUrl = (ports: Ports): string => `http://127.0.0.1:${ports.fhir}/fhir`;

/** The hospital's record: a FHIR R4 server. */
export const hapi: Part = {
  name: "hapi",
  label: "HAPI FHIR (record)",
  installer: hapiInstaller,
  startMs: 420_000,
  launch({ folders, ports }) {
    const home = join(folders.data, "hapi");
    mkdirSync(home, { recursive: true, mode: 0o700 });
    // Hundreds of jars: in a file, so that a process list stays readable.
    const classPath = join(home, "class-path");
    writeFileSync(classPath, `-cp "${hapiClassPath()}"\n`);
    return {
      command: "java",
      args: [
        "-Xmx1200m",
        "-Xss512k",
        "-XX:+UseSerialGC",
        "-Djava.awt.headless=true",
        `-Drecord.port=${ports.fhir}`,
        `-Drecord.data=${home}`,
        `@${classPath}`,
        "colloque.record.RecordServer",
      ],
      cwd: home,
      // H2 survives a kill; nobody should wait long for a Java that is still starting.
      stopMs: 6_000,
    };
  },
  isReady: ({ ports }) => answers(`${fhirUrl(ports)}/Patient?_count=1`),
};
