import { readFile } from "node:fs/promises";

/** A file's text; undefined when there is no such file. What else goes wrong is thrown. */
export const readIfThere = (path: string): Promise<string | undefined> =>
  readFile(path, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  });
