import { describe, expect, test } from "vitest";
import { err, ok, type Result } from "#protocol/result.ts";
import type { Picture, PictureRefusal } from "../../matrix/types.ts";
import { createPictureModel } from "./picture-model.ts";

type Answer = Result<Picture, PictureRefusal>;

function setUp(answers: Answer[]) {
  const asked: string[] = [];
  const timers: (() => void)[] = [];
  const model = createPictureModel({
    roomId: "!r",
    readPicture: (_room, eventId, rendition) => {
      asked.push(`${eventId} ${rendition}`);
      return Promise.resolve(answers.shift() ?? err({ kind: "arriving" }));
    },
    later: (_ms, run) => {
      timers.push(run);
      return () => {};
    },
  });
  const settle = () => new Promise((done) => setTimeout(done));
  const next = async () => {
    timers.shift()?.();
    await settle();
  };
  return { model, asked, next, settle, step: () => model.store.getState().get("$1")?.step };
}
const freed: string[] = [];
const picture = (url: string): Answer =>
  ok({ url, sha256: "a".repeat(64), bytes: 1, release: () => void freed.push(url) });

describe("a picture on screen", () => {
  test("the small one gives way to the whole one, and is freed", async () => {
    const { model, settle } = setUp([picture("small"), picture("whole")]);
    model.preview("$1");
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
    model.preview("$1");
    await settle();
    expect(step()).toBe("refused");
    await next();
    expect(step()).toBe("shown");
    expect(asked).toEqual(["$1 preview", "$1 preview"]);
  });

  test("a withdrawn one goes from the screen, even while its small form is shown", async () => {
    const { model, settle, step } = setUp([picture("gone"), err({ kind: "withdrawn" })]);
    model.preview("$1");
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
    model.preview("$1");
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
    model.preview("$1");
    await settle();
    model.preview("$1");
    await settle();
    expect(asked).toHaveLength(1);
    model.retryMendable();
    await settle();
    expect(step()).toBe("shown");
  });

  test("a withdrawn one is not asked again when the network is back", async () => {
    const { model, settle, asked } = setUp([err({ kind: "withdrawn" })]);
    model.preview("$1");
    await settle();
    model.retryMendable();
    await settle();
    expect(asked).toHaveLength(1);
  });

  test("asking twice asks once", async () => {
    const { model, settle, asked } = setUp([picture("a")]);
    model.preview("$1");
    model.preview("$1");
    await settle();
    expect(asked).toHaveLength(1);
  });
});
