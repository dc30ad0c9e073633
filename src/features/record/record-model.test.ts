import { describe, expect, test } from "vitest";
import type { RecordView } from "#protocol/api.ts";
import { err, ok } from "#protocol/result.ts";
import { createRecordModel, isClip, piecesOf } from "./record-model.ts";

const filedAt = "2026-11-24T12:13:00Z";
const sha256 = "a".repeat(64);
const view: RecordView = {
  entries: [
    { id: "1", kind: "opinion", reference: "DiagnosticReport/1", filedAt, readable: false },
    {
      id: "2",
      kind: "opinion",
      reference: "Binary/2",
      contentType: "application/pdf",
      filedAt,
      readable: true,
    },
    {
      id: "3",
      kind: "photo",
      reference: "Binary/3",
      contentType: "image/jpeg",
      filedAt,
      sha256,
      readable: true,
    },
    { id: "4", kind: "photo", reference: "dicom:2.25.1", filedAt, sha256, readable: false },
    { id: "5", kind: "consent", reference: "Consent/5", filedAt, readable: false },
  ],
};

function setUp(blob: Blob, code: "record-unreachable" | null = null) {
  const revoked: string[] = [];
  const types: string[] = [];
  const model = createRecordModel({
    roomId: "!r",
    door: {
      readRecord: () => Promise.resolve(code === null ? ok(view) : err(code)),
      readRecordEntry: () => Promise.resolve(code === null ? ok(blob) : err(code)),
    },
    urls: {
      create: (each) => {
        types.push(each.type);
        return `blob:${types.length}`;
      },
      revoke: (url) => revoked.push(url),
    },
  });
  return { model, revoked, types };
}

describe("the record of a case", () => {
  test("counts pieces as people do: one photo in two archives is one piece", () => {
    expect(piecesOf(view).map((piece) => [piece.kind, piece.main.id])).toEqual([
      ["consent", "5"],
      ["photo", "3"],
      ["opinion", "2"],
    ]);
  });

  test("a clip and what the archive made of it are one piece, which plays", async () => {
    const clip = { kind: "photo", filedAt, readable: true } as const;
    const entries = [
      { ...clip, id: "c", reference: "DocumentReference/c", contentType: "video/webm", sha256 },
      { ...clip, id: "dicom-c", reference: "dicom:2.25.2", sha256: "b".repeat(64), readable: false },
      {
        ...clip,
        id: "p",
        reference: "DocumentReference/p",
        contentType: "image/jpeg",
        sha256: "c".repeat(64),
      },
    ];
    const pieces = piecesOf({ entries });
    expect(pieces.map(({ main, entries: all }) => [main.id, all.length])).toEqual([
      ["c", 2],
      ["p", 1],
    ]);
    expect(pieces.map(isClip)).toEqual([true, false]);
    const { model, types } = setUp(new Blob(["film"], { type: "video/webm" }));
    await model.read();
    await model.open("3");
    expect(types).toEqual(["video/webm"]);
  });

  test("shows a letter, and frees it when another piece is opened", async () => {
    const { model, revoked } = setUp(new Blob(["%PDF"], { type: "application/pdf" }));
    await model.read();
    await model.open("2");
    expect(model.store.getState().document).toMatchObject({ step: "open", contentType: "application/pdf" });
    await model.open("3");
    expect(revoked).toEqual(["blob:1"]);
  });

  test("never shows a type that could run something", async () => {
    const { model, types } = setUp(new Blob(["<script>"], { type: "text/html" }));
    await model.read();
    await model.open("2");
    expect(types).toEqual(["application/octet-stream"]);
  });

  test("says that the record does not answer", async () => {
    const { model } = setUp(new Blob([]), "record-unreachable");
    await model.read();
    expect(model.store.getState().reading).toEqual({ failed: "record-unreachable" });
  });
});
