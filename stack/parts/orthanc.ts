import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { orthancBinary, orthancInstaller } from "../install.ts";
import type { Ports } from "../ports.ts";
import { answers, type Part } from "./part.ts";

export const dicomwebUrl = (ports: Ports): string => `http://127.0.0.1:${ports.dicomweb}/dicom-web`;

/** The DICOM archive. Hospitals have one or not; so do the machines that this runs on. */
export const orthanc: Part = {
  name: "orthanc",
  label: "Orthanc (DICOM archive)",
  installer: orthancInstaller,
  isOptional: true,
  startMs: 30_000,
  launch({ folders, ports }) {
    const home = join(folders.data, "orthanc");
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const config = {
      Name: "Colloque",
      StorageDirectory: join(home, "storage"),
      IndexDirectory: join(home, "index"),
      Plugins: ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"],
      HttpPort: ports.dicomweb,
      RemoteAccessAllowed: false,
      AuthenticationEnabled: false,
      DicomServerEnabled: false,
      // Filing twice changes nothing.
      OverwriteInstances: false,
      DicomWeb: { Enable: true, Root: "/dicom-web/" },
    };
    const file = join(home, "orthanc.json");
    writeFileSync(file, JSON.stringify(config, null, 2), { mode: 0o600 });
    return { command: orthancBinary() ?? "Orthanc", args: [file], cwd: home };
  },
  isReady: ({ ports }) => answers(`http://127.0.0.1:${ports.dicomweb}/system`),
};
