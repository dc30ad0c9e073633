import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ColloqueError } from "#protocol/errors.ts";
import { rates } from "./rate-limit.ts";
import { type Gateway, leroy, mallory, openGateway } from "./testing/a-gateway.ts";

const id = "abcdefghijklmnopqrstuv";
const unknown = "zzzzzzzzzzzzzzzzzzzzzz";
const sealed = "A".repeat(60);
const proof = "p".repeat(43);
const jws = "aGVhZGVy.cGF5bG9hZA.c2lnbmF0dXJl";
const ids = {
  consentId: "8f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f",
  caseId: "7f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f",
};
const link = { state: "waiting" as const, expiresInMs: 1, nowMs: 2 };
const answerBody = { jws, body: { sealed, copy: { copyId: id, cover: sealed, sealed, proof } } };

let gateway: Gateway;
let calls: unknown[][];
beforeEach(async () => {
  calls = [];
  const note =
    <T>(name: string, answer: T) =>
    async (...args: unknown[]): Promise<T> => {
      calls.push([name, ...args.filter((each) => !(each instanceof AbortSignal))]);
      if (JSON.stringify(args).includes(unknown)) throw new ColloqueError("not-found");
      return answer;
    };
  gateway = await openGateway({
    patient: {
      open: note("open", link),
      stateOf: note("stateOf", link),
      cancel: note("cancel", undefined),
      openOnPhone: note("openOnPhone", { sealed, expiresInMs: 1, nowMs: 2 }),
      answer: note("answer", undefined),
      cover: note("cover", sealed),
      read: note("read", { open: false, triesLeft: 4 }),
      withdraw: note("withdraw", undefined),
    },
  });
});
afterEach(async () => gateway[Symbol.asyncDispose]());

const refused = (status: number, code: string, more: object = {}) => ({
  status,
  json: expect.objectContaining({ code, ...more }),
});
const post = (path: string, body: object, as?: string) =>
  gateway.ask("POST", `/colloque/v1/patient/${path}`, {
    body: { ...body },
    ...(as === undefined ? {} : { as }),
  });

describe("a clinician's link", () => {
  test.each<[string, object, object, unknown[]]>([
    ["links", { linkId: id, ...ids, sealed }, link, ["open", leroy, { linkId: id, ...ids, sealed }]],
    [`links/${id}/state`, { known: "opened" }, link, ["stateOf", leroy, id, "opened"]],
    [`links/${id}/state`, {}, link, ["stateOf", leroy, id, undefined]],
    [`links/${id}/cancel`, {}, {}, ["cancel", leroy, id]],
  ])("%s is for a clinician of the directory", async (path, body, answer, call) => {
    expect(await post(path, body, leroy)).toMatchObject({ status: 200, json: answer });
    expect(calls).toEqual([call]);
    expect(await post(path, body, mallory)).toMatchObject(refused(403, "not-allowed"));
    expect(await post(path, body)).toMatchObject(refused(401, "not-signed-in"));
    expect(calls).toHaveLength(1);
  });

  test("is well formed", async () => {
    expect(await post("links", { linkId: id }, leroy)).toMatchObject(refused(400, "bad-request"));
    expect(await post("links/short/cancel", {}, leroy)).toMatchObject(refused(400, "bad-request"));
    expect(await post("links/short/state", {}, leroy)).toMatchObject(refused(400, "bad-request"));
    expect(await post(`links/${id}/state`, { known: "?" }, leroy)).toMatchObject(refused(400, "bad-request"));
    expect(calls).toEqual([]);
  });

  test("is no longer asked about once the browser has gone", async () => {
    const heard = Promise.withResolvers<boolean>();
    await using own = await openGateway({
      patient: {
        stateOf: (_owner, _link, _known, signal) =>
          new Promise((resolve) => {
            signal.addEventListener("abort", () => {
              heard.resolve(true);
              resolve(link);
            });
          }),
      },
    });
    const gone = new AbortController();
    const asking = fetch(`${own.hospital.now().address}/colloque/v1/patient/links/${id}/state`, {
      method: "POST",
      signal: gone.signal,
      headers: { authorization: `Bearer token-of-${leroy}`, "content-type": "application/json" },
      body: "{}",
    }).catch(() => undefined);
    await new Promise((passed) => setTimeout(passed, 50));
    gone.abort();
    await asking;
    expect(await heard.promise).toBe(true);
  });
});

const onPhone: [string, object, object, unknown[]][] = [
  ["open", { jws }, { sealed, expiresInMs: 1, nowMs: 2 }, ["openOnPhone", jws]],
  ["answer", answerBody, {}, ["answer", answerBody]],
  ["copy/cover", { copyId: id }, { cover: sealed }, ["cover", id]],
  ["copy/read", { copyId: id, proof }, { open: false, triesLeft: 4 }, ["read", id, proof]],
  ["copy/withdraw", { copyId: id }, { state: "withdrawn" }, ["withdraw", id]],
];

describe("a patient's phone", () => {
  test.each(onPhone)(
    "asks %s without an account, with what the link gives",
    async (path, body, answer, call) => {
      const given = await post(path, body);
      expect(given).toMatchObject({ status: 200, json: answer });
      expect(given.json).toEqual(answer);
      expect(given.headers["cache-control"]).toBe("no-store");
      expect(calls).toEqual([call]);
    },
  );

  test.each(onPhone)("that guesses %s learns nothing, whatever is wrong with it", async (path) => {
    const malformed = await post(path, { copyId: "short" });
    expect(malformed).toMatchObject(refused(404, "not-found"));
    expect(calls).toEqual([]);
    const guess = await post("copy/cover", { copyId: unknown });
    expect(guess.text).toBe(malformed.text);
  });

  test("may send as much as a signature and a copy take, and no more", async () => {
    const long = (letters: number) => ({ jws, filler: "x".repeat(letters) });
    expect(await post("open", long(390_000))).toMatchObject({ status: 200 });
    expect(await post("open", long(400_001))).toMatchObject(refused(413, "too-large"));
    expect(
      await post(
        "links",
        { linkId: id, ...ids, sealed: "A".repeat(120_000), filler: "x".repeat(270_000) },
        leroy,
      ),
    ).toMatchObject({ status: 200 });
  });

  test("that guesses must wait after a few; one that knows its link need not", async () => {
    const guess = async () => (await post("copy/cover", { copyId: unknown })).status;
    for (let n = 0; n < 30; n += 1) await post("copy/cover", { copyId: id });
    const answers = [];
    for (let n = 0; n <= rates.misses.burst; n += 1) answers.push(await guess());
    expect(answers.indexOf(429)).toBe(rates.misses.burst);
    expect((await post("copy/cover", { copyId: id })).status).toBe(200);
  });

  test("must wait after many requests of any kind", async () => {
    const { burst } = rates.phone;
    for (let n = 0; n < burst; n += 1) expect((await post("copy/cover", { copyId: id })).status).toBe(200);
    expect(await post("copy/cover", { copyId: id })).toMatchObject(refused(429, "too-many"));
  });

  test("is told of a fault that is no miss without being made to wait for it", async () => {
    await using own = await openGateway({
      patient: {
        cover: async () => {
          throw new ColloqueError("registry-unreachable");
        },
      },
    });
    for (let n = 0; n <= rates.misses.burst; n += 1)
      expect(
        await own.ask("POST", "/colloque/v1/patient/copy/cover", { body: { copyId: id } }),
      ).toMatchObject(refused(503, "registry-unreachable"));
  });
});
