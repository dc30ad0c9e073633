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

function setUp(
  answer: Result<void, RefusalReason | ErrorCode>,
  reader: string | "here" | null = null,
  here: Result<"opened" | "registry-answers", RefusalReason | ErrorCode> = ok("opened"),
) {
  const asked: string[] = [];
  const broken: GlassDraft[] = [];
  const journal: Omit<GlassDraft, "reader">[] = [];
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
      async breakGlassHere(_roomId, glass) {
        journal.push(glass);
        return here;
      },
    },
    key: uuid(1),
    clock: { now: () => nowMs, later: () => () => {} },
  });
  const admission = reader === "here" ? model.newEmergencyHere() : model.newAdmission(reader);
  if (admission === null) throw new Error("The case is not open");
  return { admission, asked, broken, journal, at: () => admission.store.getState() };
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

  test("while the registry is silent the emergency goes into this device's journal, and nobody is asked in", async () => {
    const { admission, asked, broken, journal, at } = setUp(ok(undefined), "here");
    expect(at()).toMatchObject({ at: "emergency", reader: me });
    await admission.breakGlass("urgent");
    expect(at()).toMatchObject({ at: "emergency", lack: "reason" });
    await admission.breakGlass(reason);
    expect(at()).toEqual({ at: "done", reader: me, by: "here" });
    expect(journal).toEqual([{ consentId: uuid(501), reason }]);
    expect([asked, broken]).toEqual([[], []]);
  });

  test("what the journal cannot open is said, and a registry that answers again needs none", async () => {
    const unheard = setUp(ok(undefined), "here", err("status-unknown"));
    await unheard.admission.breakGlass(reason);
    expect(unheard.at()).toEqual({ at: "failed", reader: me, error: "status-unknown" });
    const back = setUp(ok(undefined), "here", ok("registry-answers"));
    await back.admission.breakGlass(reason);
    expect(back.at()).toEqual({ at: "done", reader: me, by: "registry" });
  });
});
