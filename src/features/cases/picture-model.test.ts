import { describe, expect, test } from "vitest";
import { err, ok, type Result } from "#protocol/result.ts";
import type { Picture, PictureRefusal } from "../../matrix/types.ts";
import { createPictureModel } from "./picture-model.ts";

type Answer = Result<Picture, PictureRefusal>;

function setUp(answers: Answer[]) {
  const asked: string[] = [];
  const timers: { ms: number; run: () => void }[] = [];
  const world: { gate: Result<void, PictureRefusal> } = { gate: ok(undefined) };
  const model = createPictureModel({
    roomId: "!r",
    door: {
      readPicture: (_room, eventId, rendition, how) => {
        asked.push(`${eventId} ${rendition} ${how}`);
        return Promise.resolve(answers.shift() ?? err({ kind: "arriving" }));
      },
      mayStillShow: () => Promise.resolve(world.gate),
    },
    later: (ms, run) => {
      timers.push({ ms, run });
      return () => {};
    },
  });
  const settle = () => new Promise((done) => setTimeout(done));
  const run = async (due: (timer: { ms: number }) => boolean) => {
    const at = timers.findIndex(due);
    timers.splice(at, 1)[0]?.run();
    await settle();
  };
  return {
    model,
    asked,
    world,
    /** The next attempt at what is still arriving. */
    next: () => run(({ ms }) => ms < 20_000),
    /** The gate is asked again. */
    lookAgain: () => run(({ ms }) => ms === 20_000),
    settle,
    step: () => model.store.getState().get("$1")?.step,
  };
}
const freed: string[] = [];
const picture = (url: string): Answer =>
  ok({ url, sha256: "a".repeat(64), bytes: 1, release: () => void freed.push(url) });

describe("a picture on screen", () => {
  test("the small one gives way to the whole one, and is freed", async () => {
    const { model, settle } = setUp([picture("small"), picture("whole")]);
    model.preview("$1", "view");
    await settle();
    model.full("$1");
    await settle();
    expect(model.store.getState().get("$1")).toMatchObject({
      step: "shown",
      url: "whole",
      rendition: "full",
    });
    expect(freed).toContain("small");
  });

  test("one that is still arriving is asked for again by itself", async () => {
    const { model, next, settle, step, asked } = setUp([err({ kind: "arriving" }), picture("there")]);
    model.preview("$1", "view");
    await settle();
    expect(step()).toBe("refused");
    await next();
    expect(step()).toBe("shown");
    expect(asked).toEqual(["$1 preview view", "$1 preview view"]);
  });

  test("a withdrawn one goes from the screen, even while its small form is shown", async () => {
    const { model, settle, step } = setUp([picture("gone"), err({ kind: "withdrawn" })]);
    model.preview("$1", "view");
    await settle();
    model.full("$1");
    await settle();
    expect(step()).toBe("refused");
    expect(freed).toContain("gone");
  });

  test("a network that fails for the whole one leaves the small one", async () => {
    const { model, settle, step } = setUp([
      picture("kept"),
      err({ kind: "unavailable", code: "homeserver-unreachable" }),
    ]);
    model.preview("$1", "view");
    await settle();
    model.full("$1");
    await settle();
    expect(step()).toBe("shown");
  });

  test("a refusal is not asked again by itself, only when somebody or the network says so", async () => {
    const { model, settle, asked, step } = setUp([
      err({ kind: "unavailable", code: "homeserver-unreachable" }),
      picture("back"),
      picture("back"),
    ]);
    model.preview("$1", "view");
    await settle();
    model.preview("$1", "view");
    await settle();
    expect(asked).toHaveLength(1);
    model.retryMendable();
    await settle();
    expect(step()).toBe("shown");
  });

  test("a withdrawn one is not asked again when the network is back", async () => {
    const { model, settle, asked } = setUp([err({ kind: "withdrawn" })]);
    model.preview("$1", "view");
    await settle();
    model.retryMendable();
    await settle();
    expect(asked).toHaveLength(1);
  });

  test("asking twice asks once", async () => {
    const { model, settle, asked } = setUp([picture("a")]);
    model.preview("$1", "view");
    model.preview("$1", "view");
    await settle();
    expect(asked).toHaveLength(1);
  });

  test("a person's look is told although the device prepared it before; a second look is not asked twice", async () => {
    const { model, settle, asked } = setUp([picture("a"), picture("b")]);
    model.preview("$1", "machine");
    await settle();
    model.preview("$1", "machine");
    model.preview("$1", "view");
    await settle();
    model.preview("$1", "view");
    model.preview("$1", "machine");
    await settle();
    expect(asked).toEqual(["$1 preview machine", "$1 preview view"]);
  });

  test("a consent that was taken back takes the picture off the screen, and what is on its way never gets there", async () => {
    const { model, settle, step } = setUp([picture("seen"), picture("late")]);
    model.preview("$1", "view");
    await settle();
    model.full("$1");
    model.withdraw(["$1"]);
    expect(step()).toBe("refused");
    expect(freed).toContain("seen");
    await settle();
    expect(step()).toBe("refused");
    expect(freed).toContain("late");
  });

  test("an event that is no more takes its picture along; the others stay", async () => {
    const { model, settle } = setUp([picture("gone too"), picture("stays")]);
    model.preview("$1", "view");
    model.preview("$2", "view");
    await settle();
    model.keepOnly(new Set(["$2"]));
    expect([...model.store.getState().keys()]).toEqual(["$2"]);
    expect(freed).toContain("gone too");
    expect(freed).not.toContain("stays");
  });

  test("while it is on screen its gate is asked again: a refusal takes it away, a yes leaves it", async () => {
    const { model, settle, step, world, lookAgain } = setUp([picture("looked at")]);
    model.preview("$1", "view");
    await settle();
    await lookAgain();
    expect(step()).toBe("shown");
    world.gate = err({ kind: "refused", reason: "expired" });
    await lookAgain();
    expect(step()).toBe("refused");
    expect(freed).toContain("looked at");
  });

  test("stays while the gate says so, and goes when it has been silent for too long; an emergency brings it back", async () => {
    const { model, settle, step, world, lookAgain } = setUp([picture("offline"), picture("again")]);
    model.preview("$1", "view");
    await settle();
    await lookAgain();
    expect(step()).toBe("shown");
    world.gate = err({ kind: "unavailable", code: "registry-unreachable", onDevice: true });
    await lookAgain();
    expect(model.store.getState().get("$1")).toEqual({
      step: "refused",
      refusal: { kind: "unavailable", code: "registry-unreachable", onDevice: true },
    });
    world.gate = ok(undefined);
    model.retryMendable();
    await settle();
    expect(step()).toBe("shown");
  });

  test("what the gate refused is asked again when the patient said something new; what was withdrawn is not", async () => {
    const { model, settle, step, asked } = setUp([
      err({ kind: "refused", reason: "audience-not-covered" }),
      picture("allowed now"),
      picture("whole"),
    ]);
    model.preview("$1", "view");
    await settle();
    model.retryRefused();
    await settle();
    await settle();
    expect(step()).toBe("shown");
    model.withdraw(["$1"]);
    const before = asked.length;
    model.retryRefused();
    await settle();
    expect(asked).toHaveLength(before);
  });
});
