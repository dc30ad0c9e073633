import { afterEach, describe, expect, test } from "vitest";
import { ColloqueError } from "#protocol/errors.ts";
import { type Call, SynapseError } from "../kit/synapse-client.ts";
import { openLog } from "../kit/testing/a-log.ts";
import { openDatabase } from "../store/index.ts";
import { createMediaRemover, type RemovalWorker, startRemovalWorker } from "./media-removal.ts";
import { migrations } from "./migrations.ts";
import { insertRemoval, openRemovals } from "./store.ts";

describe("media are taken out of the homeserver", () => {
  /** A homeserver that answers each call like this. */
  function remover(answer: () => unknown) {
    const asked: Omit<Call<unknown>, "answer">[] = [];
    const call = async <T>({ answer: schema, ...rest }: Call<T>): Promise<T> => {
      asked.push(rest);
      return schema.parse(answer());
    };
    return { asked, ...createMediaRemover({ call }, "admin-token") };
  }

  test("by its administrator's calls, with the address as it is and no more", async () => {
    const { asked, quarantine, remove } = remover(() => ({ num_quarantined: 1 }));
    await quarantine("mxc://valombre.example/a b");
    await remove("mxc://valombre.example:8448/c");
    expect(asked).toEqual([
      {
        method: "POST",
        path: "/_synapse/admin/v1/media/quarantine/valombre.example/a%20b",
        token: "admin-token",
        body: {},
      },
      {
        method: "DELETE",
        path: "/_synapse/admin/v1/media/valombre.example%3A8448/c",
        token: "admin-token",
      },
    ]);
  });

  test("or were never there, which is as good; what else goes wrong is told", async () => {
    const fails = (error: Error) =>
      remover(() => {
        throw error;
      });
    await fails(new SynapseError(404, "M_NOT_FOUND")).quarantine("mxc://x/y");
    await fails(new SynapseError(404, "M_NOT_FOUND")).remove("mxc://x/y");
    const refused = new SynapseError(403, "M_FORBIDDEN");
    await expect(fails(refused).remove("mxc://x/y")).rejects.toBe(refused);
    const away = new ColloqueError("homeserver-unreachable");
    await expect(fails(away).quarantine("mxc://x/y")).rejects.toBe(away);
  });
});

describe("a removal", () => {
  let worker: RemovalWorker | undefined;
  afterEach(async () => worker?.[Symbol.asyncDispose]());

  async function setUp(fails: (what: string) => boolean, againMs = 60_000) {
    const db = openDatabase(":memory:");
    await db.migrate("consent", migrations);
    const { log, lines } = openLog();
    const did: string[] = [];
    const act = (what: string) => async (mxc: string) => {
      if (fails(`${what} ${mxc}`)) throw new Error("down");
      did.push(`${what} ${mxc}`);
    };
    const done: string[] = [];
    worker = startRemovalWorker({
      db,
      remover: { quarantine: act("quarantine"), remove: act("remove") },
      clock: () => 5,
      log,
      againMs,
      done: async (mxc) => void done.push(mxc),
    });
    await insertRemoval(db, "mxc://x/2", 2);
    await insertRemoval(db, "mxc://x/1", 1);
    return { db, did, done, worker, lines };
  }

  test("hides all of them first, the oldest first, and deletes them then", async () => {
    const { db, did, done, worker } = await setUp(() => false);
    await worker.kick();
    expect(did).toEqual([
      "quarantine mxc://x/1",
      "quarantine mxc://x/2",
      "remove mxc://x/1",
      "remove mxc://x/2",
    ]);
    expect(done).toEqual(["mxc://x/1", "mxc://x/2"]);
    expect(await openRemovals(db)).toEqual([]);
  });

  test("that fails keeps no other waiting, and is tried again until it is done", async () => {
    const failing = new Set(["quarantine mxc://x/1", "remove mxc://x/2"]);
    const { db, did, done, worker, lines } = await setUp((what) => failing.has(what));
    await worker.kick();
    expect(did).toEqual(["quarantine mxc://x/2"]);
    expect(lines).toEqual([
      ["warn", "could not quarantine, will try again", { mxc: "mxc://x/1", error: "Error" }],
      ["warn", "could not delete, will try again", { mxc: "mxc://x/2", error: "Error" }],
    ]);
    expect(done).toEqual([]);
    failing.clear();
    await worker.kick();
    expect(done).toEqual(["mxc://x/1", "mxc://x/2"]);
    expect(await openRemovals(db)).toEqual([]);
  });

  test("is begun again by itself, and no more once it is stopped", async () => {
    const { done, db, worker } = await setUp(() => false, 10);
    await expect.poll(() => done).toHaveLength(2);
    await worker[Symbol.asyncDispose]();
    await insertRemoval(db, "mxc://x/3", 3);
    await new Promise((passed) => setTimeout(passed, 40));
    expect(done).toHaveLength(2);
  });

  test("outlives a round that fails as a whole", async () => {
    const { db, worker, done, lines } = await setUp(() => false);
    await db.run("ALTER TABLE removals RENAME TO elsewhere");
    await worker.kick();
    expect(lines).toMatchObject([["error", "media removal failed", { error: "Error" }]]);
    await db.run("ALTER TABLE elsewhere RENAME TO removals");
    await worker.kick();
    expect(done).toHaveLength(2);
  });
});
