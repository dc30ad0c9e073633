import type { Installer } from "../install.ts";
import type { Folders } from "../paths.ts";
import type { Ports } from "../ports.ts";
import type { Launch } from "../processes.ts";
import type { Secrets } from "../secrets.ts";

export type PartName = "synapse" | "livekit" | "hapi" | "orthanc" | "server" | "archivist";

/** What every part may know of the stack that it belongs to. */
export interface PartContext {
  readonly folders: Folders;
  readonly ports: Ports;
  readonly secrets: Secrets;
  readonly publicUrl: string;
  /** Whether there is a DICOM archive. */
  readonly hasArchive: boolean;
  /** Whether the Colloque server is there, whose consent registry Synapse asks about every room and file. */
  readonly hasRegistry: boolean;
  /** Whether the archivist is a process of its own, beside the server. */
  readonly isApart: boolean;
}

/** One real part: how to install it, start it, and know that it is up. */
export interface Part {
  readonly name: PartName;
  /** As it is shown: name and purpose. */
  readonly label: string;
  readonly installer?: Installer;
  /** The product starts without it where it cannot be installed. */
  readonly isOptional?: boolean;
  /** How long it may take to start on a slow machine. */
  readonly startMs: number;
  /** Writes its configuration and says what to run. */
  launch(context: PartContext): Launch;
  isReady(context: PartContext): Promise<boolean>;
}

/** Whether an address answers with success within two seconds. */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
