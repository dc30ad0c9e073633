import { ColloqueError } from "#protocol/errors.ts";
import type { Clock } from "../kit/role.ts";
import type { Database } from "../store/index.ts";
import { createCertifier } from "./certificates.ts";
import { createConsents } from "./consents.ts";
import { createExpiry } from "./expiry.ts";
import { createGlasses } from "./glasses.ts";
import { noteKey } from "./key-history.ts";
import { type RemovalWorker, startRemovalWorker } from "./media-removal.ts";
import { migrations } from "./migrations.ts";
import { createPermits } from "./permits.ts";
import type { Registry, RegistryParts } from "./port.ts";
import * as store from "./store.ts";
import { startSweeper } from "./sweeper.ts";
import { createTickets } from "./tickets.ts";
import { createWithdrawals } from "./withdrawals.ts";

/** Opens the registry: its tables, then the withdrawals that a restored database may have forgotten, then the removals under way. */
export async function createRegistry(given: RegistryParts): Promise<Registry & AsyncDisposable> {
  const db = closedWhenFailing(given.db);
  await db.migrate("consent", migrations);
  const parts = { ...given, db, trusted: await noteKey({ ...given, db }) };
  const { log, clock, audit, key, name, remover, revocations } = parts;
  for (const revocation of await revocations.all())
    await db.transaction(async (tx) => {
      await store.withdrawConsent(tx, revocation);
      for (const file of await store.filesOfConsent(tx, revocation.consentId))
        await store.insertRemoval(tx, file.mxc, revocation.at);
    });

  const worker = startRemovalWorker({
    db,
    remover,
    clock,
    log,
    againMs: parts.removeAgainMs ?? 5_000,
    done: (mxc) => audit.mediaRemoved({ mxc }),
  });
  const tickets = createTickets({ db, clock, removals: worker });
  const permits = createPermits({ ...parts, removals: worker });
  const sweeper = sweeperOf(parts, permits.mediaFacts, worker);
  return {
    publicKey: parts.trusted,
    name,
    certify: createCertifier({ db, clock, key, name, audit }),
    ...createCases(db, clock),
    ...createConsents(parts),
    ...createGlasses(parts),
    ...createWithdrawals({ ...parts, removals: worker }),
    ...createExpiry({ ...parts, removals: worker }),
    ...permits,
    openTicket: tickets.open,
    bindTicket: tickets.bind,
    [Symbol.asyncDispose]: async () => {
      await sweeper?.[Symbol.asyncDispose]();
      tickets[Symbol.dispose]();
      await worker[Symbol.asyncDispose]();
    },
  };
}

/** A store that does not answer is a registry that does not: nobody is told that anything is live, and nobody why in SQL's words. */
function closedWhenFailing(db: Database): Database {
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw cause instanceof ColloqueError ? cause : new ColloqueError("registry-unreachable", { cause });
    }
  };
  return {
    ...db,
    all: (row, sql, ...params) => guard(() => db.all(row, sql, ...params)),
    one: (row, sql, ...params) => guard(() => db.one(row, sql, ...params)),
    run: (sql, ...params) => guard(() => db.run(sql, ...params)),
    transaction: (work) => guard(() => db.transaction(work)),
  };
}

function sweeperOf(
  { db, clock, log, audit, held }: RegistryParts,
  mediaFacts: Registry["mediaFacts"],
  removals: RemovalWorker,
) {
  if (held === undefined) return undefined;
  return startSweeper({
    held,
    known: async (mxc) => {
      const facts = await mediaFacts(mxc);
      if (facts.kind === "key-bundle") return { state: "live", sha256: null };
      if (facts.kind === "unknown") return { state: "unknown" };
      return facts.status.state === "live" ? { state: "live", sha256: facts.sha256 } : { state: "withdrawn" };
    },
    isLeaving: (mxc) => store.isLeaving(db, mxc),
    remove: async (mxc) => {
      await store.askRemovalAgain(db, mxc, clock());
      await removals.kick();
    },
    audit: ({ mxc, userId, why }) =>
      audit.note({ event: "media-swept", actor: userId, details: { mxc, why } }),
    clock,
    log,
  });
}

type CaseCalls = Pick<Registry, "caseOfRoom" | "roomOfCase" | "claimCase" | "claimOf" | "bindRoom">;

function createCases(db: Database, clock: Clock): CaseCalls {
  return {
    caseOfRoom: async (roomId) => {
      const found = await store.caseByRoom(db, roomId);
      return found === undefined ? undefined : { caseId: found.caseId, owner: found.owner };
    },
    roomOfCase: async (caseId) => (await store.caseById(db, caseId))?.roomId,
    claimCase: (caller, caseId) =>
      db.transaction(async (tx) => {
        await store.insertCase(tx, caseId, caller, clock());
        const found = await store.caseById(tx, caseId);
        if (found?.owner !== caller)
          throw new ColloqueError("not-allowed", { details: { why: "case-of-another" } });
        return found.roomId;
      }),
    claimOf: async (caseId) => {
      const found = await store.caseById(db, caseId);
      return found === undefined ? undefined : { owner: found.owner, roomId: found.roomId };
    },
    bindRoom: async (caller, caseId, roomId) => {
      const found = await store.caseById(db, caseId);
      if (found?.owner !== caller)
        throw new ColloqueError("not-allowed", { details: { why: "case-of-another" } });
      await store.setRoom(db, caseId, roomId);
    },
  };
}
