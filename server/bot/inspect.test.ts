import { randomBytes, randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { contentKeys } from "#protocol/events.ts";
import { createInspector, type MediaOwner } from "./inspect.ts";

const roomId = "!case";
const now = { ms: Date.parse("2026-03-01T10:00:00Z") };
const ledger = new Map<string, MediaOwner>([
  ["mxc://v.example/known", { roomId, receiptId: "9f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f" }],
  ["mxc://v.example/elsewhere", { roomId: "!another", receiptId: "8f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f" }],
]);

const inspector = () =>
  createInspector(
    async (mxc) => ledger.get(mxc),
    () => now.ms,
  );
let count = 0;
const event = (content: unknown, type = "m.room.message", sender = "@leroy:v.example") => ({
  eventId: `$${++count}`,
  roomId,
  sender,
  type,
  content,
});
const text = (body: string) => ({
  msgtype: "m.text",
  body,
  [contentKeys.message]: { clientRef: randomUUID() },
});
const faultOf = async (content: unknown, type?: string) =>
  (await inspector().inspect(event(content, type)))?.fault;

/** Three thousand bytes that begin as a JPEG does. */
const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]), randomBytes(3000)]);
const png = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), randomBytes(3000)]);
const prose =
  "Lésion érythémato-squameuse de l’avant-bras droit, 4 × 3 cm, évoluant depuis trois semaines malgré un dermocorticoïde. ";

describe("what people write", () => {
  test.each([
    ["a sentence", "Bonjour, pouvez-vous regarder ?"],
    ["a long text", prose.repeat(60)],
    [
      "a long text without a full stop",
      "pas de fièvre pas de prurit aspect inchangé depuis hier ".repeat(120),
    ],
    ["addresses", "https://www.has-sante.fr/jcms/c_2587220/fr/melanome-cutane?recherche=melanome ".repeat(8)],
    ["a table drawn with dashes", `${"-".repeat(78)}\n| CRP | 12 |\n`.repeat(60)],
    ["other alphabets", "يعاني المريض من طفح جلدي منذ ثلاثة أسابيع ".repeat(100)],
  ])("%s stays in the case", async (_what, body) => {
    expect(await faultOf(text(body))).toBeUndefined();
  });

  test.each([
    ["base64", jpeg.toString("base64")],
    ["base64 in lines", (jpeg.toString("base64").match(/.{76}/g) ?? []).join("\n")],
    ["base64 in words", (jpeg.toString("base64").match(/.{1,12}/g) ?? []).join(" ")],
    ["base64 of a PNG in words", (png.toString("base64").match(/.{1,12}/g) ?? []).join(" ")],
    ["base64url", jpeg.toString("base64url")],
    ["hexadecimal", jpeg.toString("hex")],
    ["hexadecimal in words", (jpeg.toString("hex").match(/.{1,8}/g) ?? []).join(" ")],
    ["a data address", `data:image/jpeg;base64,${jpeg.toString("base64")}`],
    ["without its first bytes", jpeg.subarray(6).toString("base64")],
    ["encrypted once more", randomBytes(2000).toString("base64")],
  ])("a picture as %s is found", async (_how, body) => {
    expect(await faultOf(text(body))).toBe("picture-in-text");
  });

  test.each([
    ["in a member of its own", { ...text("voir ci-joint"), "fr.example.data": jpeg.toString("base64") }],
    ["as the name of a member", { ...text("voir"), [jpeg.toString("base64")]: 1 }],
    ["as a list of numbers", { ...text("voir"), data: [...jpeg] }],
    [
      "in formatted text",
      { ...text("voir"), formatted_body: `<img src="data:,${jpeg.toString("base64")}">` },
    ],
    ["in a token that nobody signed", text(`${"A".repeat(40)}.${jpeg.toString("base64url")}.AAAA`)],
    [
      "as the payload of a token",
      text(`e30.${Buffer.from(JSON.stringify({ p: jpeg.toString("base64") })).toString("base64url")}.AAAA`),
    ],
  ])("a picture %s is found", async (_where, content) => {
    expect(await faultOf(content)).toBe("picture-in-text");
  });

  test("in an event of any type is found, and a malformed one of ours too", async () => {
    const data = jpeg.toString("base64");
    expect(await faultOf({ data }, "fr.example.anything")).toBe("picture-in-text");
    expect(await faultOf({ msgtype: "m.text", body: "", [contentKeys.request]: { data } })).toBe(
      "picture-in-text",
    );
  });

  test("nested a hundred thousand deep does not stop the archivist", async () => {
    const deep: unknown = JSON.parse(`${"[".repeat(100_000)}1${"]".repeat(100_000)}`);
    expect(await faultOf({ ...text("x"), deep })).toBeUndefined();
  });

  test("in pieces is found by what they come to, and all pieces are named", async () => {
    const at = inspector();
    const pieces = [1, 2, 3].map(() => event(text(randomBytes(1100).toString("base64"))));
    expect(await at.inspect(pieces[0] ?? event({}))).toBeUndefined();
    expect(await at.inspect(pieces[1] ?? event({}))).toBeUndefined();
    expect(await at.inspect(pieces[2] ?? event({}))).toEqual({
      fault: "picture-in-text",
      eventIds: pieces.map((each) => each.eventId),
    });
  });

  test("is counted for each person and for a quarter of an hour", async () => {
    const at = inspector();
    const piece = () => text(randomBytes(1100).toString("base64"));
    expect(await at.inspect(event(piece()))).toBeUndefined();
    expect(await at.inspect(event(piece(), "m.room.message", "@faure:v.example"))).toBeUndefined();
    expect(await at.inspect(event(piece()))).toBeUndefined();
    now.ms += 16 * 60_000;
    expect(await at.inspect(event(piece()))).toBeUndefined();
  });
});

describe("a file", () => {
  test("that a receipt announced for this case stays", async () => {
    expect(await faultOf({ msgtype: "m.image", body: "x", url: "mxc://v.example/known" })).toBeUndefined();
  });

  test("that no receipt announced is found, wherever its address stands", async () => {
    const address = "mxc://v.example/stray";
    expect(await faultOf({ msgtype: "m.image", body: "x", url: address })).toBe("media-unknown");
    expect(await faultOf({ msgtype: "m.image", body: "x", file: { url: address } })).toBe("media-unknown");
    expect(await faultOf(text(`regardez ${address} vite`))).toBe("media-unknown");
  });

  test("of another case is found", async () => {
    const content = { msgtype: "m.image", body: "x", url: "mxc://v.example/elsewhere" };
    expect(await faultOf(content)).toBe("media-of-another");
  });
});
