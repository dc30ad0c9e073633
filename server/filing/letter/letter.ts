import type { Amendment, Opinion } from "#protocol/opinion.ts";
import type { Patient } from "#protocol/patient.ts";
import { fullName } from "#protocol/people.ts";
import { requestOf } from "../plan/codes.ts";
import type { PlanContext } from "../plan/types.ts";
import { ageAt, clockOf, dayOf } from "./dates.ts";
import { drawFigures } from "./figures.ts";
import { createPaper, type Paper, page, rule, styles } from "./paper.ts";
import { type Texts, texts } from "./texts.ts";
import { drawThread, type Knot } from "./thread.ts";
import type { Line, Piece } from "./typesetter.ts";

/** What the letter says: an opinion, or a later version of one. */
export type Letter = {
  readonly opinion: { readonly payload: Opinion };
  /** The version whose place it takes, and why. */
  readonly replaces?: Pick<Amendment, "how" | "reason"> & { readonly signedAt: string };
};
type OpinionEvent = Letter;

const column = page.right - page.left;
const answerX = 224;
const toX = 385;

/** The opinion as a letter between colleagues, in PDF: what the record keeps and the usual doctor receives. */
export async function renderLetter(
  event: OpinionEvent,
  context: PlanContext,
): Promise<Uint8Array<ArrayBuffer>> {
  const words = texts[context.language];
  const { payload } = event.opinion;
  const paper = createPaper(words.title, words.locale, Date.parse(payload.signedAt));
  let y = drawHead(paper, words, event, context);
  y = drawQuestion(paper, words, context, y + 14);
  paper.doc.lineWidth(0.8).strokeColor(rule).moveTo(page.left, y).lineTo(page.right, y).stroke();
  y += 12;
  for (const [label, pieces] of sections(words, event, context)) y = drawSection(paper, label, pieces, y);
  y = drawFigures(paper, words, context, y + 8);
  const signatureY = drawSignature(paper, words, event, context, y);
  const onePage = paper.doc.bufferedPageRange().count === 1;
  drawThread(paper, knotsOf(words, context), onePage, signatureY);
  const { request } = requestOf(context);
  return paper.finish((at, total) =>
    [
      `Colloque ${request.caseId}`,
      words.page(at, total),
      ...(paper.hasReplaced() ? [words.replaced] : []),
    ].join(" · "),
  );
}

function drawHead(paper: Paper, words: Texts, event: OpinionEvent, context: PlanContext): number {
  const { hospital, patient } = context;
  const { request } = requestOf(context);
  const signedAt = event.opinion.payload.signedAt;
  const clock = clockOf(words.locale, context.timeZone);
  const author = context.clinician(event.opinion.payload.author);
  const half = toX - page.left - 20;
  const head = [
    ...paper.lines([{ text: hospital.name, style: styles.strong }], half),
    ...(author === undefined
      ? []
      : paper.lines([{ text: capital(words.specialty[author.specialty]), style: styles.small }], half)),
    ...paper.lines([{ text: hospital.address, style: styles.label }], half),
  ];
  paper.draw(head, page.left, page.top);
  const place = /(\p{L}[\p{L}\s'’-]*)$/u.exec(hospital.address.trim())?.[1] ?? "";
  const dated = [
    ...paper.lines([{ text: words.placeAndDate(place, clock.longDay(signedAt)), style: styles.label }], 200),
    ...paper.lines([{ text: words.givenAt(clock.time(signedAt)), style: styles.label }], 200),
  ];
  paper.draw(dated, page.right - 200, page.top, { align: "right", width: 200 });

  const top = 118;
  const requester = context.clinician(request.requester);
  const concerning = paper.lines([{ text: words.concerning, style: styles.label }], half);
  const left = paper.draw(
    [...concerning, ...identityLines(words, patient, Date.parse(signedAt), paper, half)],
    page.left,
    top,
  );
  const to = [
    { text: words.to, style: styles.label },
    { text: requester === undefined ? request.requester : fullName(requester), style: styles.strong },
    ...(requester === undefined
      ? []
      : [
          { text: capital(words.specialty[requester.specialty]), style: styles.small },
          { text: requester.organization, style: styles.small },
        ]),
  ];
  const right = paper.draw(
    to.flatMap((piece) => paper.lines([piece], page.right - toX)),
    toX,
    top,
  );
  return Math.max(left, right, 190);
}

function identityLines(words: Texts, patient: Patient, atMs: number, paper: Paper, width: number): Line[] {
  const bornAs =
    patient.birthFamily === undefined || patient.birthFamily === patient.family
      ? ""
      : words.bornAs(patient.birthFamily.toLocaleUpperCase("fr"), patient.sex);
  const traits = [
    ...(patient.birthDate === undefined ? [] : [words.years(ageAt(patient.birthDate, atMs))]),
    words.sex[patient.sex],
    ...(patient.birthDate === undefined
      ? []
      : [words.bornOn(dayOf(words.locale, patient.birthDate), patient.birthPlace, patient.sex)]),
  ].join(", ");
  return [
    ...paper.lines(
      [
        { text: `${patient.family.toLocaleUpperCase("fr")} ${patient.given}`, style: styles.name },
        { text: bornAs, style: styles.small },
      ],
      width,
    ),
    ...paper.lines([{ text: traits, style: styles.small }], width),
    ...paper.lines([{ text: identifierOf(words, patient), style: styles.small }], width),
  ];
}

function identifierOf(words: Texts, patient: Patient): string {
  const number = patient.hospitalNumber === undefined ? "" : words.hospitalNumber(patient.hospitalNumber);
  if (patient.identity !== "qualified" || patient.ins === undefined)
    return [number, words.identity.provisional].filter((part) => part !== "").join(", ");
  // The demo's OID (filing.md §B6) is never mistaken for a real INS.
  const demo = patient.ins.system.endsWith("1.2.250.1.213.1.4.11") ? ` ${words.demo}` : "";
  return `INS ${grouped(patient.ins.value, [1, 2, 2, 2, 3, 3, 2])}${demo}, ${words.identity.qualified}`;
}

function drawQuestion(paper: Paper, words: Texts, context: PlanContext, y: number): number {
  const { request } = requestOf(context);
  const greeting = paper.lines(
    [{ text: words.greeting(context.clinician(request.requester)?.specialty), style: styles.voice }],
    column,
  );
  const question = paper.lines(
    [
      { text: words.asked, style: styles.voice },
      { text: `${words.open}${request.question}${words.close}`, style: styles.question },
      { text: words.answer, style: styles.voice },
    ],
    column,
  );
  return drawFlowing(paper, question, page.left, paper.draw(greeting, page.left, y) + 8) + 12;
}

function sections(words: Texts, event: OpinionEvent, context: PlanContext): [string, Piece[]][] {
  const { payload } = event.opinion;
  const said = (text: string): Piece[] => [{ text, style: styles.voice }];
  const clock = clockOf(words.locale, context.timeZone);
  const { replaces } = event;
  const all: [string, Piece[]][] = [
    ...(replaces === undefined
      ? []
      : [
          [
            words.amended[replaces.how],
            said(
              words.replaces(
                clock.longDay(replaces.signedAt),
                clock.time(replaces.signedAt),
                replaces.reason,
              ),
            ),
          ] satisfies [string, Piece[]],
        ]),
    [words.findings, said(payload.findings)],
    [
      words.assessment,
      [
        { text: withoutStop(payload.assessment), style: styles.firm },
        { text: `, ${words.certainty[payload.certainty]}.`, style: styles.voice },
      ],
    ],
    [words.plan, said(payload.plan)],
    [words.ifWorse, said(payload.ifWorse)],
    [
      words.see(context.patient.sex),
      said(payload.inPerson.needed ? words.seeYes(payload.inPerson.when) : words.seeNo),
    ],
    [words.limits, said(payload.limits)],
  ];
  return all.filter(([, pieces]) => pieces[0]?.text !== "");
}

/** The certainty goes on in the same sentence: the stop comes after it. Three points are no stop. */
const withoutStop = (text: string): string => text.replace(/(?<!\.)\.\s*$/u, "");

function drawSection(paper: Paper, label: string, pieces: readonly Piece[], y: number): number {
  const lines = paper.lines(pieces, page.right - answerX);
  const top = y + styles.voice.leading * 2 > page.bottom ? paper.newPage() : y;
  paper.draw(
    paper.lines([{ text: label, style: styles.label }], answerX - page.left - 8),
    page.left,
    top + 1,
  );
  return drawFlowing(paper, lines, answerX, top) + 7;
}

/** Draws lines and goes on to a new page where this one ends. */
function drawFlowing(paper: Paper, lines: readonly Line[], x: number, y: number): number {
  let at = y;
  for (const line of lines) {
    if (at + line.leading > page.bottom) at = paper.newPage();
    at = paper.draw([line], x, at);
  }
  return at;
}

/** Who signed, and when; gives the height of the first line, where the thread ends. */
function drawSignature(
  paper: Paper,
  words: Texts,
  event: OpinionEvent,
  context: PlanContext,
  y: number,
): number {
  const { payload } = event.opinion;
  const clock = clockOf(words.locale, context.timeZone);
  const author = context.clinician(payload.author);
  const lines = [
    ...paper.lines([{ text: words.signed(clock.time(payload.signedAt)), style: styles.small }], column),
    ...paper.lines(
      [
        { text: author === undefined ? payload.author : fullName(author), style: styles.name },
        ...(author === undefined
          ? []
          : [{ text: `, ${words.specialty[author.specialty]}`, style: styles.small }]),
      ],
      column,
    ),
    ...(author === undefined
      ? []
      : paper.lines([{ text: rppsOf(words, author.rpps), style: styles.label }], column)),
  ];
  const height = paper.height(lines);
  const start = y + 20 + height > 795 ? paper.newPage() : Math.max(y + 20, 795 - height - 45);
  paper.draw(lines, page.left, start);
  return start + 18;
}

const rppsOf = (words: Texts, rpps: string): string =>
  `RPPS ${grouped(rpps, [3, 4, 4])}${rpps.startsWith("8990000") ? ` ${words.demo}` : ""}`;

/** The promises kept, each with its time; one that did not happen has no knot. */
function knotsOf(words: Texts, context: PlanContext): Knot[] {
  const clock = clockOf(words.locale, context.timeZone);
  const { state } = context;
  const consented = state.consents[0]?.consent.collectedAt;
  const accepted = state.responses.find((each) => each.response.kind === "accepted")?.atMs;
  const filed = [...context.filedAtMs.values()];
  return [
    ...(consented === undefined ? [] : [{ word: words.knots.consented, time: clock.time(consented) }]),
    { word: words.knots.encrypted, time: clock.time(state.photos[0]?.atMs ?? requestOf(context).atMs) },
    ...(accepted === undefined ? [] : [{ word: words.knots.accepted, time: clock.time(accepted) }]),
    ...(filed.length === 0 ? [] : [{ word: words.knots.filed, time: clock.time(Math.max(...filed)) }]),
  ];
}

function grouped(digits: string, sizes: readonly number[]): string {
  const groups: string[] = [];
  let at = 0;
  for (const size of sizes) {
    groups.push(digits.slice(at, at + size));
    at += size;
  }
  return [...groups, digits.slice(at)].filter((group) => group !== "").join("\u00a0");
}

const capital = (text: string): string => text.charAt(0).toLocaleUpperCase("fr") + text.slice(1);
