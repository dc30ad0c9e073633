import type { CopyAnswer } from "#protocol/patient-phone.ts";
import { button, el, knot } from "./dom.ts";
import { readFactor } from "./factor.ts";
import { factorField } from "./factor-field.ts";
import { headline, loading, type Page } from "./page.ts";
import { type Cover, isCopyAnswer, isCover, isKept, type Kept } from "./readings.ts";
import { deriveFrom, unseal } from "./seal.ts";
import { ask, type Trouble, TroubleError, textOf, troubleOf } from "./server.ts";
import { dayIn, fill, momentIn, type Words } from "./words/index.ts";

type Link = { readonly copyId: string; readonly key: string };
type Opened = Extract<CopyAnswer, { open: true }>;

/** What stands under the field, if anything: why it did not open. */
type Note = { readonly say: (words: Words) => string } | null;

/** The patient's own page: initials, until the second factor opens it. Withdrawing needs the link alone. */
export async function startCopy(page: Page, link: Link): Promise<void> {
  page.show(loading);
  try {
    const sealed = textOf(await ask("copy/cover", { copyId: link.copyId }), "cover");
    const cover: unknown = JSON.parse(await unseal(sealed, link.key, `colloque/cover/${link.copyId}`));
    if (!isCover(cover)) throw new TroubleError("damaged");
    page.prefer(cover.language);
    showLocked(page, link, cover);
  } catch (error) {
    page.trouble(troubleOf(error), () => void startCopy(page, link));
  }
}

function showLocked(page: Page, link: Link, cover: Cover): void {
  let text = "";
  let note: Note = null;
  let closed = false;
  let opening = false;

  const stop = (next: Note): void => {
    opening = false;
    note = next;
    page.refresh();
    document.querySelector<HTMLElement>("#factor")?.focus();
  };
  const unlock = async (): Promise<void> => {
    if (opening) return;
    const factor = readFactor({ kind: cover.factor, text }, Date.now() + 86_400_000);
    // Whatever it was when it was chosen, an easy code cannot be the one.
    if ("lack" in factor)
      return stop({ say: (words) => (cover.factor === "code" ? words.lackCode : words.lackBirth) });
    opening = true;
    note = null;
    page.refresh();
    try {
      const found = await read(link, factor.digits);
      if (found.opened !== null) return showOpen(page, link, cover, found.opened);
      closed = found.triesLeft === 0;
      text = "";
      stop(closed ? null : { say: (words) => fill(words.wrong, { n: found.triesLeft }) });
    } catch (error) {
      const trouble: Trouble = troubleOf(error);
      stop({ say: (words) => words.trouble[trouble] });
    }
  };

  page.show((words) => {
    const form = el(
      "form",
      {
        novalidate: true,
        submit: (event) => {
          event.preventDefault();
          void unlock();
        },
      },
      ...factorField(words, { kind: cover.factor, text }, true, (typed) => {
        text = typed;
      }),
      el("p", { class: "hold", role: "alert" }, note === null ? "" : note.say(words)),
      button("primary", opening ? words.unlocking : words.unlock, () => void unlock()),
    );
    return [
      headline(cover.initials),
      el("p", { class: "lead" }, words.privatePage),
      ...(closed
        ? [el("p", { class: "hold", role: "alert" }, words.closed)]
        : [el("p", {}, words.unlockText), form]),
      withdrawFoot(words, "secondary", () => showWithdraw(page, link, cover)),
    ];
  });
}

type Found = { readonly opened: { answer: Opened; kept: Kept } | null; readonly triesLeft: number };

async function read({ copyId, key }: Link, digits: string): Promise<Found> {
  const derived = await deriveFrom(digits, copyId, key);
  const answer = await ask("copy/read", { copyId, proof: derived.proof });
  if (!isCopyAnswer(answer)) throw new TroubleError("damaged");
  if (!answer.open) return { opened: null, triesLeft: answer.triesLeft };
  const kept: unknown = JSON.parse(await unseal(answer.sealed, derived.key, `colloque/copy/${copyId}`));
  if (!isKept(kept)) throw new TroubleError("damaged");
  return { opened: { answer, kept }, triesLeft: 0 };
}

function showOpen(
  page: Page,
  link: Link,
  cover: Cover,
  { answer, kept }: { answer: Opened; kept: Kept },
): void {
  const { offer, decisions } = kept;
  page.show((words, language) => {
    const labels = (granted: boolean) =>
      offer.asks.flatMap((each, at) =>
        decisions[at]?.granted === granted ? [el("p", {}, each.label[language])] : [],
      );
    const [yes, no] = [labels(true), labels(false)];
    const answered = el("p", { class: "help" }, momentIn(language, kept.answeredAt));
    const seen = answer.accesses.map(({ by, at, how, times }) => {
      const when = momentIn(language, at);
      const often = times > 1 ? fill(words.times, { n: times, when }) : when;
      return el("p", {}, how === "machine" ? words.machine : by, el("span", { class: "help" }, often));
    });
    const [state, more] = standing(answer, words, language);
    return [
      headline(cover.initials),
      el("p", { class: "help" }, `${offer.hospital}, ${offer.asker}`),
      el(
        "ol",
        { class: "thread" },
        ...(yes.length > 0 ? [step(true, words.saidYes, [...yes, answered])] : []),
        ...(no.length > 0 ? [step(true, words.saidNo, yes.length > 0 ? no : [...no, answered])] : []),
        step(answer.state !== "waiting" && answer.state !== "refused", state, [el("p", {}, more)]),
        step(seen.length > 0, words.seenBy, seen.length > 0 ? seen : [el("p", {}, words.seenByNobody)]),
      ),
      el(
        "details",
        {},
        el("summary", {}, words.whatYouRead),
        el("p", { class: "notice" }, offer.notice.text[kept.language]),
      ),
      button("link", words.close, () => void startCopy(page, link)),
      answer.state === "withdrawn"
        ? el("span")
        : withdrawFoot(words, "primary", () => showWithdraw(page, link, cover)),
    ];
  });
}

const step = (tied: boolean, title: string, lines: readonly Node[]): HTMLElement =>
  el("li", {}, knot(tied), el("div", {}, el("h2", {}, title), ...lines));

function standing(answer: Opened, words: Words, language: "fr" | "fr-simple" | "en"): [string, string] {
  if (answer.state === "waiting") return [words.stateWaiting, words.stateWaitingText];
  if (answer.state === "refused") return [words.stateRefused, words.stateRefusedText];
  if (answer.state === "withdrawn")
    return [
      words.stateWithdrawn,
      answer.withdrawnAt === undefined
        ? words.stateWithdrawnText
        : fill(words.stateWithdrawnOn, { when: momentIn(language, answer.withdrawnAt) }),
    ];
  const when = answer.expiresAt === undefined ? "" : dayIn(language, answer.expiresAt);
  return [words.stateLive, fill(words.stateLiveText, { when })];
}

const withdrawFoot = (words: Words, kind: "primary" | "secondary", act: () => void) =>
  el("footer", {}, el("p", {}, words.withdrawText), button(kind, words.withdraw, act));

/** Asked once more, with the consequence in the button; then done, and said what it means. */
function showWithdraw(page: Page, link: Link, cover: Cover): void {
  let under: "asking" | "going" | Trouble = "asking";
  const go = async (): Promise<void> => {
    if (under === "going") return;
    under = "going";
    page.refresh();
    try {
      await ask("copy/withdraw", { copyId: link.copyId });
      showWithdrawn(page, link);
    } catch (error) {
      under = troubleOf(error);
      page.refresh();
    }
  };
  page.show((words) => [
    headline(words.withdrawTitle),
    el("p", { class: "lead" }, words.withdrawWhat),
    el(
      "p",
      { class: "hold", role: "alert" },
      under === "asking" || under === "going" ? "" : words.trouble[under],
    ),
    el(
      "footer",
      {},
      button("danger", under === "going" ? words.withdrawing : words.withdrawYes, () => void go()),
      button("secondary", words.withdrawNo, () => showLocked(page, link, cover)),
    ),
  ]);
}

function showWithdrawn(page: Page, link: Link): void {
  page.show((words) => [
    headline(words.withdrawn),
    el("p", { class: "lead" }, words.withdrawnText),
    button("secondary", words.back, () => void startCopy(page, link)),
  ]);
}
