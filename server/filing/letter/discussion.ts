import { siteInWords } from "#protocol/body-sites.ts";
import type { Response } from "#protocol/events.ts";
import { missingCase } from "#protocol/result.ts";
import { nameOf, requestOf } from "../plan/codes.ts";
import type { PlanContext } from "../plan/types.ts";
import { viewInWords } from "../plan/views.ts";
import type { FileableEvent } from "../work.ts";
import { clockOf } from "./dates.ts";
import { createPaper, type Paper, page, styles } from "./paper.ts";
import { type Texts, texts } from "./texts.ts";

type OpinionEvent = Extract<FileableEvent, { kind: "opinion" }>;
type Said = { readonly atMs: number; readonly who: string; readonly what: string };

/** The discussion up to the opinion as one paper: those who read documents do not read Communications. */
export function renderDiscussion(
  event: OpinionEvent,
  context: PlanContext,
): Promise<Uint8Array<ArrayBuffer>> {
  const words = texts[context.language];
  const clock = clockOf(words.locale, context.timeZone);
  const paper = createPaper(words.discussionTitle, words.locale, Date.parse(event.opinion.payload.signedAt));
  const { patient } = context;
  const { request } = requestOf(context);
  const width = page.right - page.thread * 2;
  let y = paper.draw(
    paper.lines([{ text: words.discussionTitle, style: styles.title }], width),
    54,
    page.top,
  );
  y = paper.draw(
    paper.lines(
      [
        { text: `${patient.family.toLocaleUpperCase("fr")} ${patient.given}`, style: styles.name },
        {
          text: ` · ${context.hospital.name} · ${clock.longDay(requestOf(context).atMs)}`,
          style: styles.small,
        },
      ],
      width,
    ),
    54,
    y + 6,
  );
  y += 14;
  for (const said of everythingSaid(words, context)) y = drawSaid(paper, clock, said, y);
  return paper.finish((at, total) =>
    [
      `Colloque ${request.caseId}`,
      words.page(at, total),
      ...(paper.hasReplaced() ? [words.replaced] : []),
    ].join(" · "),
  );
}

function drawSaid(paper: Paper, clock: ReturnType<typeof clockOf>, said: Said, y: number): number {
  const width = page.right - 150;
  const lines = [
    ...paper.lines([{ text: said.who, style: styles.strong }], width),
    ...paper.lines([{ text: said.what, style: styles.voice }], width),
  ];
  let at = y + 40 > page.bottom ? paper.newPage() : y;
  const stamp = [
    ...paper.lines([{ text: clock.time(said.atMs), style: styles.small }], 90),
    ...paper.lines([{ text: clock.day(said.atMs), style: styles.label }], 90),
  ];
  paper.draw(stamp, 54, at);
  for (const line of lines) {
    if (at + line.leading > page.bottom) {
      at = paper.newPage();
    }
    at = paper.draw([line], 150, at);
  }
  return at + 10;
}

/** Everything that was said, asked and shown, in the order in which the server received it. */
function everythingSaid(words: Texts, context: PlanContext): Said[] {
  const { state } = context;
  const { atMs, request } = requestOf(context);
  const who = (userId: string) => nameOf(context.clinician(userId), userId);
  return [
    { atMs, who: who(request.requester), what: `${words.request}${words.colon}${request.question}` },
    ...state.photos.map((each) => ({
      atMs: each.atMs,
      who: who(each.sender),
      what: `${each.photo.clip === undefined ? words.photo : words.clip}${words.colon}${siteInWords(each.photo.site, context.language)}, ${viewInWords(each.photo.view, context.language)}`,
    })),
    ...state.messages.map((each) => ({ atMs: each.atMs, who: who(each.sender), what: each.text })),
    ...state.responses.map((each) => ({
      atMs: each.atMs,
      who: who(each.sender),
      what: responseInWords(words, each.response),
    })),
  ].sort((a, b) => a.atMs - b.atMs);
}

function responseInWords(words: Texts, response: Response): string {
  switch (response.kind) {
    case "accepted":
      return words.responses.accepted;
    case "declined":
      return `${words.responses.declined}${words.colon}${response.reason}`;
    case "more-asked":
      return `${words.responses["more-asked"]}${words.colon}${response.question}`;
    default:
      return missingCase(response);
  }
}
