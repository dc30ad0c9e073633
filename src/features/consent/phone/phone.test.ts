import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { canonicalJson, type Json } from "#protocol/canonical.ts";
import { caseIdSchema, consentIdSchema } from "#protocol/ids.ts";
import { type LinkAnswer, type Offer, sealedFor } from "#protocol/patient-phone.ts";
import { ok } from "#protocol/result.ts";
import { publicJwkSchema } from "#protocol/signed.ts";
import { type Draft, finish, newDraft } from "../../../phone-page/answer.ts";
import { makeKeyPair, phoneKeyOf, random, seal, unseal } from "../../../phone-page/seal.ts";
import { checkAnswer } from "./check-answer.ts";
import { type OfferSubject, offerOf } from "./offer.ts";
import { createPhoneModel, type PhoneDeps } from "./phone-model.ts";
import { qrPath } from "./qr.ts";

const now = Date.parse("2026-11-24T10:51:00Z");
const subject: OfferSubject = {
  consentId: consentIdSchema.parse(randomUUID()),
  initials: "J. D.",
  hospital: "CHU de Valombre",
  asker: "Inf. Leroy",
  ward: null,
  forSomebodyElse: false,
  recipients: { fr: "Dr Hélène Martin", en: "Dr Hélène Martin" },
  asked: [{ purpose: "opinion" }, { purpose: "care-named" }, { purpose: "teaching" }],
};
const signature: [number, number][][] = [
  Array.from({ length: 40 }, (_, at) => [100 + at * 15, 150 + (at % 2) * 40] as [number, number]),
];

/** The very code of the patient's page answers the offer of the clinician's. */
async function answered(change: (draft: Draft) => void = () => {}, offer = offerOf(random(16), subject)) {
  const key = random(32);
  const phone = await phoneKeyOf(await makeKeyPair());
  const draft = newDraft(offer, "fr-simple");
  draft.strokes = signature;
  change(draft);
  const opened = { offer, offerText: canonicalJson(JSON.parse(JSON.stringify(offer))), key, phone };
  const { body } = await finish(opened, draft, "407193", new Date(now).toISOString());
  const boundTo = publicJwkSchema.parse(phone.jwk);
  return { sealed: body.sealed, context: { offer, offerNow: offer, key, boundTo, nowMs: now } };
}

describe("what the phone answered", () => {
  test("is taken as it was said, in the language that was read", async () => {
    const { sealed, context } = await answered();
    const checked = await checkAnswer(sealed, context);
    expect(checked).toMatchObject({
      ok: true,
      value: {
        statement: {
          decisions: [
            { purpose: "opinion", granted: true },
            { purpose: "care-named", granted: true },
            { purpose: "teaching", granted: false },
          ],
          notice: { language: "fr-simple" },
        },
      },
    });
  });

  const faultOf = async ({ sealed, context }: Awaited<ReturnType<typeof answered>>) => {
    const checked = await checkAnswer(sealed, context);
    return checked.ok ? null : checked.error;
  };

  test("is refused when a bit was changed, or another key or device made it", async () => {
    const given = await answered();
    const changed = `${given.sealed.slice(0, 40)}${given.sealed[40] === "A" ? "B" : "A"}${given.sealed.slice(41)}`;
    expect(await faultOf({ ...given, sealed: changed })).toBe("damaged");
    expect(await faultOf({ ...given, context: { ...given.context, key: random(32) } })).toBe("damaged");
    const other = (await answered()).context.boundTo;
    expect(await faultOf({ ...given, context: { ...given.context, boundTo: other } })).toBe("other-device");
  });

  test("is refused when the notice changed between reading and signing", async () => {
    const given = await answered();
    const { offer } = given.context;
    const recipients = { ...subject.recipients, fr: "Dr Nadia Haddad" };
    const offerNow = offerOf(offer.linkId, { ...subject, recipients });
    expect(await faultOf({ ...given, context: { ...given.context, offerNow } })).toBe("notice-changed");
    const shown: Offer = { ...offer, notice: { ...offer.notice, version: "0" } };
    const lied = await answered(() => {}, shown);
    expect(await faultOf({ ...lied, context: { ...lied.context, offer, offerNow: offer } })).toBe(
      "notice-changed",
    );
  });

  test("is refused with a signature of two pixels, or none; a no to everything needs none", async () => {
    const dot = (draft: Draft) => {
      draft.strokes = [
        [
          [1, 1],
          [2, 2],
        ],
      ];
    };
    const none = (draft: Draft) => {
      draft.strokes = [];
    };
    expect(await faultOf(await answered(dot))).toBe("signature-small");
    expect(await faultOf(await answered(none))).toBe("signature-missing");
    const refusing = await answered((draft) => {
      none(draft);
      draft.decisions.fill(false);
    });
    expect(await faultOf(refusing)).toBeNull();
    const writing = await answered((draft) => {
      none(draft);
      draft.written = "Josiane Delattre";
    });
    expect(await faultOf(writing)).toBeNull();
  });

  test("is refused when what was signed is not what is beside it, or was signed at another time", async () => {
    const given = await answered();
    const { offer, key } = given.context;
    const plain: { signature: Json } = JSON.parse(
      await unseal(given.sealed, key, sealedFor.answer(offer.linkId)),
    );
    const sealed = await seal(
      JSON.stringify({ ...plain, signature: [[[0, 0]]] }),
      key,
      sealedFor.answer(offer.linkId),
    );
    expect(await faultOf({ ...given, sealed })).toBe("bad-signature");
    const nowMs = now + 86_400_000;
    expect(await faultOf({ ...given, context: { ...given.context, nowMs } })).toBe("wrong-time");
  });
});

describe("the code on the clinician's screen", () => {
  function setUp(states: LinkAnswer[], changes: Partial<PhoneDeps> = {}) {
    const cancelled: string[] = [];
    const state = (value: LinkAnswer) => Promise.resolve(ok(value));
    const deps: PhoneDeps = {
      links: {
        open: () => state({ state: "waiting", expiresInMs: 600_000, nowMs: now }),
        stateOf: () => state(states.shift() ?? { state: "expired", expiresInMs: 0, nowMs: now }),
        cancel: async (linkId) => {
          cancelled.push(linkId);
          return ok({});
        },
      },
      origin: "https://valombre.example",
      caseId: caseIdSchema.parse(randomUUID()),
      newId: () => subject.consentId,
      clock: () => now,
      offer: (linkId) => offerOf(linkId, subject),
      take: async () => true,
      ...changes,
    };
    return { model: createPhoneModel(deps), cancelled };
  }

  test("is shown, then opened, then over", async () => {
    const seen: string[] = [];
    const { model } = setUp([{ state: "opened", expiresInMs: 500_000, nowMs: now }]);
    model.store.subscribe((state) => seen.push(state.at === "shown" ? `shown ${state.opened}` : state.at));
    await model.begin();
    expect(seen).toEqual(["closed", "opening", "shown false", "shown true", "expired"]);
  });

  test("asks first who decides, where somebody else does", async () => {
    const { model } = setUp([], { offer: () => null });
    await model.begin();
    expect(model.store.getState()).toEqual({ at: "held" });
  });

  test("an answer that cannot be believed is refused in words, and the patient's page is told", async () => {
    const sealed = "A".repeat(60);
    const { model, cancelled } = setUp([{ state: "answered", expiresInMs: 1, nowMs: now, sealed }]);
    await model.begin();
    expect(model.store.getState()).toEqual({ at: "refused", why: "damaged" });
    expect(cancelled).toHaveLength(1);
  });

  test("cancelled, it closes here and on the server", async () => {
    const never = new Promise<never>(() => {});
    const { model, cancelled } = setUp([], {});
    const { model: waiting, cancelled: gone } = setUp([], {
      links: {
        open: async () => ok({ state: "waiting", expiresInMs: 600_000, nowMs: now }),
        stateOf: () => never,
        cancel: async (linkId) => {
          gone.push(linkId);
          return ok({});
        },
      },
    });
    void waiting.begin();
    await expect.poll(() => waiting.store.getState().at).toBe("shown");
    waiting.cancel();
    expect(waiting.store.getState()).toEqual({ at: "closed" });
    expect(gone).toHaveLength(1);
    model.dispose();
    expect(cancelled).toEqual([]);
  });

  test("holds the address in a code with its quiet zone", () => {
    const { path, size } = qrPath(`https://valombre.example/p/#o.${random(16)}.${random(32)}`);
    expect(size).toBeGreaterThan(40);
    expect(path).not.toMatch(/M[0-3] /);
  });
});
