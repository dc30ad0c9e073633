/**
 * The archivist as a process of its own, for tests that kill it. Says each thing that happens as a line of JSON, obeys the lines of
 * JSON on its standard input.
 */
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { filedSchema, withdrawnSchema } from "#protocol/events.ts";
import { createLogger } from "../../kit/log.ts";
import { openDatabase } from "../../store/index.ts";
import { startBot } from "../index.ts";

const withdrawalSchema = z.object({
  consentId: z.string(),
  at: z.number(),
  by: z.string(),
  why: withdrawnSchema.shape.reason,
  receiptIds: z.array(z.string()),
});
const settings = z
  .object({
    url: z.string(),
    socketPath: z.string().optional(),
    userId: z.string(),
    password: z.string(),
    dataDir: z.string(),
    refused: z.array(z.string()),
    failFirst: z.number(),
    withdrawn: z.array(withdrawalSchema),
    glasses: z.record(z.string(), z.number()),
    /** So old is its device: an epoch is thirty days. */
    ageDays: z.number().default(0),
    closed: z.array(z.string()).default([]),
    /** The archivist dies of itself at this line of its log. */
    dieAt: z.string().default(""),
  })
  .parse(JSON.parse(process.argv[2] ?? ""));

const say = (line: object): unknown => process.stdout.write(`${JSON.stringify(line)}\n`);
const db = openDatabase(join(settings.dataDir, "server.db"));
const tickets = new Map<string, string>();
/** For whom the glass is broken, and until when; once it was, nothing else covers them. */
const glasses = new Map(Object.entries(settings.glasses));
let withdrawn = settings.withdrawn;
let untold = settings.withdrawn;

function note(line: string): void {
  process.stderr.write(line);
  const { msg } = z.looseObject({ msg: z.string() }).parse(JSON.parse(line));
  if (msg === settings.dieAt) process.kill(process.pid, "SIGKILL");
  say({ log: msg });
}

const bot = await startBot({
  homeserver: settings.socketPath === undefined ? { url: settings.url } : { socketPath: settings.socketPath },
  account: { userId: settings.userId, password: settings.password },
  storeKey: new Uint8Array(32).fill(5),
  dataDir: settings.dataDir,
  db,
  log: createLogger("info", { write: note }),
  clock: () => Date.now() + settings.ageDays * 86_400_000,
  epochMs: 30 * 86_400_000,
  overlapMs: 2_000,
  isClosed: async (roomId) => settings.closed.includes(roomId),
  audit: {
    note: async (event) => void say({ audit: event.event, ...event.details }),
    inviteDecided: async (event) => void say({ audit: "invite-decided", ...event }),
  },
  withdrawals: {
    withdrawnIn: async () => ({ receiptIds: withdrawn.flatMap((each) => each.receiptIds), untold }),
    withdrawalTold: async (consentId) => {
      untold = untold.filter((each) => each.consentId !== consentId);
      say({ told: consentId });
    },
  },
  coverOf: async (_caseId, userId) => {
    const glass = glasses.get(userId) ?? 0;
    if (glass > Date.now()) return { by: "glass", untilMs: glass };
    const covered = !settings.refused.includes(userId) && glass === 0;
    return covered ? { by: "consent" } : { by: "nothing", reason: "audience-not-covered" };
  },
  peopleOf: async (addressee) => (addressee.kind === "person" ? [addressee.userId] : []),
  fileCheck: async () => "announced",
  openTicket: async (_roomId, invitee) => {
    tickets.set(`ticket-${tickets.size}`, invitee);
    return `ticket-${tickets.size - 1}`;
  },
  bindTicket: async (ticketId, mxc) => void say({ ticketFor: tickets.get(ticketId), mxc }),
  onFatal: (cause) => {
    say({ fatal: cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause) });
    process.exit(70);
  },
});

/** What is really held: begun with --expose-gc, what is garbage is thrown away first. */
function memoryNow(): { heapUsed: number; external: number; rss: number } {
  for (let again = 0; again < 3; again++) globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapUsed, external, rss };
}

let failures = settings.failFirst;
bot.deliverTo(async (item) => {
  if (failures-- > 0) throw new Error("the record is down");
  say({ item });
});
await bot.whenUp();
say({ up: true });

const commandSchema = z.union([
  z.object({ ready: z.string() }),
  z.object({ filed: filedSchema, roomId: z.string() }),
  z.object({ withdraw: withdrawalSchema, roomId: z.string() }),
  z.object({ glass: z.string(), untilMs: z.number() }),
  z.object({ askIn: z.string(), roomId: z.string(), caseId: z.string(), askedBy: z.string() }),
  z.object({ unreadable: z.literal(true) }),
  z.object({ settle: z.string() }),
  z.object({ memory: z.literal(true) }),
  z.object({ stop: z.literal(true) }),
]);
for await (const line of createInterface({ input: process.stdin })) {
  const command = commandSchema.parse(JSON.parse(line));
  if ("ready" in command) await bot.onUserReady(command.ready);
  else if ("filed" in command) say({ sent: await bot.sendFiled(command.roomId, command.filed) });
  else if ("withdraw" in command) {
    withdrawn = untold = [command.withdraw];
    await bot.onWithdrawn(command.roomId);
  } else if ("glass" in command) glasses.set(command.glass, command.untilMs);
  else if ("unreadable" in command) say({ unreadable: await bot.unread() });
  else if ("memory" in command) say({ memory: memoryNow() });
  else if ("settle" in command) say({ settled: await bot.giveUpUnread(command.settle) });
  else if ("askIn" in command) {
    const { askIn: userId, ...rest } = command;
    await bot.askIn({ ...rest, userId });
  } else break;
}
await bot[Symbol.asyncDispose]();
await db[Symbol.asyncDispose]();
say({ stopped: true });
process.exit(0);
