/**
 * The one brake of the archivist. The SDK logs an error of its crypto layer and acknowledges the sync all the same, and the keys that
 * came with it are then lost for ever. So: whoever sees such an error pulls the brake, every request asks it before it leaves,
 * and the process is told to end. After a restart the homeserver delivers again what was not acknowledged.
 */
export type FailStop = {
  /** Pulls the brake. The first cause counts. */
  fail(cause: unknown): void;
  /** Throws once the brake is pulled: nothing may leave this process any more. */
  check(): void;
  readonly failed: boolean;
};

/** The archivist has stopped on purpose and must be started anew. */
export class ArchivistStopped extends Error {
  override readonly name = "ArchivistStopped";
}

export function createFailStop(onFatal: (cause: unknown) => void): FailStop {
  let failed = false;
  return {
    fail: (cause) => {
      if (failed) return;
      failed = true;
      onFatal(cause);
    },
    check: () => {
      if (failed) throw new ArchivistStopped("The archivist has stopped and must be started anew");
    },
    get failed() {
      return failed;
    },
  };
}
