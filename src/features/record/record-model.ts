import { createStore, type StoreApi } from "zustand/vanilla";
import type { RecordView } from "#protocol/api.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import type { FiledKind } from "#protocol/events.ts";
import type { Door } from "../../matrix/types.ts";

export type RecordEntry = RecordView["entries"][number];

/** A piece as people count them: an opinion is one, whatever number of resources hold it. */
export type Piece = {
  readonly key: string;
  readonly kind: FiledKind;
  readonly filedAtMs: number;
  /** The entry whose bytes are worth reading, if one can be read. */
  readonly main: RecordEntry;
  readonly entries: readonly RecordEntry[];
};

export type OpenDocument =
  | { readonly step: "none" }
  | { readonly step: "opening"; readonly entryId: string }
  | { readonly step: "open"; readonly entryId: string; readonly url: string; readonly contentType: string }
  | { readonly step: "failed"; readonly entryId: string; readonly code: ErrorCode };

export type RecordState = {
  readonly reading: "reading" | "read" | { readonly failed: ErrorCode };
  readonly pieces: readonly Piece[];
  readonly patientRecordUrl: string | null;
  readonly document: OpenDocument;
};

export type RecordModel = {
  readonly store: StoreApi<RecordState>;
  read(): Promise<void>;
  open(entryId: string): Promise<void>;
  dispose(): void;
};

type Ports = {
  readonly door: Pick<Door, "readRecord" | "readRecordEntry">;
  readonly roomId: string;
  /** Makes an address for bytes, and frees it. */
  readonly urls: { readonly create: (blob: Blob) => string; readonly revoke: (url: string) => void };
};

/** Only what a browser shows without running anything; the rest is a file to save. */
const shownTypes = ["application/pdf", "image/jpeg", "image/png", "video/mp4", "video/webm"];

export function createRecordModel({ door, roomId, urls }: Ports): RecordModel {
  const store = createStore<RecordState>(() => ({
    reading: "reading",
    pieces: [],
    patientRecordUrl: null,
    document: { step: "none" },
  }));
  let disposed = false;

  const show = (document: OpenDocument) => {
    const before = store.getState().document;
    if (before.step === "open") urls.revoke(before.url);
    store.setState({ document });
  };

  return {
    store,
    async read() {
      store.setState({ reading: "reading" });
      const answer = await door.readRecord(roomId);
      if (disposed) return;
      if (!answer.ok) {
        store.setState({ reading: { failed: answer.error } });
        return;
      }
      store.setState({
        reading: "read",
        pieces: piecesOf(answer.value),
        patientRecordUrl: answer.value.patientRecordUrl ?? null,
      });
    },
    async open(entryId) {
      show({ step: "opening", entryId });
      const answer = await door.readRecordEntry(roomId, entryId);
      const now = store.getState().document;
      if (disposed || now.step === "none" || now.entryId !== entryId) return;
      if (!answer.ok) return show({ step: "failed", entryId, code: answer.error });
      const contentType = safeType(answer.value.type, store.getState().pieces, entryId);
      const url = urls.create(new Blob([answer.value], { type: contentType }));
      show({ step: "open", entryId, url, contentType });
    },
    dispose() {
      disposed = true;
      show({ step: "none" });
    },
  };
}

function safeType(claimed: string, pieces: readonly Piece[], entryId: string): string {
  const entry = pieces.flatMap((piece) => piece.entries).find((each) => each.id === entryId);
  const type = (claimed === "" ? (entry?.contentType ?? "") : claimed).split(";")[0]?.trim() ?? "";
  return shownTypes.includes(type) ? type : "application/octet-stream";
}

const order: readonly FiledKind[] = [
  "consent",
  "request",
  "question",
  "photo",
  "response",
  "opinion",
  "amendment",
  "message",
  "call",
  "discussion",
  "glass",
  "informed",
  "withdrawn",
  "misfiled",
  "identity",
];

/**
 * Gathers the record's entries into pieces. One photo is one piece: its twin in the archive is named after its document, or they share the
 * picture's hash or, without one, the second at which they were filed. Everything else is one piece for each kind.
 */
export function piecesOf(view: RecordView): Piece[] {
  const groups = new Map<string, RecordEntry[]>();
  for (const entry of view.entries) {
    const { sha256, filedAt } = view.entries.find(({ id }) => entry.id === `dicom-${id}`) ?? entry;
    const key = entry.kind === "photo" ? `photo ${sha256 ?? filedAt}` : entry.kind;
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return [...groups]
    .map(([key, entries]) => toPiece(key, entries))
    .filter((piece) => piece !== null)
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || a.filedAtMs - b.filedAtMs);
}

function toPiece(key: string, entries: readonly RecordEntry[]): Piece | null {
  const readable = entries.filter((entry) => entry.readable);
  const main =
    // Of several versions the last one.
    readable.findLast((entry) => entry.contentType === "application/pdf") ??
    readable.find((entry) => /^(image|video)\//.test(entry.contentType ?? "")) ??
    readable[0] ??
    entries[0];
  if (main === undefined) return null;
  return {
    key,
    kind: main.kind,
    filedAtMs: Math.max(...entries.map((entry) => Date.parse(entry.filedAt))),
    main,
    entries,
  };
}

/** "DocumentReference" of "DocumentReference/abc", or "dicom". */
export const formOf = (entry: RecordEntry): string =>
  entry.reference.startsWith("dicom:") ? "dicom" : (entry.reference.split("/")[0] ?? "");

/** A short film in place of a photo. */
export const isClip = ({ main }: Pick<Piece, "main">): boolean =>
  main.contentType?.startsWith("video/") === true;
