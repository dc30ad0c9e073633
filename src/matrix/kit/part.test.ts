import { expect, test } from "vitest";
import { createPart, NotLoadedError } from "./part.ts";

test("a part is loaded once, however many ask for it", async () => {
  let loads = 0;
  const part = createPart(async () => {
    loads += 1;
    return "engine";
  });
  expect(await Promise.all([part(), part()])).toEqual(["engine", "engine"]);
  expect(await part()).toBe("engine");
  expect(loads).toBe(1);
});

test("a part that did not arrive is asked for again by the next", async () => {
  const answers = [new TypeError("no network"), "engine"];
  const part = createPart(async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  });
  await expect(part()).rejects.toThrow(NotLoadedError);
  expect(await part()).toBe("engine");
});
