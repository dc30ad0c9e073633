import { appendFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openRevocationLog } from "./revocation-log.ts";
import { folder } from "./testing/a-registry.ts";

const revocation = { consentId: "c", at: 1, by: "@leroy:x", why: "collected-in-error" as const };

describe("the log of withdrawals", () => {
  test("is empty before there is one, and then has each of them in order", async () => {
    const path = join(folder(), "deep", "revocations.log");
    const log = openRevocationLog(path);
    expect(await log.all()).toEqual([]);
    await log.add(revocation);
    await log.add({ ...revocation, consentId: "d" });
    expect(await openRevocationLog(path).all()).toEqual([revocation, { ...revocation, consentId: "d" }]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
  });

  test("passes over a line that a crash cut off, and reads on", async () => {
    const path = join(folder(), "revocations.log");
    const log = openRevocationLog(path);
    await log.add(revocation);
    appendFileSync(path, '{"consentId":"cut o\n{"consentId":7}\n');
    await log.add({ ...revocation, at: 2 });
    expect((await log.all()).map(({ at }) => at)).toEqual([1, 2]);
  });

  test("takes a line without a name for the patient's own word, as the first version wrote it", async () => {
    const path = join(folder(), "revocations.log");
    appendFileSync(path, '{"consentId":"c","at":1}\n');
    expect(await openRevocationLog(path).all()).toEqual([
      { consentId: "c", at: 1, by: "patient", why: "patient-asked" },
    ]);
  });

  test("that cannot be read is a fault, not an empty one", async () => {
    await expect(openRevocationLog(folder()).all()).rejects.toMatchObject({ code: "EISDIR" });
  });
});
