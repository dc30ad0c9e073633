import { canonicalJson } from "#protocol/canonical.ts";
import type { Offer } from "#protocol/patient-phone.ts";
import { type Draft, type DraftLack, type Finished, finish, lackOf, newDraft } from "./answer.ts";
import { deviceKey, forgetKey } from "./device-key.ts";
import { button, el } from "./dom.ts";
import { type FactorLack, readFactor } from "./factor.ts";
import { headline, loading, type Page, type View } from "./page.ts";
import { isOffer } from "./readings.ts";
import { type PhoneKey, sha256Hex, sign, unseal } from "./seal.ts";
import { ask, numberOf, type Trouble, TroubleError, textOf, troubleOf } from "./server.ts";
import { factorBlock, questions, signatureBlock } from "./sheet-parts.ts";
import { fill, type Words } from "./words/index.ts";

type Opened = {
  readonly offer: Offer;
  readonly offerText: string;
  readonly key: string;
  readonly phone: PhoneKey;
  /** What is left of the link's time; the device's own clock may be a day off, or be set meanwhile. */
  readonly leftMs: () => number;
  /** The server's clock. */
  readonly nowMs: () => number;
};

/** After these nothing on this page can be sent any more; after the others it can be tried again. */
const passing: ReadonlySet<Trouble> = new Set(["no-network", "server", "too-many"]);

/** What a QR code opens: the notice, the questions, the signature. `sent` is told where the patient's copy is. */
export async function startOffer(
  page: Page,
  linkId: string,
  key: string,
  sent: (finished: Finished) => void,
): Promise<void> {
  page.show(loading);
  try {
    const opened = await open(linkId, key);
    showSheet(page, opened, async (finished) => {
      await forgetKey(linkId);
      sent(finished);
    });
  } catch (error) {
    const trouble = troubleOf(error);
    page.trouble(trouble, passing.has(trouble) ? () => void startOffer(page, linkId, key, sent) : undefined);
  }
}

async function open(linkId: string, key: string): Promise<Opened> {
  const phone = await deviceKey(linkId);
  const said = await ask("open", { jws: await sign({ act: "open", linkId }, phone) });
  const offerText = await unseal(textOf(said, "sealed"), key, `colloque/offer/${linkId}`);
  const offer: unknown = JSON.parse(offerText);
  if (!isOffer(offer) || offer.linkId !== linkId) throw new TroubleError("damaged");
  const began = performance.now();
  const elapsed = () => performance.now() - began;
  return {
    offer,
    offerText,
    key,
    phone,
    leftMs: () => numberOf(said, "expiresInMs") - elapsed(),
    nowMs: () => numberOf(said, "nowMs") + elapsed(),
  };
}

/** Why it cannot be sent yet: the words, and where the reader is taken. */
type Hold = { readonly say: (words: Words) => string; readonly place: string };

const holds: Readonly<Record<DraftLack | FactorLack, Hold>> = {
  "pictures-need-opinion": { say: (words) => words.lackOpinion, place: "#decide" },
  sign: { say: (words) => words.lackSign, place: "#sign" },
  "sign-larger": { say: (words) => words.lackLarger, place: "#sign" },
  "write-name": { say: (words) => words.lackName, place: "#sign" },
  code: { say: (words) => words.lackCode, place: "#factor" },
  "code-easy": { say: (words) => words.lackCodeEasy, place: "#factor" },
  "birth-date": { say: (words) => words.lackBirth, place: "#factor" },
};

function showSheet(page: Page, opened: Opened, sent: (finished: Finished) => Promise<void>): void {
  const { offer } = opened;
  const draft = newDraft(offer, page.language());
  const bar = createBar(draft, opened.leftMs, () => void send());
  let sending = false;

  const late = setInterval(() => {
    bar.draw(page.words(), sending);
    if (sending || opened.leftMs() > 0) return;
    clearInterval(late);
    page.trouble("expired");
  }, 2000);

  const hold = (next: Hold): void => {
    bar.hold(next, page.words());
    const place = document.querySelector<HTMLElement>(next.place);
    const within = place?.querySelector<HTMLElement>("input:not(:checked), button") ?? place;
    within?.focus({ preventScroll: true });
    place?.scrollIntoView({ block: "center" });
  };

  const answers = createAnswers(opened);
  const send = async (): Promise<void> => {
    if (sending) return;
    draft.language = page.language();
    const lack = lackOf(offer, draft);
    if (lack !== null) return hold(holds[lack]);
    const factor = readFactor(draft.factor, opened.nowMs());
    if ("lack" in factor) return hold(holds[factor.lack]);
    sending = true;
    bar.hold(null, page.words());
    bar.draw(page.words(), true);
    try {
      const finished = await answers.send(draft, factor.digits);
      clearInterval(late);
      await sent(finished);
    } catch (error) {
      sending = false;
      const trouble = troubleOf(error);
      bar.draw(page.words(), false);
      if (passing.has(trouble)) return hold({ say: (words) => words.trouble[trouble], place: "#send" });
      clearInterval(late);
      page.trouble(trouble);
    }
  };

  page.show(sheetView(offer, draft, bar, () => sending));
  // What was asked for is being done: it need not be said any longer.
  page.root.addEventListener("input", () => bar.hold(null, page.words()));
}

const sheetView =
  (offer: Offer, draft: Draft, bar: Bar, sending: () => boolean): View =>
  (words, language) => [
    offer.forSomebodyElse
      ? headline(fill(words.askFor, { initials: offer.initials }))
      : headline(`${offer.initials}, `, el("span", {}, words.askYou)),
    el("p", { class: "help" }, fill(words.asker, { asker: offer.asker, hospital: offer.hospital })),
    ...(offer.forSomebodyElse ? [el("p", { class: "help" }, words.forSomebodyElse)] : []),
    el("p", { class: "notice" }, offer.notice.text[language]),
    questions(offer, draft, words, language, () => bar.draw(words, sending())),
    signatureBlock(draft, words),
    factorBlock(draft, words),
    bar.place(words, sending()),
  ];

type Bar = {
  place(words: Words, sending: boolean): HTMLElement;
  draw(words: Words, sending: boolean): void;
  hold(hold: Hold | null, words: Words): void;
};

/** The foot of the sheet: the time that is left, what still lacks, and the one act. */
function createBar(draft: Draft, leftMs: () => number, send: () => void): Bar {
  let held: Hold | null = null;
  const left = el("p", { class: "help" });
  const why = el("p", { class: "hold", role: "alert" });
  const act = button("primary", "", send);
  act.id = "send";
  const words = act.querySelector("span");
  const put = (place: Element | null, text: string): void => {
    if (place !== null && place.textContent !== text) place.textContent = text;
  };
  const bar: Bar = {
    place(texts, sending) {
      bar.draw(texts, sending);
      bar.hold(held, texts);
      return el("footer", {}, left, why, act);
    },
    draw(texts, sending) {
      const minutes = Math.floor(Math.max(0, leftMs()) / 60_000);
      put(left, minutes < 1 ? texts.minute : fill(texts.minutes, { n: minutes }));
      put(words, sending ? texts.sending : !draft.decisions.includes(true) ? texts.sendNo : texts.send);
      act.setAttribute("aria-busy", String(sending));
    },
    hold(next, texts) {
      held = next;
      put(why, next === null ? "" : next.say(texts));
    },
  };
  return bar;
}

/** Sends what was said, once: after a lost network the very same answer goes again, and one that had arrived is known again. */
function createAnswers(opened: Opened) {
  let last: { said: string; finished: Finished } | null = null;
  return {
    async send(draft: Draft, factor: string): Promise<Finished> {
      const said = JSON.stringify(draft);
      const before = last?.finished;
      if (last?.said !== said) {
        const answeredAt = new Date(opened.nowMs()).toISOString();
        last = { said, finished: await finish(opened, draft, factor, answeredAt) };
      }
      const { finished } = last;
      const sha256 = await sha256Hex(canonicalJson(finished.body));
      const request = { act: "answer", linkId: opened.offer.linkId, sha256 };
      try {
        await ask("answer", { jws: await sign(request, opened.phone), body: finished.body });
        return finished;
      } catch (error) {
        if (troubleOf(error) === "answered" && before !== undefined) return before;
        throw error;
      }
    },
  };
}
