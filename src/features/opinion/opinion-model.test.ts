import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createStore } from "zustand/vanilla";
import { emptyCase } from "#protocol/case-state.ts";
import { opinionSchema } from "#protocol/events.ts";
import { err, ok } from "#protocol/result.ts";
import type { AmendmentReason, CaseRecord, CasesState, OpinionDraft } from "../../matrix/types.ts";
import { createFakeVault } from "../testing/index.ts";
import { createOpinionModel, type OpinionDeps } from "./opinion-model.ts";

const roomId = "!room";

function setUp(
  vault = createFakeVault(),
  answer: Awaited<ReturnType<OpinionDeps["door"]["giveOpinion"]>> = ok(undefined),
  amending?: OpinionDeps["amending"],
) {
  const given: OpinionDraft[] = [];
  const cases = createStore<CasesState>(() => ({
    loaded: true,
    synced: true,
    byRoom: new Map(),
    outgoing: [],
  }));
  const model = createOpinionModel({
    door: {
      vault,
      cases,
      async giveOpinion(_room, opinion) {
        given.push(opinion);
        return answer;
      },
    },
    roomId,
    ...(amending !== undefined && { amending }),
    newId: randomUUID,
    picturesSeen: () => ["a".repeat(64)],
  });
  return { model, given, vault, cases };
}

function writeAll(model: ReturnType<typeof setUp>["model"]) {
  model.write("assessment", " Mélanome jusqu’à preuve du contraire. ");
  model.setCertainty("very-probable");
  model.write("plan", "Exérèse complète.");
  model.write("ifWorse", "Appeler le 15.");
  model.setInPerson(true);
  model.setWhen("vendredi 27 novembre à 10 h 20");
}

describe("an opinion being written", () => {
  test("says what lacks, one thing after the other, and then nothing", async () => {
    const { model } = setUp();
    await model.load();
    expect(model.hold()).toBe("assessment");
    model.write("assessment", "Mélanome.");
    expect(model.hold()).toBe("certainty");
    model.setCertainty("probable");
    expect(model.hold()).toBe("plan");
    model.write("plan", "Exérèse.");
    expect(model.hold()).toBe("if-worse");
    model.write("ifWorse", "Appeler.");
    expect(model.hold()).toBe("in-person");
    model.setInPerson(true);
    expect(model.hold()).toBe("when");
    model.setInPerson(false);
    expect(model.hold()).toBeNull();
  });

  test("survives a reload with the same id, so that it cannot be given twice", async () => {
    const { model, vault } = setUp();
    await model.load();
    writeAll(model);
    await new Promise((resolve) => setTimeout(resolve));
    const again = setUp(vault).model;
    await again.load();
    expect(again.store.getState().text).toEqual(model.store.getState().text);
  });

  test("is held when somebody else has answered meanwhile", async () => {
    const { model, cases } = setUp();
    await model.load();
    writeAll(model);
    const answered: Pick<CaseRecord, "state"> = {
      state: {
        ...emptyCase,
        opinion: {
          eventId: "$e",
          sender: "@x:y",
          atMs: 1,
          opinion: { payload: opinionOfAnother, jws: "a..b", certificate: "a.b.c" },
        },
      },
    };
    const record: CaseRecord = {
      roomId,
      caseId: opinionOfAnother.caseId,
      members: [],
      invited: [],
      pending: [],
      unreadable: [],
      refused: [],
      ...answered,
    };
    cases.setState({ byRoom: new Map([[roomId, record]]) });
    expect(model.hold()).toBe("already-answered");
  });
});

describe("giving it", () => {
  test("hands over the trimmed text and the pictures that were seen, once, and forgets the draft", async () => {
    const { model, given, vault } = setUp();
    await model.load();
    writeAll(model);
    await Promise.all([model.give(), model.give()]);
    expect(given).toHaveLength(1);
    expect(given[0]).toMatchObject({
      assessment: "Mélanome jusqu’à preuve du contraire.",
      certainty: "very-probable",
      inPerson: { needed: true, when: "vendredi 27 novembre à 10 h 20" },
      picturesSeen: ["a".repeat(64)],
    });
    expect(model.store.getState().step).toEqual({ at: "given" });
    expect(vault.kept.size).toBe(0);
  });

  test("that fails keeps every word", async () => {
    const { model, vault } = setUp(createFakeVault(), err("homeserver-unreachable"));
    await model.load();
    writeAll(model);
    await model.give();
    expect(model.store.getState().step).toEqual({ at: "failed", error: "homeserver-unreachable" });
    expect(vault.kept.size).toBe(1);
  });

  test("an incomplete one is not handed over", async () => {
    const { model, given } = setUp();
    await model.load();
    await model.give();
    expect(given).toEqual([]);
  });
});

describe("a later version", () => {
  const version = {
    eventId: "$first",
    atMs: 1,
    opinion: opinionSchema.parse(opinionOf("@me:y")),
    amended: null,
  };
  function amending(vault = createFakeVault(), of = version) {
    const sent: { draft: OpinionDraft; why: AmendmentReason }[] = [];
    const { model, given } = setUp(vault, ok(undefined), {
      version: of,
      send: async (draft, why) => {
        sent.push({ draft, why });
        return ok(undefined);
      },
    });
    return { model, given, sent, vault };
  }

  test("begins with the text that stands, and waits for a change, for what kind it is, and for a reason", async () => {
    const { model } = amending();
    await model.load();
    expect(model.store.getState().text).toMatchObject({ assessment: "a", plan: "p", inPerson: false });
    expect(model.hold()).toBe("unchanged");
    model.write("plan", "  p ");
    expect(model.hold()).toBe("unchanged");
    model.write("plan", "p, demain");
    expect(model.hold()).toBe("how");
    model.setHow("corrected");
    expect(model.hold()).toBe("reason");
    model.setReason("trop bref");
    expect(model.hold()).toBe("reason");
    model.setReason("Le délai manquait.");
    expect(model.hold()).toBeNull();
    model.write("plan", "");
    expect(model.hold()).toBe("plan");
  });

  test("names the version that it takes the place of, has an id of its own, and is handed over once", async () => {
    const { model, sent, given, vault } = amending();
    await model.load();
    model.write("plan", "p, demain");
    model.setHow("completed");
    model.setReason("Le délai manquait.");
    await Promise.all([model.give(), model.give()]);
    expect(given).toEqual([]);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      draft: { plan: "p, demain" },
      why: {
        amends: { eventId: "$first", opinionId: version.opinion.opinionId },
        how: "completed",
        reason: "Le délai manquait.",
      },
    });
    expect(sent[0]?.draft.opinionId).not.toBe(version.opinion.opinionId);
    expect(vault.kept.size).toBe(0);
  });

  test("begun from a version that does not stand any more, it begins anew; from this one it goes on", async () => {
    const { model, vault } = amending();
    await model.load();
    model.write("plan", "p, demain");
    await new Promise((resolve) => setTimeout(resolve));
    const same = amending(vault).model;
    await same.load();
    expect(same.store.getState().text.plan).toBe("p, demain");
    const later = amending(vault, { ...version, eventId: "$second" }).model;
    await later.load();
    expect(later.store.getState().text).toMatchObject({ plan: "p", amends: "$second" });
  });
});

const opinionOfAnother = opinionSchema.parse(opinionOf("@x:y"));

function opinionOf(author: string) {
  return {
    opinionId: randomUUID(),
    caseId: "5b5c1d5c-0000-4000-8000-000000000000",
    requestEventId: "$r",
    findings: "",
    assessment: "a",
    certainty: "possible",
    plan: "p",
    ifWorse: "i",
    inPerson: { needed: false },
    limits: "",
    picturesSeen: [],
    author,
    signedAt: "2026-11-24T10:00:00Z",
  };
}
