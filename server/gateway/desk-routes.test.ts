import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DeskDecision, DeskPiece } from "#protocol/filing-desk.ts";
import { type Gateway, leroy, mallory, martin, openCase, openGateway, userOf } from "./testing/a-gateway.ts";

const admin = userOf("admin");
const path = "/colloque/v1/admin/filing";

const piece = (roomId: string, change: Partial<DeskPiece> = {}): DeskPiece => ({
  eventId: "$parked",
  roomId,
  kind: "photo",
  state: "parked",
  code: "record-refused-422",
  sinceMs: Date.parse("2026-03-01T09:00:00Z"),
  sentBy: leroy,
  sentAtMs: Date.parse("2026-03-01T08:59:00Z"),
  behind: 3,
  ...change,
});

let gateway: Gateway;
let pieces: DeskPiece[];
let done: { retried: string[]; resolved: (DeskDecision & { eventId: string })[] };

beforeEach(async () => {
  pieces = [];
  done = { retried: [], resolved: [] };
  const find = (eventId: string) => pieces.find((each) => each.eventId === eventId);
  gateway = await openGateway({
    env: { COLLOQUE_ADMINISTRATORS: `${admin}, ${userOf("haddad")}` },
    needs: {
      desk: {
        pieces: async () => pieces,
        resolved: async () => [],
        retry: async (eventId) => {
          if (find(eventId) !== undefined) done.retried.push(eventId);
          return find(eventId) !== undefined;
        },
        resolve: async (eventId, decision) => {
          const found = find(eventId);
          if (found === undefined) return [];
          done.resolved.push({ ...decision, eventId });
          return [{ ...decision, eventId, roomId: found.roomId, kind: found.kind, atMs: 0 }];
        },
      },
    },
  });
});
afterEach(() => gateway[Symbol.asyncDispose]());

const body = { how: "filed-by-hand", why: "Versée par le secrétariat." };
const calls: [string, string][] = [
  ["GET", path],
  ["POST", `${path}/$parked/retry`],
  ["POST", `${path}/$parked/resolve`],
];

describe("the filing desk", () => {
  test.each(calls)(
    "%s %s is refused to clinicians, to strangers and to nobody; an administrator may",
    async (method, at) => {
      const inCase = await openCase(gateway);
      pieces = [piece(inCase.roomId)];
      const ask = (as?: string) =>
        gateway.ask(method, at, {
          ...(as === undefined ? {} : { as }),
          ...(method === "POST" ? { body } : {}),
        });
      for (const as of [leroy, martin, mallory]) {
        const refused = await ask(as);
        expect([refused.status, refused.json.code]).toEqual([403, "not-allowed"]);
        expect(refused.text).not.toContain("$parked");
      }
      expect((await ask()).status).toBe(401);
      expect(done).toEqual({ retried: [], resolved: [] });
      expect((await ask(admin)).status).toBe(200);
    },
  );

  test("says what is parked, of which case by its short reference, and nothing more of that", async () => {
    const inCase = await openCase(gateway);
    pieces = [
      piece(inCase.roomId),
      piece("!gone:valombre.example", { eventId: "$waits", state: "waiting", code: null }),
      piece(inCase.roomId, { eventId: "$unread", kind: "unread", state: "unreadable", code: "NO_KEY" }),
    ];
    const { json, headers } = await gateway.ask("GET", path, { as: admin });
    const caseRef = `${inCase.caseId.slice(0, 4)}-${inCase.caseId.slice(4, 8)}`.toUpperCase();
    expect(json.items).toEqual([
      {
        id: "$parked",
        kind: "photo",
        state: "parked",
        reason: "record-refused",
        code: "record-refused-422",
        caseRef,
        sentBy: leroy,
        sentAt: "2026-03-01T08:59:00.000Z",
        since: "2026-03-01T09:00:00.000Z",
        behind: 3,
      },
      expect.objectContaining({ id: "$waits", reason: "waiting-long", caseRef: null }),
      expect.objectContaining({ id: "$unread", reason: "key-missing", caseRef }),
    ]);
    expect(headers["cache-control"]).toBe("no-store");
  });

  test("lists two hundred and says that there are more", async () => {
    pieces = Array.from({ length: 201 }, (_, index) =>
      piece("!gone:valombre.example", { eventId: `$${index}` }),
    );
    const { json } = await gateway.ask("GET", path, { as: admin });
    expect([json.items].flat()).toHaveLength(200);
    expect(json.more).toBe(true);
  });

  test("acts once it is asked to, and writes down who did what; of the words only their hash", async () => {
    const inCase = await openCase(gateway);
    pieces = [piece(inCase.roomId)];
    await gateway.ask("POST", `${path}/$parked/retry`, { as: admin });
    await gateway.ask("POST", `${path}/$parked/resolve`, { as: admin, body });
    expect(done).toEqual({ retried: ["$parked"], resolved: [{ ...body, by: admin, eventId: "$parked" }] });
    expect(await gateway.audited("filing-retried")).toMatchObject([{ actor: admin, eventId: "$parked" }]);
    const resolved = await gateway.audited("filing-resolved");
    expect(resolved).toMatchObject([{ actor: admin, eventId: "$parked", how: "filed-by-hand" }]);
    expect(JSON.stringify(resolved)).not.toContain("secrétariat");
  });

  test("says not-found of what waits for nobody any more, and writes nothing down", async () => {
    for (const act of ["retry", "resolve"]) {
      const answer = await gateway.ask("POST", `${path}/$gone/${act}`, { as: admin, body });
      expect([answer.status, answer.json.code]).toEqual([404, "not-found"]);
    }
    expect(await gateway.audited("filing-resolved")).toEqual([]);
  });

  test.each([
    [{ how: "filed-by-hand", why: "  court  " }],
    [{ how: "filed-by-hand" }],
    [{ how: "deleted", why: body.why }],
    [{ ...body, why: "a".repeat(501) }],
  ])("a decision without its reason in words is refused: %j", async (wrong) => {
    pieces = [piece("!gone:valombre.example")];
    const answer = await gateway.ask("POST", `${path}/$parked/resolve`, { as: admin, body: wrong });
    expect([answer.status, answer.json.code]).toEqual([400, "bad-request"]);
    expect(done.resolved).toEqual([]);
  });

  test("everybody learns what they are taken for", async () => {
    const me = async (as: string) => (await gateway.ask("GET", "/colloque/v1/me", { as })).json;
    expect(await me(admin)).toEqual({ clinician: false, administrator: true });
    expect(await me(userOf("haddad"))).toEqual({ clinician: true, administrator: true });
    expect(await me(leroy)).toEqual({ clinician: true, administrator: false });
    expect(await me(mallory)).toEqual({ clinician: false, administrator: false });
  });
});

test("where filing does not run, the desk says so", async () => {
  await using without = await openGateway({ env: { COLLOQUE_ADMINISTRATORS: admin } });
  const answer = await without.ask("GET", path, { as: admin });
  expect([answer.status, answer.json.code]).toEqual([503, "record-unreachable"]);
});
