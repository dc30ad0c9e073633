import { describe, expect, test } from "vitest";
import { createFakeDoor, sampleKey } from "../../../e2e/support/fake-door.ts";
import { request, user } from "../../../e2e/support/sample-cases.ts";
import { createSettingsModel } from "./settings-model.ts";

const nowMs = new Date(2026, 10, 24, 12).getTime();
const me = user("martin");

describe("the account", () => {
  test("is the person of the directory, or nobody it knows", () => {
    const known = createSettingsModel({ door: createFakeDoor({ nowMs, me, picture: "" }) });
    expect(known.store.getState().person?.family).toBe("Martin");
    const unknown = createFakeDoor({ nowMs, me: user("nobody"), picture: "" });
    expect(createSettingsModel({ door: unknown }).store.getState().person).toBeNull();
  });

  test("signing out says what would be lost", () => {
    const door = createFakeDoor({ nowMs, me, picture: "" });
    const model = createSettingsModel({ door });
    expect(model.store.getState().unsent).toBe(0);
    const leaving = request(9, nowMs, { requester: me });
    door.cases.setState({
      outgoing: [{ localId: "l", request: leaving, photos: 0, state: "waiting", error: null }],
    });
    expect(model.store.getState().unsent).toBe(1);
  });

  test("nobody signs out before the registry knows of an emergency that was opened here", async () => {
    const door = createFakeDoor({ nowMs, me, picture: "" });
    const model = createSettingsModel({ door });
    const { byRoom } = door.cases.getState();
    const [first] = byRoom.values();
    if (first === undefined) throw new Error("There are cases");
    const item = { localId: "j", kind: "journal", state: "waiting", error: null, atMs: nowMs } as const;
    const pending = [{ ...item, text: null, photo: null, progress: null }];
    door.cases.setState({ byRoom: new Map(byRoom).set(first.roomId, { ...first, pending }) });
    expect(model.store.getState().journal).toBe(1);
    await model.signOut();
    expect(door.session.getState().step).toBe("ready");
    door.cases.setState({ byRoom });
    await model.signOut();
    expect(door.session.getState().step).toBe("signed-out");
  });

  test("the recovery key is owed until it is put away", () => {
    const session = { step: "ready", userId: me, deviceId: "D", recoveryKeyToSave: sampleKey } as const;
    const door = createFakeDoor({ nowMs, me, picture: "", session });
    const model = createSettingsModel({ door });
    expect(model.store.getState().keyToSave).toBe(true);
    door.recoveryKeySaved();
    expect(model.store.getState().keyToSave).toBe(false);
  });
});
