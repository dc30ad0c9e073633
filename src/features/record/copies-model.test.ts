import { describe, expect, test } from "vitest";
import type { AskCopy, Copies, Copy } from "#protocol/copies.ts";
import { err, ok } from "#protocol/result.ts";
import type { CopyRefusal } from "../../matrix/types.ts";
import { createCopiesModel } from "./copies-model.ts";

const copy = (state: Copy["state"]): Copy => ({
  copyId: "0b7a2c86-3a4e-4c9a-8f7d-5a1f0c7e2d11",
  to: { kind: "patient" },
  name: "Josiane DELATTRE",
  by: "@martin:valombre.example",
  askedAt: "2026-11-24T10:52:00.000Z",
  state,
});

function setUp() {
  const asked: AskCopy[] = [];
  const laters: { call: () => void; ms: number }[] = [];
  const says: { copies: Copies; refusal: CopyRefusal | null; down: boolean } = {
    copies: { canSend: true, usualDoctor: { name: "Dr Louise Lambert", reachable: true }, copies: [] },
    refusal: null,
    down: false,
  };
  let ids = 0;
  const model = createCopiesModel({
    roomId: "!r",
    newId: () => {
      ids += 1;
      return `copy-${ids}`;
    },
    door: {
      readCopies: async () => (says.down ? err("record-unreachable") : ok(says.copies)),
      askCopy: async (_roomId, each) => {
        asked.push(each);
        return says.refusal === null ? ok(undefined) : err(says.refusal);
      },
    },
    later: (call, ms) => {
      laters.push({ call, ms });
      return () => undefined;
    },
  });
  const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
  return { model, asked, laters, says, settled, state: () => model.store.getState() };
}

describe("a copy of the letter", () => {
  test("is asked for only once it is said to whom, and that the patient was told", async () => {
    const { model, asked } = setUp();
    model.begin();
    await model.ask("letter");
    model.choose({ kind: "patient" });
    await model.ask("letter");
    expect(asked).toEqual([]);
    model.tell(true);
    await model.ask("letter");
    expect(asked).toEqual([
      { copyId: "copy-1", entryId: "letter", to: { kind: "patient" }, patientTold: true },
    ]);
  });

  test("keeps what was chosen when it is refused, says why, and goes again under the same id", async () => {
    const { model, asked, says, state } = setUp();
    says.refusal = { code: "bad-request", obstacle: "no-secure-address" };
    model.begin();
    model.choose({ kind: "usual-doctor" });
    model.tell(true);
    await model.ask("letter");
    expect(state().asking).toMatchObject({ at: "choosing", told: true, refused: says.refusal });
    says.refusal = null;
    await model.ask("letter");
    expect(asked.map((each) => each.copyId)).toEqual(["copy-1", "copy-1"]);
    expect(state().asking).toEqual({ at: "no" });
    model.begin();
    expect(state().asking).toMatchObject({ copyId: "copy-2", told: false });
  });

  test("on its way is looked after until the sender has it, and not for ever", async () => {
    const { model, says, laters, settled, state } = setUp();
    says.copies = { ...says.copies, copies: [copy("waiting")] };
    await model.read();
    expect(laters).toHaveLength(1);
    for (let turn = 0; turn < 10; turn += 1) {
      laters.at(-1)?.call();
      await settled();
    }
    expect(laters).toHaveLength(6);
    says.copies = { ...says.copies, copies: [copy("handed")] };
    await model.read();
    expect(laters).toHaveLength(6);
    expect(state().copies?.copies[0]?.state).toBe("handed");
  });

  test("says that the record does not answer, and forgets it when it does", async () => {
    const { model, says, state } = setUp();
    says.down = true;
    await model.read();
    expect(state()).toMatchObject({ copies: null, failed: "record-unreachable" });
    says.down = false;
    await model.read();
    expect(state().failed).toBeNull();
  });
});
