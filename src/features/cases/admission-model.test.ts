import { describe, expect, test } from "vitest";
import type { RefusalReason } from "#protocol/disclose.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import { createFakeDoor } from "../../../e2e/support/fake-door.ts";
import { user, uuid } from "../../../e2e/support/sample-cases.ts";
import type { GlassDraft } from "../../matrix/types.ts";
import { createCaseModel } from "./case-model.ts";

const nowMs = new Date(2026, 10, 24, 12).getTime();
const me = user("leroy");
const kermarrec = user("kermarrec");
const reason = "arrêt cardiaque, famille injoignable";

function setUp(answer: Result<void, RefusalReason | ErrorCode>, reader: string | null = null) {
  const asked: string[] = [];
  const broken: GlassDraft[] = [];
  const answers = [answer];
  const door = createFakeDoor({ nowMs, me, picture: "blob:x" });
  const model = createCaseModel({
    door: {
      ...door,
      async addMember(_roomId, userId) {
        asked.push(userId);
        return answers.shift() ?? ok(undefined);
      },
      async breakGlass(_roomId, glass) {
        broken.push(glass);
        return ok(undefined);
      },
    },
    key: uuid(1),
    clock: { now: () => nowMs, later: () => () => {} },
  });
  const admission = model.newAdmission(reader);
  if (admission === null) throw new Error("The case is not open");
  return { admission, asked, broken, at: () => admission.store.getState() };
}

describe("a colleague's way into a case", () => {
  test("whom the consent covers is in with one act; nobody is offered who is in already", async () => {
    const { admission, asked, broken, at } = setUp(ok(undefined));
    const offered = admission.colleagues.map((each) => each.userId);
    expect(offered).toContain(kermarrec);
    expect(offered).not.toContain(me);
    expect(offered).not.toContain(user("martin"));
    await admission.add(kermarrec);
    expect(at()).toEqual({ at: "done", reader: kermarrec, by: "consent" });
    expect([asked, broken]).toEqual([[kermarrec], []]);
  });

  test("whom it does not cover is refused, and then only a reason in words opens the glass", async () => {
    const { admission, asked, broken, at } = setUp(err("audience-not-covered"));
    await admission.add(kermarrec);
    expect(at()).toMatchObject({ at: "refused", mayBreak: true, reason: "audience-not-covered" });
    await admission.breakGlass(reason);
    expect(broken).toEqual([]);
    admission.toEmergency();
    await admission.breakGlass("urgent");
    expect(at()).toMatchObject({ at: "emergency", lack: "reason" });
    await admission.breakGlass(`  ${reason}  `);
    expect(at()).toEqual({ at: "done", reader: kermarrec, by: "glass" });
    expect(broken).toEqual([{ consentId: uuid(501), reader: kermarrec, reason }]);
    expect(asked).toEqual([kermarrec, kermarrec]);
  });

  test("past a no of the patient there is no emergency; asking anew there is", async () => {
    for (const no of ["opinion-not-granted", "withdrawn"] as const) {
      const { admission, broken, at } = setUp(err(no));
      await admission.add(kermarrec);
      expect(at()).toMatchObject({ at: "refused", mayBreak: false, mayAskPatient: true });
      admission.toEmergency();
      await admission.breakGlass(reason);
      expect(broken).toEqual([]);
    }
  });

  test("a network that is away is said, and no consent is blamed", async () => {
    const { admission, at } = setUp(err("homeserver-unreachable"));
    await admission.add(kermarrec);
    expect(at()).toEqual({ at: "failed", reader: kermarrec, error: "homeserver-unreachable" });
  });

  test("for oneself the glass is broken and nobody is asked in", async () => {
    const { admission, asked, broken, at } = setUp(ok(undefined), me);
    await admission.breakGlass(reason);
    expect(at()).toEqual({ at: "done", reader: me, by: "glass" });
    expect([asked, broken.length]).toEqual([[], 1]);
  });
});
