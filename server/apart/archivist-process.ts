import { join } from "node:path";
import { startBot } from "../bot/index.ts";
import type { ArchivistConfig } from "../kit/archivist-config.ts";
import type { Logger } from "../kit/log.ts";
import { openDatabase } from "../store/index.ts";
import { openArchivist } from "./archivist.ts";
import { hand } from "./hand.ts";
import { houseAt } from "./house.ts";

/** The archivist as a process of its own (`--role bot`): keys of Matrix, a database of its own, and a socket to the house. No record. */
export async function runArchivist(config: ArchivistConfig, log: Logger, signal: AbortSignal): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const db = stack.use(openDatabase(join(config.dataDir, "archivist.db")));
  const house = stack.use(houseAt(config.linksDir));
  const bot = stack.use(
    await startBot({
      ...house,
      homeserver: { socketPath: config.synapseSocket },
      account: { userId: config.userId, password: config.password },
      storeKey: config.storeKey,
      dataDir: config.dataDir,
      db,
      log: log.child({ role: "bot" }),
      clock: Date.now,
      epochMs: config.epochMs,
    }),
  );
  stack.use(bot.deliverTo((item) => hand(item, { bot, house, archivist: config.userId })));
  stack.use(await openArchivist(config.linksDir, bot, log));
  if (!signal.aborted)
    await new Promise<void>((done) => signal.addEventListener("abort", () => done(), { once: true }));
  log.info("stopping");
}
