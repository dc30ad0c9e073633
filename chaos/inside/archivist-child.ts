/** The archivist and filing as one process, the product's code untouched, on a real homeserver, until it is killed. */
import { subscribe } from "node:diagnostics_channel";
import { join } from "node:path";
import { OlmMachine } from "@matrix-org/matrix-sdk-crypto-wasm";
import { parseCaseEvent } from "#protocol/events.ts";
import { startBot } from "../../server/bot/index.ts";
import { createFiling } from "../../server/filing/index.ts";
import { clinicians } from "../../server/filing/testing/a-case.ts";
import { createLogger } from "../../server/kit/log.ts";
import { createSealer } from "../../server/kit/seal.ts";
import { openDatabase } from "../../server/store/index.ts";
import { settingsSchema } from "../points.ts";
import { hospitalOf, registryOf, withTimeout } from "./surroundings.ts";
import { layTraps } from "./traps.ts";

const settings = settingsSchema.parse(JSON.parse(process.argv[2] ?? ""));
const { meet, hasFallen } = layTraps(settings.traps);
watchTheCryptoLayer();

const storeKey = new Uint8Array(Buffer.from(settings.sealKey, "base64"));
const db = openDatabase(join(settings.folder, "server.db"));
const log = createLogger("warn", { write: (line: string) => void process.stderr.write(line) });
const clock = () => Date.now();
const bot = await startBot({
  homeserver: { url: settings.matrix?.url ?? "" },
  account: { userId: settings.matrix?.userId ?? "", password: "pw" },
  storeKey,
  dataDir: settings.folder,
  db,
  log,
  clock,
  audit: { note: async () => undefined, inviteDecided: async () => undefined },
  withdrawals: {
    withdrawnIn: async () => ({ receiptIds: [], untold: [] }),
    withdrawalTold: async () => undefined,
  },
  coverOf: async () => ({ by: "consent" }),
  peopleOf: async () => [],
  fileCheck: async () => "announced",
  openTicket: async () => "none",
  bindTicket: async () => undefined,
});
const [anybody] = clinicians;
const filing = await createFiling({
  archivist: "@archiviste:valombre.example",
  db,
  sealer: createSealer(storeKey, "filing"),
  config: { fhirUrl: settings.fhirUrl, dicomwebUrl: settings.dicomwebUrl },
  registry: registryOf(settings),
  directory: { clinician: (userId) => (anybody === undefined ? undefined : { ...anybody, userId }) },
  hospital: hospitalOf(settings),
  clock,
  log,
  onOutcome: async (roomId, filed) => void (await bot.sendFiled(roomId, filed)),
  fetcher: withTimeout(settings.timeoutMs),
  random: () => 0,
});
bot.deliverTo(async ({ eventId, roomId, sender, originServerTs: atMs, type, content }) => {
  const event = parseCaseEvent({ eventId, sender, atMs, type, content });
  await filing.submit({ eventId, roomId, sender, atMs, event });
});

/** What the crypto layer meets while it takes a sync in; and whether anything leaves once it has fallen over. */
function watchTheCryptoLayer(): void {
  const { receiveSyncChanges } = OlmMachine.prototype;
  OlmMachine.prototype.receiveSyncChanges = async function (...given) {
    meet("before crypto");
    const taken = await receiveSyncChanges.apply(this, given);
    meet("after crypto");
    return taken;
  };
  subscribe("undici:request:create", () => {
    if (hasFallen()) process.stderr.write("left after the fall\n");
  });
}
