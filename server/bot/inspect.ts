import { parseCaseEvent } from "#protocol/events.ts";
import type { Clock } from "../kit/role.ts";

/** Why the archivist takes an event out of a case. */
export type Fault =
  /** A picture, or what may be one, written as text. */
  | "picture-in-text"
  /** A file that no receipt announced. */
  | "media-unknown"
  /** A file that was announced for another photo or another case. */
  | "media-of-another";

/** Whether the ledger has this file as announced for that case, and by that receipt where one is given. */
export type FileCheck = (
  mxc: string,
  roomId: string,
  receiptId: string | undefined,
) => Promise<"announced" | "unknown" | "of-another">;

export type Inspected = {
  readonly eventId: string;
  readonly roomId: string;
  readonly sender: string;
  readonly type: string;
  readonly content: unknown;
};

/** What is wrong, and the events that it is wrong with: this one, and those before it that are part of the same. */
export type Finding = { readonly fault: Fault; readonly eventIds: readonly string[] };

export type Inspector = { inspect(event: Inspected): Promise<Finding | undefined> };

/** More than this in one event is no signature and no hash: ours have about 900. */
const mostInOne = 2_048;
/** And in what one person wrote in one case within a quarter of an hour. */
const mostTogether = 4_096;
const togetherMs = 15 * 60_000;
/** Less is an address or a number of a file, and does not add up to anything. */
const leastPiece = 256;
/** Lists of numbers are pictures too; a drawn signature is the one list that a case knows. */
const mostNumbers = 256;

/**
 * The archivist's look at what people say, after decryption: the gateway sees ciphertext only. It finds pictures that travel as text and
 * files that no receipt announced; it does not find what looks like prose.
 */
export function createInspector(fileCheck: FileCheck, clock: Clock): Inspector {
  /** What each person wrote lately that was not words, by room and sender. */
  const written = new Map<string, { eventId: string; atMs: number; opaque: number }[]>();

  /** The pieces of which this is the one too many; once somebody was caught at it, each further piece. */
  function together({ roomId, sender, eventId }: Inspected, opaque: number): readonly string[] {
    if (opaque < leastPiece) return [];
    const key = `${roomId} ${sender}`;
    const since = clock() - togetherMs;
    const lately = (written.get(key) ?? []).filter((each) => each.atMs > since && each.eventId !== eventId);
    lately.push({ eventId, atMs: clock(), opaque });
    written.set(key, lately);
    const total = lately.reduce((sum, each) => sum + each.opaque, 0);
    return total > mostTogether ? lately.map((each) => each.eventId) : [];
  }

  return {
    inspect: async (event) => {
      const { texts, numbers } = partsOf(event.content);
      const parsed = parseCaseEvent({ ...event, atMs: 0 });
      const known = parsed.kind === "opinion" ? new Set(parsed.opinion.payload.picturesSeen) : undefined;
      const drawn = parsed.kind === "consent" ? (parsed.evidence.signature?.flat(2).length ?? 0) : 0;
      const ids = parsed.kind === "seen" ? new Set(parsed.seen.ofEvents) : undefined;
      const unknown = texts.filter((text) => known?.has(text) !== true && ids?.has(text) !== true);
      const opaque = unknown.reduce((sum, text) => sum + opaqueIn(text), 0);
      if (opaque > mostInOne || numbers - drawn > mostNumbers || unknown.some(looksLikePicture))
        return { fault: "picture-in-text", eventIds: [event.eventId] };
      const isTalk = parsed.kind === "message" || parsed.kind === "foreign" || parsed.kind === "malformed";
      const eventIds = together(event, isTalk ? opaque : 0);
      if (isTalk && eventIds.length > 0) return { fault: "picture-in-text", eventIds };

      const receiptId =
        parsed.kind === "photo"
          ? parsed.photo.receipt.payload.receiptId
          : parsed.kind === "preview"
            ? parsed.preview.receipt.payload.receiptId
            : undefined;
      for (const mxc of new Set(texts.flatMap((text) => text.match(/mxc:\/\/[^\s"'<>]+/gi) ?? []))) {
        const found = await fileCheck(mxc, event.roomId, receiptId);
        if (found === "announced") continue;
        const fault = found === "unknown" ? "media-unknown" : "media-of-another";
        return { fault, eventIds: [event.eventId] };
      }
      return undefined;
    },
  };
}

/** All texts of a content, names of members among them, and how many numbers it has. Not recursive: it may be nested without end. */
function partsOf(content: unknown): { texts: string[]; numbers: number } {
  const texts: string[] = [];
  let numbers = 0;
  const left: unknown[] = [content];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value === "string") texts.push(...insideToken(value));
    else if (typeof value === "number") numbers += 1;
    else if (Array.isArray(value)) for (const each of value) left.push(each);
    else if (typeof value === "object" && value !== null)
      for (const [key, each] of Object.entries(value)) left.push(key, each);
  }
  return { texts, numbers };
}

/** A signed token is what it says: its payload's texts in place of its letters. */
function insideToken(text: string): string[] {
  const token = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/.exec(text);
  if (token === null) return [text];
  const [, header = "", payload = "", signature = ""] = token;
  try {
    const said: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return typeof said === "object" && said !== null ? [header, signature, ...partsOf(said).texts] : [text];
  } catch {
    return [text];
  }
}

/** How many of its letters stand in long runs without a space and of many kinds, as no language writes them. */
function opaqueIn(text: string): number {
  const runs = text.match(/[!-~]{40,}/g) ?? [];
  return runs.filter((run) => new Set(run).size >= 12).reduce((sum, run) => sum + run.length, 0);
}

/** The first bytes of JPEG, PNG, WebP and GIF, in base64 or hexadecimal, however the text is broken. */
const beginnings =
  /(?:\/9j\/[A-Za-z0-9+/]|_9j_[A-Za-z0-9_-]|iVBORw0KGg[opqr]|UklGR[A-Za-z0-9+/]{6}XRUJQ|R0lGODlh|R0lGODdh)[A-Za-z0-9+/=_-]{200}|(?:ffd8ffe|89504e470d0a)[0-9a-f]{300}/i;
const looksLikePicture = (text: string): boolean => beginnings.test(text.replace(/\s+/g, ""));
