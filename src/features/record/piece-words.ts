import type { TFunction } from "i18next";
import type { Directory } from "#protocol/api.ts";
import { siteInWords } from "#protocol/body-sites.ts";
import type { CaseState } from "#protocol/case-state.ts";
import { personName } from "../cases/index.ts";
import { formOf, isClip, type Piece } from "./record-model.ts";

export type PieceFacts = { readonly state: CaseState; readonly people: Directory | null };
type Say = TFunction<["record", "cases"]>;

/** What a piece is, and the one thing about it that tells it from its neighbours: who wrote it, or what a photo shows. */
export function pieceInWords(
  t: Say,
  language: string,
  piece: Piece,
  { state, people }: PieceFacts,
): { readonly title: string; readonly detail: string } {
  const title = t(`kind.${piece.kind}`);
  const name = (userId: string) => personName(userId, people, "full");
  switch (piece.kind) {
    case "consent": {
      const method = state.consents.at(-1)?.consent.method;
      return { title, detail: method === undefined ? formsOf(t, piece) : t(`cases:proof.methods.${method}`) };
    }
    case "request":
      return { title, detail: state.request === null ? "" : name(state.request.request.requester) };
    case "photo": {
      const shown = photoOf(piece, state);
      const what = isClip(piece) ? t("clip") : title;
      if (shown === undefined) return { title: what, detail: formsOf(t, piece) };
      const site = siteInWords(shown.site, language.startsWith("fr") ? "fr" : "en");
      const archived = piece.entries.some((entry) => formOf(entry) === "dicom");
      return {
        title: `${what} · ${t(`cases:photo.view.${shown.view}`).toLocaleLowerCase()}`,
        detail: archived ? `${site} · ${t("archive")}` : site,
      };
    }
    case "opinion":
    case "amendment": {
      const author = state.opinion?.opinion.payload.author;
      return {
        title,
        detail: author === undefined ? formsOf(t, piece) : `${name(author)} · ${t("form.letter")}`,
      };
    }
    default:
      return { title, detail: formsOf(t, piece) };
  }
}

/** A photo is known by the hash of its picture, in the case and in the record alike. */
function photoOf(piece: Piece, state: CaseState) {
  const hashes = piece.entries.map((entry) => entry.sha256);
  return state.photos.find(({ photo }) => hashes.includes(photo.receipt.payload.pictureSha256))?.photo;
}

function formsOf(t: Say, piece: Piece): string {
  const known = (form: string) => t(`form.${form}`, { defaultValue: t("form.other") });
  return [...new Set(piece.entries.map((entry) => known(formOf(entry))))].join(", ");
}
