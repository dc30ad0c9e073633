import { randomBytes, randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type CaseEvent, contentKeys, parseCaseEvent } from "#protocol/events.ts";
import { newPrivateJwk, signCompact, signDetached, signingKeyOf } from "../kit/jose.ts";
import { createInspector, type FileCheck } from "./inspect.ts";

const roomId = "!case";
const now = { ms: Date.parse("2026-03-01T10:00:00Z") };
const known = "9f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f";
const fileCheck: FileCheck = async (mxc, room, receiptId = known) => {
  if (mxc === "mxc://v.example/elsewhere") return "of-another";
  if (mxc !== "mxc://v.example/known") return "unknown";
  return room === roomId && receiptId === known ? "announced" : "of-another";
};
const inspector = () => createInspector(fileCheck, () => now.ms);
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

  test("written as a word for each byte is not found: readers see it, and the budget makes it slow", async () => {
    const words = Array.from(
      { length: 256 },
      (_, byte) => `${"bcdfglmnprstvzjk"[byte >> 4]}a${"bcdfglmnprstvzjk"[byte & 15]}e`,
    );
    const body = [...jpeg].map((byte) => words[byte]).join(" ");
    expect(await faultOf(text(body))).toBeUndefined();
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

  test("in pieces stays found to the last piece, and what is said besides stays in the case", async () => {
    const at = inspector();
    const piece = () => event(text(randomBytes(1100).toString("base64")));
    for (let sent = 0; sent < 3; sent += 1) await at.inspect(piece());
    expect(await at.inspect(piece())).toMatchObject({ fault: "picture-in-text" });
    expect(await at.inspect(event(text("Pouvez-vous regarder ?")))).toBeUndefined();
    const address = "https://www.has-sante.fr/jcms/c_2587220/fr/melanome-cutane?recherche=melanome";
    expect(await at.inspect(event(text(address)))).toBeUndefined();
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

describe("what Colloque itself sends, at its longest,", () => {
  const id = "9f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f";
  const hash = "a1b2c3d4e5f60718".repeat(4);
  const user = "@leroy:v.example";

  /** As a device signs and the registry certifies: real keys, names as long as they come. */
  async function signed(payload: Parameters<typeof signDetached>[1]) {
    const key = await signingKeyOf(await newPrivateJwk());
    const certificate = await signCompact(key, {
      iss: "registry:v.example",
      sub: user,
      device: "ABCDEFGHIJ",
      kid: key.kid,
      cnf: { jwk: key.publicJwk },
      name: "Dr Marie-Antoinette de La Rochefoucauld-Montmorency",
      rpps: "89900000005",
      iat: 1_790_000_000,
      exp: 1_792_000_000,
    });
    return { payload, jws: await signDetached(key, payload), certificate };
  }
  const token = async (payload: Parameters<typeof signDetached>[1]) =>
    signCompact(await signingKeyOf(await newPrivateJwk()), payload);

  const receipt = {
    v: 1,
    receiptId: id,
    consentId: id,
    caseId: id,
    pseudonym: "abcdefghijklmnopqrstuv",
    pictureSha256: hash,
    ciphertexts: [
      { rendition: "full", sha256: hash, bytes: 10 },
      { rendition: "preview", sha256: hash, bytes: 10 },
    ],
    takenBy: user,
    takenAt: "2026-03-01T09:30:00Z",
    source: "camera",
  };
  const file = {
    url: "mxc://v.example/known",
    v: "v2",
    key: {
      kty: "oct",
      alg: "A256CTR",
      ext: true,
      k: "A1b2C3d4E5f".repeat(4).slice(1),
      key_ops: ["encrypt", "decrypt"],
    },
    iv: "A1b2C3d4E5f6G7h8I9j0Kl",
    hashes: { sha256: "A1b2C3d4E5f".repeat(4).slice(1) },
  };
  const consent = {
    v: 1,
    consentId: id,
    caseId: id,
    pseudonym: "abcdefghijklmnopqrstuv",
    decisions: [{ purpose: "care-named", granted: true }],
    recipients: [{ kind: "person", userId: "@faure:v.example" }],
    method: "patient-phone",
    givenBy: "patient",
    notice: { version: "1", sha256: hash, language: "fr" },
    evidenceSha256: hash,
    collectedBy: user,
    collectedAt: "2026-03-01T09:59:00Z",
    expiresAt: "2026-06-01T09:00:00Z",
  };
  const opinion = {
    opinionId: id,
    caseId: id,
    requestEventId: `$${"a".repeat(43)}`,
    findings: prose.repeat(60),
    assessment: prose.repeat(60),
    certainty: "probable",
    plan: prose.repeat(60),
    ifWorse: prose,
    inPerson: { needed: false },
    limits: prose,
    picturesSeen: Array.from({ length: 100 }, (_, at) => hash.replace(/^.{3}/, String(at).padStart(3, "0"))),
    author: user,
    signedAt: "2026-03-01T10:00:00Z",
  };

  const events: readonly [CaseEvent["kind"], () => Promise<object>, string?][] = [
    [
      "photo",
      async () => ({
        msgtype: "m.image",
        body: "Photo : avant-bras droit",
        file,
        info: { mimetype: "image/jpeg", w: 4000, h: 3000, size: 2_000_000 },
        [contentKeys.photo]: {
          photoId: id,
          receipt: await signed(receipt),
          site: { region: "back", laterality: "U" },
          view: "overview",
          widthPx: 4000,
          heightPx: 3000,
          bytes: 2_000_000,
          file,
        },
      }),
    ],
    [
      "consent",
      async () => ({
        msgtype: "m.text",
        body: prose,
        [contentKeys.consent]: {
          consent: await signed(consent),
          evidence: {
            consentId: id,
            witness: "Dr Nadia Haddad",
            signature: Array.from({ length: 20 }, () => Array.from({ length: 100 }, (_, at) => [at, at])),
            patientPhone: {
              key: (await signingKeyOf(await newPrivateJwk())).publicJwk,
              jws: await token({ ...consent, noticeText: prose.repeat(30) }),
              answeredAt: "2026-03-01T09:59:00Z",
            },
            noticeText: prose.repeat(60),
          },
        },
      }),
    ],
    [
      "opinion",
      async () => ({
        msgtype: "m.text",
        body: prose.repeat(100),
        [contentKeys.opinion]: await signed(opinion),
      }),
    ],
    [
      "seen",
      async () => ({
        ofEvents: Array.from({ length: 200 }, () => `$${randomBytes(32).toString("base64url")}`),
        at: "2026-03-01T10:00:00Z",
      }),
      "fr.colloque.seen",
    ],
  ];
  test.each(events)("a %s stays in the case", async (kind, make, type = "m.room.message") => {
    const content = await make();
    expect(parseCaseEvent({ eventId: "$e", sender: user, atMs: 0, type, content }).kind).toBe(kind);
    expect(await faultOf(content, type)).toBeUndefined();
  });

  test("a photo whose receipt is not the one that announced its file is found", async () => {
    const content = Object.assign(await (events[0]?.[1]() ?? {}), {});
    const other = "7f1f9a52-7a5e-4a3b-9a52-1f2f3f4f5f6f";
    const changed: unknown = JSON.parse(JSON.stringify(content).replaceAll(id, other));
    expect(await faultOf(changed)).toBe("media-of-another");
  });
});
