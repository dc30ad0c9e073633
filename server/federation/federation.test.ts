import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ColloqueError } from "#protocol/errors.ts";
import { newPrivateJwk, signCompact, signingKeyOf } from "../kit/jose.ts";
import { createLogger } from "../kit/log.ts";
import { openDatabase } from "../store/index.ts";
import { createFederation, type Federation, type Judge } from "./federation.ts";
import { createLetters, peersOf } from "./letters.ts";
import { answerSchema, federationPaths, mostRevoked, questionSchema } from "./messages.ts";
import { migrations, startTelling } from "./telling.ts";

const mxc = "mxc://a.example/picture";
const reader = "@martin:b.example";
const wish = { mxc, reader, how: "view" as const };
const consentId = randomUUID();
const yes: Judge = async () => ({
  grants: "picture",
  roomId: "!room",
  caseId: randomUUID(),
  consentId,
  receiptId: randomUUID(),
  rendition: "full",
});
const no =
  (code: "withdrawn" | "gate-refused" | "internal"): Judge =>
  async () => {
    throw new ColloqueError(code, { details: { reason: code } });
  };

/** Hospitals A and B that know each other, C that knows A and is known to nobody; time and the line between them in the test's hand. */
async function hospitals() {
  const time = { a: 1_700_000_000_000, b: 1_700_000_000_000, even: 0 };
  const line = { cut: false, copyStays: false, forged: undefined as string | undefined, judge: yes };
  const log = createLogger("silent");
  const newKey = async () => signingKeyOf(await newPrivateJwk());
  const keys = { a: await newKey(), b: await newKey(), c: await newKey() };
  const as = (name: "a" | "b" | "c") => ({
    serverName: `${name}.example`,
    archivist: `@archiviste:${name}.example`,
    url: `https://${name}.example`,
    key: keys[name].publicJwk,
  });
  const sides: { a?: Federation; b?: Federation } = {};
  const hidden: string[] = [];
  const side = (name: "a" | "b" | "c", peer: "a" | "b") => {
    const peers = peersOf([as(peer)]);
    const serverName = `${name}.example`;
    const clock = () => (name === "a" ? time.a : time.b);
    const letters = createLetters({ key: keys[name], serverName, peers, clock });
    const carry = async (_to: unknown, path: string, jws: string) => {
      const to = peer === "a" ? sides.a : sides.b;
      if (line.cut || to === undefined) throw new ColloqueError("registry-unreachable");
      if (line.forged !== undefined) return line.forged;
      if (path === federationPaths.question) return to.answer(jws, line.judge);
      await to.takeBack(jws);
      return "";
    };
    const post = Object.assign(carry, { [Symbol.asyncDispose]: async () => {} });
    const files = { host: "", port: 0, certFile: "", keyFile: "", caFile: "" };
    const parts = {
      config: { ...files, peers: [...peers.all] },
      publicKey: keys[name].publicJwk,
      serverName,
      peers,
      letters,
      post,
      now: () => time.even,
      hideCopy: async (copy: string) => {
        if (line.copyStays) throw new ColloqueError("homeserver-unreachable");
        hidden.push(copy);
      },
      log,
    };
    return { ...parts, federation: createFederation(parts) };
  };
  const [a, b, c] = [side("a", "b"), side("b", "a"), side("c", "a")];
  sides.a = a.federation;
  sides.b = b.federation;
  return { a, b, c, keys, time, line, hidden };
}

describe("a picture of another hospital", () => {
  test("is read on its signed word, asked for at each read", async () => {
    const { b, line } = await hospitals();
    expect(await b.federation.read(wish)).toMatchObject({ grants: "picture", iss: "a.example", reader });
    line.judge = no("gate-refused");
    await expect(b.federation.read(wish)).rejects.toMatchObject({ code: "gate-refused" });
    line.judge = yes;
    expect(await b.federation.read(wish)).toMatchObject({ grants: "picture" });
  });

  test("is known to be read for as long as it is, of its hospital alone", async () => {
    const { b } = await hospitals();
    const lease = await b.federation.read(wish);
    expect(b.federation.isReading("a.example")).toBe(false);
    const [first, second] = [b.federation.during(lease, () => {}), b.federation.during(lease, () => {})];
    expect(b.federation.isReading("a.example")).toBe(true);
    expect(b.federation.isReading("c.example")).toBe(false);
    first[Symbol.dispose]();
    expect(b.federation.isReading("a.example")).toBe(true);
    second[Symbol.dispose]();
    expect(b.federation.isReading("a.example")).toBe(false);
  });

  test("is not looked for at a hospital that the allow-list does not name", async () => {
    const { b } = await hospitals();
    const elsewhere = { ...wish, mxc: "mxc://c.example/picture" };
    await expect(b.federation.read(elsewhere)).rejects.toMatchObject({ code: "not-found" });
  });

  test("is given for the rest of a minute when its hospital is cut off, to who had leave, and then to nobody", async () => {
    const { b, time, line } = await hospitals();
    await b.federation.read(wish);
    line.cut = true;
    time.even += 59_999;
    expect(await b.federation.read(wish)).toMatchObject({ grants: "picture" });
    const other = { ...wish, reader: "@haddad:b.example" };
    await expect(b.federation.read(other)).rejects.toMatchObject({ code: "registry-unreachable" });
    time.even += 1;
    await expect(b.federation.read(wish)).rejects.toMatchObject({ code: "registry-unreachable" });
    line.cut = false;
    expect(await b.federation.read(wish)).toMatchObject({ grants: "picture" });
  });

  test("lives no longer when a clock is set back", async () => {
    const { b, time, line } = await hospitals();
    await b.federation.read(wish);
    line.cut = true;
    time.even += 60_000;
    time.b -= 86_400_000;
    await expect(b.federation.read(wish)).rejects.toMatchObject({ code: "registry-unreachable" });
  });

  test("is closed between hospitals whose clocks are a day apart, and open within five minutes", async () => {
    const { b, time } = await hospitals();
    time.a += 4 * 60_000;
    expect(await b.federation.read(wish)).toMatchObject({ grants: "picture" });
    time.a += 86_400_000;
    time.even += 60_000;
    await expect(b.federation.read(wish)).rejects.toMatchObject({ code: "registry-unreachable" });
  });

  test("is not given on a refusal's earlier yes", async () => {
    const { b, line } = await hospitals();
    await b.federation.read(wish);
    line.judge = no("withdrawn");
    await expect(b.federation.read(wish)).rejects.toMatchObject({ code: "withdrawn" });
    line.cut = true;
    await expect(b.federation.read(wish)).rejects.toMatchObject({ code: "registry-unreachable" });
  });

  test("is not given when its hospital has a fault instead of an answer", async () => {
    const { b, line } = await hospitals();
    line.judge = no("internal");
    await expect(b.federation.read(wish)).rejects.toMatchObject({ code: "registry-unreachable" });
  });

  test("is not given on an answer to another question, by another signer, or to another hospital", async () => {
    const { a, b, keys, line } = await hospitals();
    const claims = {
      kind: "answer",
      nonce: randomUUID(),
      mxc,
      reader,
      grants: "key-bundle",
      iss: "a.example",
      aud: "b.example",
      iat: 1_700_000_000,
    };
    line.forged = await signCompact(keys.a, claims);
    await expect(b.letters.open(answerSchema, line.forged)).resolves.toMatchObject({ word: claims });
    await expect(b.federation.read(wish)).rejects.toMatchObject({ code: "registry-unreachable" });
    line.forged = await signCompact(keys.c, claims);
    await expect(b.letters.open(answerSchema, line.forged)).rejects.toMatchObject({ code: "bad-signature" });
    line.forged = await signCompact(keys.a, { ...claims, aud: "c.example" });
    await expect(b.letters.open(answerSchema, line.forged)).rejects.toMatchObject({ code: "bad-signature" });
    // Signed by the right one, but a word of another kind.
    const [peer] = a.peers.all;
    if (peer === undefined) throw new Error("no peer");
    line.forged = await a.letters.seal(peer, { kind: "revocation", consentId, mxcs: [] });
    await expect(b.letters.open(answerSchema, line.forged)).rejects.toMatchObject({ code: "bad-signature" });
  });
});

describe("a question of another hospital", () => {
  const ask = async (from: "b" | "c", change: object = {}) => {
    const { a, b, c } = await hospitals();
    const asking = from === "b" ? b : c;
    const [peer] = asking.peers.all;
    if (peer === undefined) throw new Error("no peer");
    const question = { kind: "question", nonce: randomUUID(), ...wish, ...change };
    const answer = await a.federation.answer(await asking.letters.seal(peer, question), yes);
    return (await b.letters.open(answerSchema, answer)).word;
  };

  test("is answered when it is for one of its own people and a picture of ours", async () => {
    expect(await ask("b")).toMatchObject({ grants: "picture" });
    expect(await ask("b", { reader: "@leroy:a.example" })).toMatchObject({ code: "not-allowed" });
    expect(await ask("b", { mxc: "mxc://b.example/x" })).toMatchObject({ code: "not-allowed" });
  });

  test("lets the bytes leave to that hospital for a minute after a yes, and not after a no", async () => {
    const { a, b, time, line } = await hospitals();
    expect(a.federation.hasLeave("b.example", mxc)).toBe(false);
    line.judge = no("gate-refused");
    await expect(b.federation.read(wish)).rejects.toThrow();
    expect(a.federation.hasLeave("b.example", mxc)).toBe(false);
    line.judge = yes;
    await b.federation.read(wish);
    expect(a.federation.hasLeave("b.example", mxc)).toBe(true);
    expect(a.federation.hasLeave("c.example", mxc)).toBe(false);
    time.even += 60_000;
    expect(a.federation.hasLeave("b.example", mxc)).toBe(false);
  });

  test("is not heard from a hospital that the allow-list does not name, or in its name", async () => {
    await expect(ask("c")).rejects.toMatchObject({ code: "not-allowed" });
    const { a, keys } = await hospitals();
    const inTheNameOfB = { iss: "b.example", aud: "a.example", iat: 1_700_000_000 };
    const question = { ...inTheNameOfB, kind: "question", nonce: randomUUID(), ...wish };
    const good = await signCompact(keys.b, question);
    await expect(a.letters.open(questionSchema, good)).resolves.toMatchObject({ word: question });
    const bad = await signCompact(keys.c, question);
    await expect(a.federation.answer(bad, yes)).rejects.toMatchObject({ code: "bad-signature" });
    await expect(a.federation.answer("nonsense", yes)).rejects.toMatchObject({ code: "bad-signature" });
  });
});

describe("a withdrawal there", () => {
  type Withdrawn = { consentId: string; mxcs: readonly string[] };

  /** Hospital A, telling of what was withdrawn; the same database over its restarts. */
  async function teller(all: Awaited<ReturnType<typeof hospitals>>, withdrawn: Withdrawn[]) {
    const db = openDatabase(":memory:");
    await db.migrate("federation", migrations);
    const said: string[] = [];
    const post = Object.assign(
      async (...given: Parameters<typeof all.a.post>) => {
        said.push(given[1]);
        return all.a.post(...given);
      },
      { [Symbol.asyncDispose]: async () => {} },
    );
    const start = () =>
      startTelling({ ...all.a, post, db, clock: () => 0, withdrawn: async () => withdrawn, againMs: 20 });
    return { start, said, [Symbol.asyncDispose]: () => db[Symbol.asyncDispose]() };
  }
  async function tell(all: Awaited<ReturnType<typeof hospitals>>, withdrawn: Withdrawn): Promise<void> {
    await using of = await teller(all, [withdrawn]);
    await using _telling = of.start();
    await expect.poll(() => of.said).toHaveLength(1);
  }

  test("ends the leave and whatever is on its way, hides the copy, and is not undone by a late yes", async () => {
    const all = await hospitals();
    const { b, line, hidden } = all;
    const lease = await b.federation.read(wish);
    let stopped = 0;
    using _listening = b.federation.during(lease, () => {
      stopped += 1;
    });
    const late = Promise.withResolvers<void>();
    line.judge = async (asked) => {
      await late.promise;
      return yes(asked);
    };
    const reading = b.federation.read(wish);
    await tell(all, { consentId, mxcs: [mxc] });
    late.resolve();
    await expect(reading).rejects.toMatchObject({ code: "withdrawn" });
    expect(stopped).toBe(1);
    expect(hidden).toEqual([mxc]);
    b.federation.during(lease, () => {
      stopped += 1;
    });
    expect(stopped).toBe(2);
    line.cut = true;
    await expect(b.federation.read(wish)).rejects.toMatchObject({ code: "registry-unreachable" });
  });

  test("does not touch what is another hospital's, or another consent's", async () => {
    const all = await hospitals();
    const { b, line, hidden } = all;
    await b.federation.read(wish);
    await tell(all, { consentId, mxcs: ["mxc://b.example/own", "mxc://c.example/other"] });
    expect(hidden).toEqual([]);
    line.judge = async (asked) => ({ ...(await yes(asked)), consentId: randomUUID() });
    await b.federation.read(wish);
    await tell(all, { consentId: randomUUID(), mxcs: [mxc] });
    line.cut = true;
    expect(await b.federation.read(wish)).toMatchObject({ grants: "picture" });
  });

  describe("hides a copy once more a minute later: its last byte may have come before the word, and be entered after it", () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
    afterEach(() => void vi.useRealTimers());

    /** Hospital B, which has just heard the word. */
    async function heard() {
      const all = await hospitals();
      const [peer] = all.a.peers.all;
      if (peer === undefined) throw new Error("no peer");
      const word = { kind: "revocation", consentId, mxcs: [mxc] };
      await all.b.federation.takeBack(await all.a.letters.seal(peer, word));
      expect(all.hidden).toEqual([mxc]);
      return all;
    }

    test("and then no more", async () => {
      const { hidden } = await heard();
      await vi.advanceTimersByTimeAsync(59_999);
      expect(hidden).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(hidden).toEqual([mxc, mxc]);
      await vi.advanceTimersByTimeAsync(600_000);
      expect(hidden).toHaveLength(2);
    });

    test("or at the next minute, where its homeserver was away", async () => {
      const { hidden, line } = await heard();
      line.copyStays = true;
      await vi.advanceTimersByTimeAsync(60_000);
      line.copyStays = false;
      await vi.advanceTimersByTimeAsync(60_000);
      expect(hidden).toEqual([mxc, mxc]);
    });

    test("unless it is closed by then", async () => {
      const { b } = await heard();
      expect(vi.getTimerCount()).toBe(1);
      await b.federation[Symbol.asyncDispose]();
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  test("is told again until the other hospital hears it, and then no more", async () => {
    const all = await hospitals();
    await using of = await teller(all, [{ consentId, mxcs: [mxc] }]);
    await using telling = of.start();
    all.line.cut = true;
    await expect.poll(() => of.said.length).toBeGreaterThan(1);
    expect(all.hidden).toEqual([]);
    all.line.cut = false;
    await expect.poll(() => all.hidden).toEqual([mxc]);
    telling.kick();
    await telling[Symbol.asyncDispose]();
    expect(all.hidden).toEqual([mxc]);
  });

  test("is told after a restart of ours, when it was not heard before", async () => {
    const all = await hospitals();
    await using of = await teller(all, [{ consentId, mxcs: [mxc] }]);
    all.line.cut = true;
    {
      await using _before = of.start();
      await expect.poll(() => of.said.length).toBeGreaterThan(0);
    }
    all.line.cut = false;
    expect(all.hidden).toEqual([]);
    await using _telling = of.start();
    await expect.poll(() => all.hidden).toEqual([mxc]);
  });

  test("is told again while a copy is still there", async () => {
    const all = await hospitals();
    all.line.copyStays = true;
    await using of = await teller(all, [{ consentId, mxcs: [mxc] }]);
    await using _telling = of.start();
    await expect.poll(() => of.said.length).toBeGreaterThan(1);
    all.line.copyStays = false;
    await expect.poll(() => all.hidden).toEqual([mxc]);
  });

  test("of many pictures is told in several words, and many withdrawals wait for no lost one", async () => {
    const all = await hospitals();
    const mxcs = Array.from({ length: mostRevoked + 1 }, (_, n) => `mxc://a.example/p${n}`);
    const strangers = { consentId: "nonsense", mxcs: [mxc] };
    await using of = await teller(all, [strangers, { consentId, mxcs }]);
    await using _telling = of.start();
    await expect.poll(() => all.hidden).toEqual(mxcs);
  });
});
