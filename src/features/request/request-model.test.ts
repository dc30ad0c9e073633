import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createStore } from "zustand/vanilla";
import type { Directory } from "#protocol/api.ts";
import { consentIdSchema, receiptIdSchema } from "#protocol/ids.ts";
import { err, ok } from "#protocol/result.ts";
import type { ConsentDraft, Loadable, PreparedPhoto } from "../../matrix/types.ts";
import { clinicians, createFakeVault, delattre, leroy, martin, moreau57, teams } from "../testing/index.ts";
import { createRequestModel, type RequestDeps } from "./request-model.ts";

const now = Date.parse("2026-11-24T10:59:00Z");
const dermatology = { kind: "specialty", specialty: "dermatology" } as const;

function setUp(vault = createFakeVault()) {
  const sent: Parameters<RequestDeps["door"]["sendRequest"]>[] = [];
  const takenBack: Parameters<RequestDeps["door"]["withdrawConsent"]>[] = [];
  let answer: Awaited<ReturnType<RequestDeps["door"]["sendRequest"]>> = ok(undefined);
  const directory = createStore<Loadable<Directory>>(() => ({
    state: "loaded",
    value: { clinicians, teams, updatedAt: "2026-11-24T06:00:00Z" },
  }));
  const model = createRequestModel({
    door: {
      vault,
      directory,
      config: createStore(() => ({ state: "loading" as const })),
      searchPatients: async () => ok({ matches: [], more: false }),
      async withdrawConsent(...args) {
        takenBack.push(args);
        return ok({ done: true });
      },
      async sendRequest(...args) {
        sent.push(args);
        return answer;
      },
    },
    requester: leroy.userId,
    clock: () => now,
    newId: randomUUID,
    newPseudonym: () => "A".repeat(22),
  });
  const refuse = (reason: "audience-not-covered") => {
    answer = err(reason);
  };
  return { model, vault, sent, takenBack, refuse, directory };
}

const consentFor = (model: ReturnType<typeof setUp>["model"], opinion = true): ConsentDraft => {
  const { caseId, pseudonym, addressee } = model.store.getState().draft;
  return {
    consentId: consentIdSchema.parse(randomUUID()),
    caseId,
    pseudonym,
    decisions: [
      { purpose: "opinion", granted: opinion },
      { purpose: "care-outside-team", granted: opinion },
    ],
    recipients: addressee === null ? [] : [addressee],
    method: "oral-witnessed",
    givenBy: "patient",
    notice: { version: "1", sha256: "0".repeat(64), language: "fr" },
    collectedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + 1000).toISOString(),
  };
};

const photo = (consentId: string): PreparedPhoto => ({
  photoId: receiptIdSchema.parse(randomUUID()),
  consentId,
  jpeg: Uint8Array.of(1, 2, 3),
  widthPx: 3,
  heightPx: 2,
  sha256: "a".repeat(64),
  preview: { jpeg: Uint8Array.of(4, 5), widthPx: 3, heightPx: 2, sha256: "c".repeat(64) },
  site: { region: "scapula", laterality: "L" },
  view: "close-up",
  takenAt: new Date(now).toISOString(),
  source: "camera",
});

async function filledIn() {
  const all = setUp();
  const { model } = all;
  await model.load();
  await model.setPatient(delattre);
  await model.setAddressee(dermatology);
  model.setUrgency("today");
  model.setQuestion("Lésion du dos qui a changé. Faut-il l’enlever vite ?");
  model.setDetail("history", "Hypertension, apixaban.");
  return all;
}

describe("a request being written", () => {
  test("says what lacks, one thing after the other, and then nothing", async () => {
    const { model } = setUp();
    await model.load();
    expect(model.hold()).toBe("patient");
    await model.setPatient(delattre);
    expect(model.hold()).toBe("addressee");
    await model.setAddressee(dermatology);
    expect(model.hold()).toBe("urgency");
    model.setUrgency("today");
    expect(model.hold()).toBe("question");
    model.setQuestion("   ");
    expect(model.hold()).toBe("question");
    model.setQuestion("Banal ?");
    expect(model.hold()).toBe("history");
    model.setDetail("history", " ");
    expect(model.hold()).toBe("history");
    model.setDetail("history", "Aucun antécédent connu.");
    expect(model.hold()).toBe("consent");
    await model.setConsent(consentFor(model));
    expect(model.hold()).toBeNull();
  });

  test("that is for now is a telephone call and is never sent; for today it is", async () => {
    const { model, sent } = await filledIn();
    await model.setConsent(consentFor(model));
    model.setUrgency("now");
    expect(model.hold()).toBe("call-instead");
    await model.send();
    expect(sent).toHaveLength(0);
    model.setUrgency("today");
    await model.send();
    expect(sent).toHaveLength(1);
  });

  test("survives a reload, photos and consent included", async () => {
    const { model, vault } = await filledIn();
    const consent = consentFor(model);
    await model.setConsent(consent);
    await model.addPhoto(photo(consent.consentId));
    const again = setUp(vault).model;
    await again.load();
    expect(again.store.getState().draft).toEqual(model.store.getState().draft);
    expect(again.store.getState().photos).toEqual(model.store.getState().photos);
    expect(again.store.getState().kept).toBe("kept");
    expect(again.hold()).toBeNull();
  });

  test("of which the newest words are kept, however fast they are typed", async () => {
    const { model, vault } = await filledIn();
    for (const length of [1, 2, 3, 4, 5]) model.setQuestion("a".repeat(length));
    await model.setConsent(consentFor(model));
    const again = setUp(vault).model;
    await again.load();
    expect(again.store.getState().draft.question).toBe("aaaaa");
  });

  test("says so when the device is full, and goes on", async () => {
    const { model, vault } = await filledIn();
    vault.full = true;
    model.setQuestion("Et maintenant ?");
    await model.setConsent(consentFor(model));
    expect(model.store.getState().kept).toBe("storage-full");
    expect(await model.addPhoto(photo("x"))).toEqual(err("storage-full"));
    expect(model.store.getState().photos).toEqual([]);
    expect(model.store.getState().draft.question).toBe("Et maintenant ?");
  });

  test("loses consent and photos with a change of patient, not with the same one found again", async () => {
    const { model, vault, takenBack } = await filledIn();
    const consent = consentFor(model);
    await model.setConsent(consent);
    await model.addPhoto(photo(consent.consentId));
    const before = model.store.getState().draft.caseId;
    await model.setPatient({ ...delattre });
    expect(model.hold()).toBeNull();
    expect(takenBack).toEqual([]);
    await model.setPatient(moreau57);
    expect(model.hold()).toBe("consent");
    // Nothing is left in the registry for a patient who is not meant.
    expect(takenBack).toEqual([[null, consent.consentId, "collected-in-error"]]);
    expect(model.store.getState().photos).toEqual([]);
    expect(model.store.getState().draft.caseId).not.toBe(before);
    expect([...vault.kept.keys()].filter((key) => key.startsWith("request/photo"))).toEqual([]);
  });

  test("loses them too when somebody else is asked: the patient was told of other people", async () => {
    const { model, takenBack } = await filledIn();
    await model.setConsent(consentFor(model));
    await model.setAddressee(dermatology);
    expect(model.hold()).toBeNull();
    expect(takenBack).toEqual([]);
    await model.setAddressee({ kind: "person", userId: martin.userId });
    expect(model.hold()).toBe("consent");
    expect(takenBack).toHaveLength(1);
  });

  test("a consent that was recorded in error is taken back with its photos; question and patient stay", async () => {
    const { model, takenBack } = await filledIn();
    const consent = consentFor(model);
    await model.setConsent(consent);
    await model.addPhoto(photo(consent.consentId));
    const { caseId, patient, question } = model.store.getState().draft;
    await model.takeBackConsent();
    expect(takenBack).toEqual([[null, consent.consentId, "collected-in-error"]]);
    expect(model.store.getState()).toMatchObject({ photos: [], draft: { consent: null, patient, question } });
    expect(model.store.getState().draft.caseId).not.toBe(caseId);
  });

  test("is held by a refusal, and by a consent that ran out", async () => {
    const { model } = await filledIn();
    await model.setConsent(consentFor(model, false));
    expect(model.hold()).toBe("opinion-refused");
    await model.setConsent({ ...consentFor(model), expiresAt: new Date(now - 1).toISOString() });
    expect(model.hold()).toBe("consent-expired");
  });

  test("waits for the directory, without which nobody can be named", async () => {
    const { model, directory } = await filledIn();
    await model.setConsent(consentFor(model));
    directory.setState({ state: "loading" }, true);
    expect(model.hold()).toBe("directory");
  });
});

describe("sending", () => {
  test("hands over the whole request once, due in time, and forgets the draft", async () => {
    const { model, sent, vault } = await filledIn();
    const consent = consentFor(model);
    await model.setConsent(consent);
    await model.addPhoto(photo(consent.consentId));
    model.setDetail("allergies", "aucune allergie connue");
    await Promise.all([model.send(), model.send()]);
    expect(sent).toHaveLength(1);
    const [request, consentId, photos] = sent[0] ?? [];
    expect(request).toMatchObject({
      patient: delattre,
      addressee: dermatology,
      specialty: "dermatology",
      urgency: "today",
      dueAt: "2026-11-24T18:59:00.000Z",
      site: { region: "scapula", laterality: "L" },
      allergies: "aucune allergie connue",
      requester: leroy.userId,
    });
    expect(request).not.toHaveProperty("background");
    expect(consentId).toBe(consent.consentId);
    expect(photos).toHaveLength(1);
    expect(model.store.getState().step).toMatchObject({ at: "sent", caseId: request?.caseId });
    expect(vault.kept.size).toBe(0);
  });

  test("that the gate refuses says why and loses nothing", async () => {
    const { model, refuse } = await filledIn();
    await model.setConsent(consentFor(model));
    refuse("audience-not-covered");
    await model.send();
    expect(model.store.getState().step).toEqual({ at: "refused", reason: "audience-not-covered" });
    expect(model.store.getState().draft.question).toContain("Lésion");
  });
});
