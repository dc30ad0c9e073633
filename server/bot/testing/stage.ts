import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { type BotProcess, botProcess, killAll, type Line, register } from "./people.ts";

type How = Omit<Parameters<typeof botProcess>[0], "userId" | "dataDir">;

/** Before each test an account for an archivist of its own and an empty folder; after it, nobody is left. */
export function setStage() {
  const stage = {
    dataDir: "",
    suffix: "",
    bot: "",
    /** An archivist that is up, or has refused, or is to die on the way. */
    async startBot(how: How = {}): Promise<BotProcess> {
      const archivist = botProcess({ userId: stage.bot, dataDir: stage.dataDir, ...how });
      if (how.dieAt === undefined)
        await archivist.until("the archivist is up", (lines) =>
          lines.some((line) => line.up === true || line.fatal !== undefined),
        );
      return archivist;
    },
  };
  beforeEach(async () => {
    stage.dataDir = mkdtempSync(join(tmpdir(), "colloque-bot-"));
    stage.suffix = randomUUID().slice(0, 8);
    stage.bot = await register(`bot${stage.suffix}`);
  });
  afterEach(() => {
    killAll();
    rmSync(stage.dataDir, { recursive: true, force: true });
  });
  return stage;
}

/** What was handed over, in its order. */
export const bodies = (lines: readonly Line[]): unknown[] =>
  lines.flatMap((line) => (line.item === undefined ? [] : [line.item.content.body]));
