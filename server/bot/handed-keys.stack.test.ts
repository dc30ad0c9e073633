import { randomUUID } from "node:crypto";
import { createServer, request } from "node:http";
import { expect, test } from "vitest";
import { z } from "zod";
import { clinician, homeserver, register } from "./testing/people.ts";
import { bodies, setStage } from "./testing/stage.ts";

const stage = setStage();

/** The homeserver, which does not give out a file the first times that it is asked for one. */
async function withoutFiles(times: number) {
  let left = times;
  const server = createServer((asked, answer) => {
    if (asked.url?.includes("/media/download/") === true && left-- > 0)
      return void answer.writeHead(502).end();
    const options = { method: asked.method, headers: asked.headers };
    const onward = request(new URL(asked.url ?? "/", homeserver().url), options, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = z.object({ port: z.number() }).parse(server.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    refused: () => times - Math.max(0, left),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("asked into a case late, the archivist reads what was said before, though the keys could not be fetched at first", {
  timeout: 120_000,
}, async () => {
  await using proxy = await withoutFiles(2);
  // Its keys must be known before anybody writes to it.
  await (await stage.startBot()).kill();
  await register(`requester${stage.suffix}`);
  const requester = await clinician(`requester${stage.suffix}`, "R1", stage.bot);
  const roomId = z
    .string()
    .parse(await requester.call("createCase", { caseId: randomUUID(), bot: stage.bot, alone: true }));
  const told = ["one", "two", "three"];
  const steps = told.map((body) => ({ body, as: "message" }));
  await requester.call("play", { roomId, steps, alone: true });
  await requester.call("invite", { roomId, userId: stage.bot });
  await requester.call("play", { roomId, steps: [{ body: "four", as: "message" }] });

  const archivist = await stage.startBot({ url: proxy.url });
  await archivist.until("all that was said", (lines) => bodies(lines).length >= 4);
  expect(bodies(archivist.lines)).toEqual([...told, "four"]);
  expect(proxy.refused()).toBe(2);
  expect(archivist.lines.filter((line) => line.audit !== undefined)).toEqual([]);
});
