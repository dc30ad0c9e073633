import { describe, expect, test } from "vitest";
import { frenchRules } from "#protocol/consent-rules.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import type { SignedGlass } from "#protocol/glass.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import { createBreaking } from "./breaking.ts";
import { sha256Hex, utf8 } from "./kit/bytes.ts";
import type { NewItem } from "./outbox/outbox.ts";
import type { Lease } from "./registry.ts";
import { verifySigned } from "./session/signing.ts";
import { at, colleague, nowMs, testConsent, testRegistry } from "./testing/people.ts";

const registry = await testRegistry();
const signer = await registry.certified(colleague);
const consent = testConsent(["opinion", "care-named"]);
const { consentId, caseId } = consent;
const reason = "arrêt cardiaque, famille injoignable";
const hourMs = 3_600_000;

/** The registry was heard at nine and is asked at ten; this device's own clock is a day ahead. */
function setUp(given: {
  asked: Result<readonly Lease[], ErrorCode>;
  state?: "live" | "withdrawn";
  heard?: boolean;
  full?: boolean;
}) {
  const items: NewItem[] = [];
  const opened: string[] = [];
  const brought: SignedGlass[] = [];
  const claims = {
    iss: "registry",
    consentId,
    caseId,
    state: given.state ?? ("live" as const),
    withdrawnReceipts: [],
    glasses: [],
    iat: nowMs / 1000 - 3600,
    exp: nowMs / 1000 - 3540,
  };
  const last: Lease = { jws: "", claims, ageMs: () => 24 * hourMs, leastAgeMs: () => hourMs };
  const breaking = createBreaking({
    outbox: {
      add: async (added) => {
        if (given.full === true) return err("storage-full");
        expect(opened).toEqual([]);
        items.push(...added);
        return ok(undefined);
      },
    },
    registry: {
      breakGlass: async (glass) => {
        brought.push(glass);
        return ok(undefined);
      },
    },
    leases: {
      of: async () => given.asked,
      lastHeard: async () => (given.heard === false ? null : [last]),
      forget: () => undefined,
    },
    emergencies: { open: (id) => void opened.push(id) },
    rules: async () => frenchRules,
    clock: { nowMs: () => nowMs + 24 * hourMs },
    at: (roomId) => (roomId === "!room" ? { caseId, userId: colleague, signer } : null),
  });
  return { breaking, items, opened, brought };
}

const away = err("registry-unreachable" as const);

describe("an emergency while the registry is silent", () => {
  test("is signed for fifteen minutes by the registry's time, written down for the case and the journal, and then opens", async () => {
    const { breaking, items, opened, brought } = setUp({ asked: away });
    expect(await breaking.breakGlassHere("!room", { consentId, reason: ` ${reason} ` })).toEqual(
      ok("opened"),
    );
    expect(items.map(({ body }) => body.kind)).toEqual(["glass", "journal"]);
    const [told, journal] = items.map(({ body }) => body);
    if (told?.kind !== "glass" || journal?.kind !== "journal") throw new Error("both are there");
    expect(told.reason).toBe(reason);
    expect(journal.glass).toEqual(told.glass);
    expect(journal.glass.payload).toMatchObject({
      caseId,
      consentId,
      reader: colleague,
      openedBy: colleague,
      reasonSha256: await sha256Hex(utf8(reason)),
      openedAt: at(nowMs),
      endsAt: at(nowMs + 15 * 60_000),
    });
    const by = { signer: colleague, signedAtMs: nowMs };
    expect((await verifySigned(journal.glass, registry.key, by)).ok).toBe(true);
    expect(opened).toEqual([consentId]);
    expect(brought).toEqual([]);
  });

  test("where the registry answers, nothing is signed nor opened", async () => {
    const { breaking, items, opened } = setUp({ asked: ok([]) });
    expect(await breaking.breakGlassHere("!room", { consentId, reason })).toEqual(ok("registry-answers"));
    expect([items, opened]).toEqual([[], []]);
  });

  test.each<[string, Parameters<typeof setUp>[0], string, string]>([
    ["the registry says no", { asked: err("not-a-member") }, "!room", "not-a-member"],
    ["this device never heard of the consent", { asked: away, heard: false }, "!room", "status-unknown"],
    ["it heard that the patient took it back", { asked: away, state: "withdrawn" }, "!room", "withdrawn"],
    ["it cannot be written down", { asked: away, full: true }, "!room", "storage-full"],
    ["there is no such case here", { asked: away }, "!other", "not-found"],
  ])("opens nothing when %s", async (_why, given, roomId, error) => {
    const { breaking, items, opened } = setUp(given);
    expect(await breaking.breakGlassHere(roomId, { consentId, reason })).toEqual(err(error));
    expect([items, opened]).toEqual([[], []]);
  });
});

describe("a glass broken with the registry", () => {
  test("is told to the case once the registry has it, for its hours", async () => {
    const { breaking, items, opened, brought } = setUp({ asked: ok([]) });
    expect(await breaking.breakGlass("!room", { consentId, reader: colleague, reason })).toEqual(
      ok(undefined),
    );
    expect(brought[0]?.payload.endsAt).toBe(at(nowMs + 24 * hourMs + 4 * hourMs));
    expect(items.map(({ body }) => body.kind)).toEqual(["glass"]);
    expect(opened).toEqual([]);
  });
});
