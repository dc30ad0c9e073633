import { describe, expect, test } from "vitest";
import { createLogger } from "../kit/log.ts";
import { openDatabase } from "../store/index.ts";
import { createAudit } from "./audit.ts";

const log = createLogger("silent");
const clock = () => 1000;

describe("the audit trail", () => {
  test("holds together after many events at once", async () => {
    await using db = openDatabase(":memory:");
    const audit = await createAudit({ db, log, clock });
    await Promise.all(Array.from({ length: 50 }, (_, n) => audit.signedOut({ actor: `@u${n}:x` })));
    await audit.caseOpened({ actor: "@a:x", caseId: "c", roomId: "!r" });
    expect(await audit.firstBroken()).toBeUndefined();
  });

  test("refuses to be changed, and shows it when somebody did all the same", async () => {
    await using db = openDatabase(":memory:");
    const audit = await createAudit({ db, log, clock });
    for (const name of ["a", "b", "c"]) await audit.signedOut({ actor: name });
    await expect(db.run("UPDATE audit SET actor = 'z' WHERE seq = 2")).rejects.toThrow(/append-only/);
    await expect(db.run("DELETE FROM audit WHERE seq = 2")).rejects.toThrow(/append-only/);
    await db.run("DROP TRIGGER audit_is_not_changed");
    await db.run("UPDATE audit SET actor = 'z' WHERE seq = 2");
    expect(await audit.firstBroken()).toBe(2);
  });

  test("shows a row that was taken out", async () => {
    await using db = openDatabase(":memory:");
    const audit = await createAudit({ db, log, clock });
    for (const name of ["a", "b", "c"]) await audit.signedOut({ actor: name });
    await db.run("DROP TRIGGER audit_is_not_deleted");
    await db.run("DELETE FROM audit WHERE seq = 2");
    expect(await audit.firstBroken()).toBe(3);
  });
});
