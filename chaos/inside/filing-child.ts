/** Filing as a process of its own, the product's code untouched: it takes events, files them and tells the room, until it is killed. */
import { join } from "node:path";
import { createFiling } from "../../server/filing/index.ts";
import { clinicians } from "../../server/filing/testing/a-case.ts";
import { createLogger } from "../../server/kit/log.ts";
import { createSealer } from "../../server/kit/seal.ts";
import { openDatabase } from "../../server/store/index.ts";
import { settingsSchema } from "../points.ts";
import { takeEvents, tellRoom } from "./feed.ts";
import { hospitalOf, registryOf, withTimeout } from "./surroundings.ts";
import { layTraps } from "./traps.ts";

const settings = settingsSchema.parse(JSON.parse(process.argv[2] ?? ""));
layTraps(settings.traps);
const db = openDatabase(join(settings.folder, "filing.sqlite"));
const filing = await createFiling({
  archivist: "@archiviste:valombre.example",
  db,
  sealer: createSealer(new Uint8Array(Buffer.from(settings.sealKey, "base64")), "filing"),
  config: { fhirUrl: settings.fhirUrl, dicomwebUrl: settings.dicomwebUrl },
  registry: registryOf(settings),
  directory: { clinician: (userId) => clinicians.find((each) => each.userId === userId) },
  hospital: hospitalOf(settings),
  clock: () => Date.now() + settings.offsetMs,
  log: createLogger("warn", { write: (line: string) => void process.stderr.write(line) }),
  onOutcome: (roomId, filed, id) => tellRoom(settings, roomId, filed, id),
  fetcher: withTimeout(settings.timeoutMs),
  random: () => 0,
  ...(settings.patienceMs === undefined ? {} : { patienceMs: settings.patienceMs }),
});
await takeEvents(settings, filing.submit);
