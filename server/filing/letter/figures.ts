import type { PlanContext } from "../plan/types.ts";
import { viewInWords } from "../plan/views.ts";
import { clockOf } from "./dates.ts";
import { mat, type Paper, page, styles } from "./paper.ts";
import type { Texts } from "./texts.ts";

const figure = { width: 99, height: 91, gap: 12 };
const mostFigures = 3;
/** A letter stays a letter: larger pictures are in the record beside it. */
const maxPictureBytes = 4 * 1024 * 1024;

/** The photos as small figures on the neutral grey mat, with what the patient agreed to. */
export function drawFigures(paper: Paper, words: Texts, context: PlanContext, y: number): number {
  const photos = context.state.photos.filter(({ photo }) => photo.clip === undefined);
  const clips = context.state.photos.length - photos.length;
  if (photos.length + clips === 0) return y;
  const shown = photos
    .map((each) => ({ photo: each.photo, picture: context.pictures.get(each.eventId) }))
    .filter((each) => each.picture !== undefined && each.picture.length <= maxPictureBytes)
    .slice(0, mostFigures);
  const height = figure.height + 30;
  const top = y + height > page.bottom ? paper.newPage() : y;
  shown.forEach(({ photo, picture }, index) => {
    const x = page.left + index * (figure.width + figure.gap);
    paper.doc.rect(x, top, figure.width, figure.height).fill(mat);
    if (picture !== undefined)
      paper.doc.image(Buffer.from(picture), x, top, {
        fit: [figure.width, figure.height],
        align: "center",
        valign: "center",
      });
    const view = viewInWords(photo.view, context.language);
    const caption = paper.lines(
      [{ text: view.charAt(0).toLocaleUpperCase(words.locale) + view.slice(1), style: styles.label }],
      figure.width,
    );
    paper.draw(caption, x, top + figure.height + 4);
  });
  const noteX = page.left + shown.length * (figure.width + figure.gap) + 4;
  const notes = noteLines(words, context, {
    photos: photos.length,
    left: photos.length - shown.length,
    clips,
  }).flatMap((text) => paper.lines([{ text, style: styles.label }], page.right - noteX));
  paper.draw(notes, noteX, top);
  return top + height;
}

type Counts = { readonly photos: number; readonly left: number; readonly clips: number };

function noteLines(words: Texts, context: PlanContext, { photos, left, clips }: Counts): string[] {
  const clock = clockOf(words.locale, context.timeZone);
  const consented = context.state.consents[0]?.consent.collectedAt;
  return [
    ...(consented === undefined || photos === 0
      ? []
      : [words.photosConsented(photos, clock.day(consented), clock.time(consented))]),
    ...(left > 0 ? [words.morePhotos(left)] : []),
    ...(clips > 0 ? [words.moreClips(clips)] : []),
  ];
}
