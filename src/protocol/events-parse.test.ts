import { describe, expect, test } from "vitest";
import * as events from "./events.ts";
import {
  consent,
  file,
  filed,
  glass,
  info,
  informed,
  opinion,
  picture,
  preview,
  receipt,
  request,
  seen,
  signed,
  user,
  uuid,
  withdrawn,
} from "./testing/event-values.ts";

const at = { eventId: "$e", sender: user, atMs: 1 };
const text = { msgtype: "m.text", body: "b" };
const image = { msgtype: "m.image", body: "b", file, info };
const told: [string, string, object, object][] = [
  ["request", "m.room.message", { ...text, "fr.colloque.request": request }, { request: { question: "?" } }],
  ["consent", "m.room.message", { ...text, "fr.colloque.consent": consent }, consent],
  ["photo", "m.room.message", { ...image, "fr.colloque.photo": picture }, { photo: { photoId: uuid } }],
  ["preview", "m.room.message", { ...image, "fr.colloque.preview": preview }, { preview: { photoId: uuid } }],
  [
    "opinion",
    "m.room.message",
    { ...text, "fr.colloque.opinion": signed(opinion) },
    { opinion: signed(opinion) },
  ],
  [
    "response",
    "m.room.message",
    { ...text, "fr.colloque.response": { kind: "accepted" } },
    { response: { kind: "accepted" } },
  ],
  [
    "glass",
    "m.room.message",
    { ...text, "fr.colloque.glass": { glass, reason: "a".repeat(10) } },
    { glass, reason: "a".repeat(10) },
  ],
  ["informed", "m.room.message", { ...text, "fr.colloque.informed": informed }, { informed }],
  [
    "message",
    "m.room.message",
    { ...text, "fr.colloque.message": { clientRef: uuid } },
    { text: "b", clientRef: uuid },
  ],
  ["filed", "fr.colloque.filed", filed, { filed }],
  ["seen", "fr.colloque.seen", seen, { seen }],
  ["withdrawn", "fr.colloque.withdrawn", withdrawn, { withdrawn }],
];

describe.each(told)("an event with a %s", (kind, type, content, says) => {
  const read = (change: object = {}) =>
    events.parseCaseEvent({ ...at, type, content: { ...content, ...change } });

  test("is read as that, with who sent it and when", () => {
    expect(read()).toMatchObject({ ...at, kind, ...says });
  });

  test("is malformed when its part does not fit, and says which", () => {
    const [name = ""] = Object.keys(content).filter((each) => each.startsWith("fr.colloque."));
    const broken = name === "" ? { at: "now", ofEvent: 1, ofEvents: [], consentId: 1 } : { [name]: {} };
    expect(read(broken)).toEqual({ ...at, kind: "malformed", what: kind });
  });

  test("is malformed with a body of another kind", () => {
    if (type !== "m.room.message") return;
    expect(read({ msgtype: "m.notice" })).toMatchObject({ kind: "malformed" });
    expect(read({ body: 7 })).toMatchObject({ kind: "malformed" });
    const most = kind === "message" ? 8_000 : 20_000;
    expect(read({ body: "a".repeat(most) })).toMatchObject({ kind });
    expect(read({ body: "a".repeat(most + 1) })).toMatchObject({ kind: "malformed" });
  });
});

describe("the words of an event", () => {
  const parse = (content: unknown, type = "m.room.message") =>
    events.parseCaseEvent({ ...at, type, content });

  test("are a message when another client wrote them", () => {
    for (const msgtype of ["m.text", "m.notice", "m.emote"])
      expect(parse({ msgtype, body: "Bonjour" })).toEqual({
        ...at,
        kind: "message",
        text: "Bonjour",
        clientRef: undefined,
      });
    expect(parse({ ...text, body: "a".repeat(8_000) })).toMatchObject({ kind: "message" });
  });

  test("are nothing when they are none, too long, or beside a picture that has no receipt", () => {
    const foreign = { ...at, kind: "foreign", body: undefined };
    for (const content of [
      { ...text, body: "" },
      { ...text, body: "a".repeat(8_001) },
      { ...image },
      { msgtype: "m.audio", body: "x" },
      {},
      null,
      "x",
      undefined,
    ])
      expect(parse(content)).toEqual(foreign);
    expect(parse(text, "m.room.topic")).toEqual(foreign);
  });

  test("with one of our parts are not empty, and a reason is a few words", () => {
    expect(parse({ ...text, body: "", "fr.colloque.message": { clientRef: uuid } })).toMatchObject({
      kind: "malformed",
    });
    const reasoned = (reason: string) => parse({ ...text, "fr.colloque.glass": { glass, reason } });
    for (const [reason, kind] of [
      ["a".repeat(9), "malformed"],
      [` ${"a".repeat(9)} `, "malformed"],
      ["a".repeat(1000), "glass"],
      ["a".repeat(1001), "malformed"],
    ] as const)
      expect(reasoned(reason).kind).toBe(kind);
    expect(reasoned(` ${"a".repeat(10)} `)).toMatchObject({ reason: "a".repeat(10) });
  });

  test("beside a picture say that it is a JPEG, and how large", () => {
    const photo = (change: object) => parse({ ...image, "fr.colloque.photo": picture, ...change }).kind;
    expect(photo({ info: { ...info, mimetype: "image/png" } })).toBe("malformed");
    for (const each of ["w", "h", "size"])
      expect(photo({ info: { ...info, [each]: 0.5 } })).toBe("malformed");
    expect(photo({ info: undefined })).toBe("malformed");
    expect(photo({ file: undefined })).toBe("malformed");
  });

  test("[E6] beside a clip say which kind of video it is and how long; and its receipt says that it is one", () => {
    const clip = { type: "video/webm", durationMs: 2000 };
    const film = { ...info, mimetype: "video/webm", duration: 2000 };
    const moving = { ...picture, clip, receipt: signed({ ...receipt, clip: true }) };
    const read = (photo: object, of: object = film, msgtype = "m.video") =>
      parse({ ...image, msgtype, info: of, "fr.colloque.photo": photo });
    expect(read(moving)).toMatchObject({ kind: "photo", photo: { clip } });
    const mp4 = { type: "video/mp4", durationMs: 21_000 };
    expect(read({ ...moving, clip: mp4 }, { ...film, mimetype: "video/mp4" }).kind).toBe("photo");
    for (const [photo, of, msgtype] of [
      [{ ...moving, receipt: picture.receipt }, film, "m.video"],
      [{ ...picture, receipt: moving.receipt }, info, "m.image"],
      [picture, film, "m.video"],
      [moving, info, "m.image"],
      [{ ...moving, clip: { ...clip, type: "video/quicktime" } }, film, "m.video"],
      [{ ...moving, clip: { ...clip, durationMs: 21_001 } }, film, "m.video"],
      [{ ...moving, clip: { ...clip, durationMs: 0 } }, film, "m.video"],
      [moving, { ...film, mimetype: "video/mp4" }, "m.video"],
      [moving, { ...film, duration: undefined }, "m.video"],
    ] as const)
      expect(read(photo, of, msgtype).kind).toBe("malformed");
    expect(parse({ ...image, "fr.colloque.preview": { ...preview, clip } }).kind).toBe("malformed");
    const still = signed({ ...preview.receipt.payload, clip: true });
    expect(parse({ ...image, "fr.colloque.preview": { ...preview, receipt: still } }).kind).toBe("preview");
  });
});

test("a case's room is told by its type and the case that it is of", () => {
  expect([events.caseRoomType, events.caseIdKey]).toEqual(["fr.colloque.case", "fr.colloque.case_id"]);
});
