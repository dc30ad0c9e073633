import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { clinician, killAll, register } from "../bot/testing/people.ts";
import { openLog } from "../kit/testing/a-log.ts";
import { archivistAt } from "./archivist.ts";
import { type House, openHouse } from "./house.ts";

const main = join(import.meta.dirname, "..", "main.ts");
/** The program that runs, where any user may run it. */
let node = process.execPath;
/** Two users of the operating system and the group of the sockets between them; undefined where we cannot choose, or they cannot read the program. */
let users: { archivist: number; house: number; links: number } | undefined;

const { socketPath } = z
  .object({ socketPath: z.string() })
  .parse(JSON.parse(process.env.COLLOQUE_TEST_HOMESERVER ?? "{}"));

let folder = "";
let door: Server | undefined;
let running: ChildProcess | undefined;
const at = (name: string) => join(folder, name);

beforeEach(() => {
  // Where other users may go, if there will be some: the folder of the test run is ours alone.
  folder = mkdtempSync(join(process.getuid?.() === 0 ? "/tmp" : tmpdir(), "colloque-apart-"));
  chmodSync(folder, 0o755);
  if (process.getuid?.() === 0) {
    node = at("node");
    copyFileSync(process.execPath, node);
    const can = { archivist: 64_201, house: 64_202, links: 64_203 };
    users = readAs(can.archivist, [main])[0] === "read" ? can : undefined;
  }
  for (const name of ["archivist", "house", "links"]) mkdirSync(at(name), { mode: 0o700 });
  if (users !== undefined) {
    chownSync(at("archivist"), users.archivist, users.archivist);
    chownSync(at("house"), users.house, users.house);
    chownSync(at("links"), 0, users.links);
    // What is made in it belongs to its group.
    chmodSync(at("links"), 0o2770);
  }
  // Synapse's own socket is in a folder of ours; both sides of this stand where the archivist may go.
  door = createServer((asked) => {
    const inner = connect(socketPath);
    asked.pipe(inner).pipe(asked);
    for (const each of [asked, inner]) each.on("error", () => asked.destroy());
  });
});
afterEach(async () => {
  running?.kill("SIGKILL");
  killAll();
  await new Promise((done) => (door === undefined ? done(undefined) : door.close(done)));
  rmSync(folder, { recursive: true, force: true });
});

/** The product's own program, with the environment that the archivist needs and no other. */
function startArchivist(bot: string, more: Record<string, string> = {}) {
  const child = spawn(node, [main, "--role", "bot"], {
    env: {
      COLLOQUE_DATA: at("archivist"),
      COLLOQUE_LINKS: at("links"),
      COLLOQUE_SYNAPSE_SOCKET: at("links/synapse.sock"),
      COLLOQUE_BOT_USER: bot,
      COLLOQUE_BOT_PASSWORD: "pw",
      COLLOQUE_BOT_STORE_KEY: Buffer.alloc(32, 9).toString("base64"),
      COLLOQUE_LOG: "debug",
      ...more,
    },
    ...(users === undefined ? {} : { uid: users.archivist, gid: users.links }),
  });
  running = child;
  let said = "";
  child.stdout.on("data", (chunk) => (said += String(chunk)));
  child.stderr.on("data", (chunk) => (said += String(chunk)));
  return { child, said: () => said };
}

/** What a process of that user reads of these files: its bytes, or the error's code. */
function readAs(user: number, paths: readonly string[]): string[] {
  const program =
    "for (const path of JSON.parse(process.argv[1])) { try { console.log(require('node:fs').readFileSync(path).length > 0 ? 'read' : 'empty') } catch (error) { console.log(error.code) } }";
  const ran = spawnSync(node, ["-e", program, JSON.stringify(paths)], {
    uid: user,
    gid: user,
    encoding: "utf8",
  });
  return (ran.stdout ?? "").trim().split("\n");
}

describe("the archivist and the house as two processes of two users", { timeout: 120_000 }, () => {
  test("what is said in a case goes through both and comes back filed; neither can reach what is the other's", async () => {
    await new Promise<void>((done) => door?.listen(at("links/synapse.sock"), done));
    chmodSync(at("links/synapse.sock"), 0o666);
    const suffix = randomUUID().slice(0, 8);
    const bot = await register(`bot${suffix}`);
    await register(`requester${suffix}`);

    const submitted: { eventId: string; body: unknown }[] = [];
    const house: House = {
      coverOf: async () => ({ by: "nothing", reason: "no-consent" }),
      peopleOf: async () => [],
      withdrawals: {
        withdrawnIn: async () => ({ receiptIds: [], untold: [] }),
        withdrawalTold: async () => undefined,
      },
      noteWithdrawal: async () => undefined,
      openTicket: async () => "ticket",
      bindTicket: async () => undefined,
      fileCheck: async () => "announced",
      isClosed: async () => false,
      audit: {
        note: async () => undefined,
        inviteDecided: async () => undefined,
        pictureRead: async () => undefined,
      },
      submit: async ({ eventId, content }) => {
        submitted.push({ eventId, body: Reflect.get(Object(content), "body") });
      },
    };
    const { log, lines } = openLog();
    await using _house = await openHouse(at("links"), house, log);
    const archivist = startArchivist(bot);
    await using port = archivistAt(at("links"), log);
    await expect.poll(() => port.state(), { timeout: 60_000 }).toBe("up");

    const canary = `CANARI-${randomUUID()}`;
    const requester = await clinician(`requester${suffix}`, "R1", bot);
    const roomId = z.string().parse(await requester.call("createCase", { caseId: randomUUID(), bot }));
    await requester.call("waitFor", { roomId, userId: bot, membership: "join" });
    const content = { msgtype: "m.text", body: canary };
    const eventId = z
      .string()
      .parse(await requester.call("send", { roomId, type: "m.room.message", content }));
    await expect.poll(() => submitted, { timeout: 30_000 }).toEqual([{ eventId, body: canary }]);
    const outcome = { state: "waiting", since: "2026-11-24T10:00:00Z" } as const;
    await port.sendFiled(roomId, { ofEvent: eventId, kind: "message", outcome });
    expect(JSON.stringify(await requester.call("read", { roomId, atLeast: 2 }))).toContain(
      "fr.colloque.filed",
    );

    // No word of it in what either writes down, and none in the clear on the archivist's disk; the room's id is in its log, so it is one.
    expect(archivist.said()).toContain("the archivist is up");
    expect(archivist.said() + JSON.stringify(lines)).not.toContain(canary);
    const onDisk = readdirSync(at("archivist")).map((name) => readFileSync(join(at("archivist"), name)));
    expect(onDisk.some((bytes) => bytes.includes(eventId))).toBe(true);
    expect(onDisk.some((bytes) => bytes.includes(canary))).toBe(false);

    // Its whole environment: the homeserver, its own keys, and not a word of the record.
    const names = readFileSync(`/proc/${archivist.child.pid}/environ`, "utf8")
      .split("\0")
      .map((each) => each.split("=")[0] ?? "")
      .filter((name) => name.startsWith("COLLOQUE_"));
    expect(names.sort()).toEqual([
      "COLLOQUE_BOT_PASSWORD",
      "COLLOQUE_BOT_STORE_KEY",
      "COLLOQUE_BOT_USER",
      "COLLOQUE_DATA",
      "COLLOQUE_LINKS",
      "COLLOQUE_LOG",
      "COLLOQUE_SYNAPSE_SOCKET",
    ]);

    if (users === undefined) {
      process.stdout.write(
        "SKIPPED: what two users can read of each other's files needs root, and a checkout that others may read\n",
      );
      return;
    }
    const keys = ["archivist-keys.ARCHIVIST1.db", "archivist-recovery.sealed", "archivist.db"].map((name) =>
      join(at("archivist"), name),
    );
    const own = ["colloque.db", "registry-key.json", "record-token"].map((name) => join(at("house"), name));
    for (const path of own) {
      writeFileSync(path, "secret", { mode: 0o600 });
      chownSync(path, users.house, users.house);
    }
    const refused = ["EACCES", "EACCES", "EACCES"];
    const read = ["read", "read", "read"];
    expect(readAs(users.archivist, keys)).toEqual(read);
    expect(readAs(users.archivist, own)).toEqual(refused);
    expect(readAs(users.house, own)).toEqual(read);
    expect(readAs(users.house, keys)).toEqual(refused);
    expect(readAs(users.house, [`/proc/${archivist.child.pid}/environ`])).toEqual(["EACCES"]);
  });

  test("given a way to the record, it does not start and says what to take away", async () => {
    const archivist = startArchivist("@bot:x", { COLLOQUE_FHIR_URL: "http://127.0.0.1:1/fhir" });
    const code = await new Promise((done) => archivist.child.once("exit", done));
    expect(code).toBe(78);
    expect(archivist.said()).toContain("unset COLLOQUE_FHIR_URL");
  });
});
