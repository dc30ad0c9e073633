import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { consentIdSchema } from "#protocol/ids.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import type { PreparedPhoto, PreparedPreview } from "../../matrix/types.ts";
import { type BegunFilm, type CameraFault, type CameraSession, createCamera } from "./camera.ts";
import { type CaptureDeps, createCaptureModel } from "./capture-model.ts";
import type { RecordedClip } from "./film.ts";
import type { FileRefusal } from "./image-kind.ts";
import type { CameraConsent } from "./pictures-allowed.ts";
import type { PreparedPicture } from "./prepare-picture.ts";

const now = Date.parse("2026-11-24T10:57:00Z");
const consent = (
  granted: { opinion?: boolean; pictures?: boolean } = {},
  ends = now + 1000,
): CameraConsent => ({
  consentId: consentIdSchema.parse(randomUUID()),
  decisions: [
    { purpose: "opinion", granted: granted.opinion ?? true },
    { purpose: "care-named", granted: granted.pictures ?? true },
    { purpose: "teaching", granted: true },
  ],
  collectedAt: new Date(now - 1000).toISOString(),
  expiresAt: new Date(ends).toISOString(),
});
const bare = (byte: number) => ({ jpeg: Uint8Array.of(byte), widthPx: 4, heightPx: 3 });
const ahead = { preview: { ...bare(1), sha256: "a".repeat(64) }, verdict: "sharp" } as const;
const picture: PreparedPicture = { ...bare(2), sha256: "b".repeat(64) };

function setUp(
  given: CameraConsent | null = consent(),
  options: {
    fault?: CameraFault;
    made?: Result<PreparedPicture, FileRefusal | "failed">;
    storage?: "storage-full";
    onAhead?: CaptureDeps["onAhead"];
    film?: CameraSession["film"];
    clock?: () => number;
  } = {},
) {
  const seen = { opened: 0, closed: 0, prepared: 0 };
  const photos: PreparedPhoto[] = [];
  const session: CameraSession = {
    torch: false,
    attach: () => {},
    setTorch: async () => {},
    shoot: async () => new Blob(["frame"]),
    films: true,
    film: async () => options.film?.() ?? null,
    look: () => null,
    close: () => {
      seen.closed += 1;
    },
  };
  const model = createCaptureModel({
    camera: {
      async open() {
        seen.opened += 1;
        return options.fault === undefined ? ok(session) : err(options.fault);
      },
    },
    workshop: {
      async prepare(_source, onAhead) {
        seen.prepared += 1;
        const made = options.made ?? ok(picture);
        if (made.ok) onAhead(ahead);
        return made;
      },
      dispose: () => {},
    },
    clock: options.clock ?? (() => now),
    newId: randomUUID,
    consent: given,
    views: ["overview", "close-up"],
    ...(options.onAhead && { onAhead: options.onAhead }),
    async onPhoto(photo) {
      if (options.storage !== undefined) return err(options.storage);
      photos.push(photo);
      return ok(undefined);
    },
  });
  return { model, seen, photos };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("the camera opens with the patient's consent only", () => {
  test.each([
    ["without a consent", null, "no-consent"],
    ["when pictures were refused", consent({ pictures: false }), "pictures-not-granted"],
    ["when the opinion was refused", consent({ opinion: false }), "pictures-not-granted"],
    ["when the consent ran out", consent({}, now - 1), "expired"],
  ] as const)("%s getUserMedia is never called, and no file is taken", async (_title, given, reason) => {
    const { model, seen } = setUp(given);
    await model.open();
    await model.shoot();
    await model.takeFile(new Blob(["a photo of long ago"]));
    expect(seen).toEqual({ opened: 0, closed: 0, prepared: 0 });
    expect(model.store.getState()).toMatchObject({ step: "refused", reason });
  });

  test("with one it opens, once", async () => {
    const { model, seen } = setUp();
    await model.open();
    expect(seen.opened).toBe(1);
    expect(model.store.getState().step).toBe("framing");
  });

  test("the real camera asks the browser only when the model opens it", async () => {
    const getUserMedia = vi.fn(async () => {
      throw new DOMException("no", "NotAllowedError");
    });
    // The two members that the camera uses stand for the whole interface.
    const media: Pick<MediaDevices, "getUserMedia"> = { getUserMedia };
    const camera = createCamera(media);
    const { model: closed } = setUp(null);
    await closed.open();
    expect(getUserMedia).not.toHaveBeenCalled();
    expect(await camera.open()).toEqual(err("denied"));
    expect(getUserMedia).toHaveBeenCalledOnce();
  });

  test("one that is teaching only does not open it", async () => {
    const { model, seen } = setUp(consent({ pictures: false }));
    await model.open();
    expect(seen.opened).toBe(0);
  });
});

describe("a photo", () => {
  test("is shot, kept, placed, and handed over with its consent", async () => {
    const given = consent();
    const { model, photos, seen } = setUp(given);
    await model.open();
    await model.shoot();
    expect(model.store.getState()).toMatchObject({ step: "shot", shot: { ahead, picture } });
    model.keep();
    await model.confirmSite({ region: "scapula", laterality: "L" });
    expect(photos[0]).toMatchObject({
      consentId: given.consentId,
      jpeg: picture.jpeg,
      sha256: picture.sha256,
      preview: ahead.preview,
      site: { region: "scapula", laterality: "L" },
      view: "overview",
      takenAt: new Date(now).toISOString(),
      source: "camera",
    });
    expect(seen.closed).toBe(1);
    expect(model.store.getState()).toMatchObject({ step: "closed", view: "close-up" });
  });

  test("that is taken again leaves nothing behind", async () => {
    const { model, photos } = setUp();
    await model.open();
    await model.shoot();
    await model.retake();
    expect(model.store.getState().step).toBe("framing");
    expect(photos).toEqual([]);
  });

  test("of which the picture is late waits for it", async () => {
    const made = Promise.withResolvers<Result<PreparedPicture, FileRefusal | "failed">>();
    const { model, photos } = setUp();
    const slow = createCaptureModel({
      camera: { open: async () => err("absent") },
      workshop: {
        prepare: (_source, onAhead) => {
          onAhead(ahead);
          return made.promise;
        },
        dispose: () => {},
      },
      clock: () => now,
      newId: randomUUID,
      consent: consent(),
      views: ["overview"],
      async onPhoto(photo) {
        photos.push(photo);
        return ok(undefined);
      },
    });
    void slow.takeFile(new Blob(["x"]));
    slow.keep();
    const confirmed = slow.confirmSite({ region: "back", laterality: "U" });
    expect(photos).toEqual([]);
    made.resolve(ok(picture));
    await confirmed;
    expect(photos).toHaveLength(1);
    expect(model.store.getState().step).toBe("closed");
  });

  test("kept before the whole of it is made sends its preview ahead, once, as the same photo", async () => {
    const made = Promise.withResolvers<Result<PreparedPicture, FileRefusal | "failed">>();
    const early: PreparedPreview[] = [];
    const whole: PreparedPhoto[] = [];
    const into = async <T>(list: T[], photo: T) => {
      list.push(photo);
      return ok(undefined);
    };
    const slow = createCaptureModel({
      camera: { open: async () => err("absent") },
      workshop: {
        prepare: (_source, onAhead) => {
          onAhead(ahead);
          return made.promise;
        },
        dispose: () => {},
      },
      clock: () => now,
      newId: randomUUID,
      consent: consent(),
      views: ["overview"],
      onAhead: (photo) => into(early, photo),
      onPhoto: (photo) => into(whole, photo),
    });
    void slow.takeFile(new Blob(["x"]));
    slow.keep();
    const confirmed = slow.confirmSite({ region: "back", laterality: "U" });
    expect(early).toMatchObject([{ preview: ahead.preview, site: { region: "back" } }]);
    made.resolve(ok(picture));
    await confirmed;
    expect(early).toHaveLength(1);
    expect(whole).toMatchObject([{ photoId: early[0]?.photoId, jpeg: picture.jpeg }]);
  });

  test("that is whole already when it is kept needs no preview ahead", async () => {
    const early: unknown[] = [];
    const { model, photos } = setUp(consent(), {
      onAhead: async (photo) => {
        early.push(photo);
        return ok(undefined);
      },
    });
    await model.open();
    await model.shoot();
    model.keep();
    await model.confirmSite({ region: "back", laterality: "U" });
    expect(early).toEqual([]);
    expect(photos).toHaveLength(1);
  });

  test("that the device has no room for is said, and can be confirmed again", async () => {
    const { model } = setUp(consent(), { storage: "storage-full" });
    await model.open();
    await model.shoot();
    model.keep();
    await model.confirmSite({ region: "back", laterality: "U" });
    expect(model.store.getState()).toMatchObject({ step: "siting", saving: false, error: "storage-full" });
  });
});

describe("a clip", () => {
  const facts = { type: "video/webm", durationMs: 7000 } as const;
  const clip = { bytes: Uint8Array.of(7), sha256: "c".repeat(64), facts };
  const filmed = (): CameraConsent => {
    const given = consent();
    return { ...given, decisions: [...given.decisions, { purpose: "video", granted: true }] };
  };
  /** A device that films until it is stopped. */
  function films(end: Result<RecordedClip, "failed"> = ok(clip)) {
    const over = Promise.withResolvers<Result<RecordedClip, "failed">>();
    const first = { width: 1280, height: 720, close: vi.fn() };
    const stop = vi.fn((): void => over.resolve(end));
    // An ImageBitmap is three members to whoever does not draw it.
    const film: CameraSession["film"] = async () => ({ film: { stop, done: over.promise }, first });
    return { film, stop, first };
  }

  test("[G17] is filmed, looked at, placed and handed over, its first frame as its preview", async () => {
    const device = films();
    const { model, photos } = setUp(filmed(), { film: device.film });
    await model.open();
    const done = model.film();
    await vi.advanceTimersByTimeAsync(300);
    expect(model.store.getState()).toMatchObject({ step: "filming", seconds: 0 });
    model.stopFilm();
    await done;
    expect(model.store.getState()).toMatchObject({ step: "shot", shot: { clip: facts, ahead } });
    model.keep();
    await model.confirmSite({ region: "hand", laterality: "R" });
    expect(photos).toMatchObject([
      { jpeg: clip.bytes, sha256: clip.sha256, clip: facts, widthPx: 1280, preview: ahead.preview },
    ]);
  });

  test("[G17] is not begun under a yes to photos alone, and photos may be taken all the same", async () => {
    const device = films();
    const { model, seen } = setUp(consent(), { film: device.film });
    await model.open();
    await model.film();
    expect(model.store.getState()).toMatchObject({ step: "refused", reason: "video-not-granted" });
    expect(seen.closed).toBe(1);
    await model.open();
    await model.shoot();
    expect(model.store.getState()).toMatchObject({ step: "shot", shot: { clip: null } });
  });

  test("ends by itself when it is long enough", async () => {
    const device = films();
    let at = now;
    const { model } = setUp(filmed(), { film: device.film, clock: () => at });
    await model.open();
    void model.film();
    await vi.advanceTimersByTimeAsync(300);
    at = now + 19_900;
    await vi.advanceTimersByTimeAsync(300);
    expect(model.store.getState()).toMatchObject({ step: "filming", seconds: 19 });
    expect(device.stop).not.toHaveBeenCalled();
    at = now + 20_000;
    await vi.advanceTimersByTimeAsync(300);
    expect(device.stop).toHaveBeenCalled();
  });

  test.each([
    ["cannot film after all", async (): Promise<BegunFilm | null> => null],
    ["fails while it films", films(err("failed")).film],
  ] as const)("a device that %s says so, and the camera opens again", async (_title, film) => {
    const { model, photos } = setUp(filmed(), { film });
    await model.open();
    const done = model.film();
    await vi.advanceTimersByTimeAsync(300);
    model.stopFilm();
    await done;
    expect(model.store.getState()).toMatchObject({ step: "file-refused", reason: "film-failed" });
    await model.open();
    expect(model.store.getState().step).toBe("framing");
    expect(photos).toEqual([]);
  });

  test("that is left while it runs is stopped, and nothing of it stays", async () => {
    const device = films();
    const { model, photos, seen } = setUp(filmed(), { film: device.film });
    await model.open();
    const done = model.film();
    await vi.advanceTimersByTimeAsync(300);
    model.close();
    await done;
    expect(device.stop).toHaveBeenCalled();
    expect(device.first.close).toHaveBeenCalled();
    expect(seen.closed).toBe(1);
    expect(model.store.getState().step).toBe("closed");
    expect(photos).toEqual([]);
  });
});

describe("without a camera, or with a wrong file", () => {
  test.each(["denied", "absent", "busy"] as const)("%s is said, and a file may be chosen", async (fault) => {
    const { model, photos } = setUp(consent(), { fault });
    await model.open();
    expect(model.store.getState()).toMatchObject({ step: "no-camera", fault });
    await model.takeFile(new Blob(["jpeg"]));
    model.keep();
    await model.confirmSite({ region: "back", laterality: "U" });
    expect(photos[0]?.source).toBe("file");
  });

  test.each([
    "empty",
    "truncated",
    "damaged",
    "not-an-image",
    "heic",
    "unsupported",
    "too-many-pixels",
  ] as const)("a file that is %s is refused in words and loses nothing", async (reason) => {
    const { model, photos } = setUp(consent(), { made: err(reason) });
    await model.open();
    await model.takeFile(new Blob(["?"]));
    expect(model.store.getState()).toMatchObject({ step: "file-refused", reason });
    model.keep();
    expect(photos).toEqual([]);
  });

  test("leaving while the browser asks for leave closes what it then opens", async () => {
    const opening = Promise.withResolvers<Result<CameraSession, CameraFault>>();
    let closed = 0;
    const model = createCaptureModel({
      camera: { open: () => opening.promise },
      workshop: { prepare: async () => err("failed"), dispose: () => {} },
      clock: () => now,
      newId: randomUUID,
      consent: consent(),
      views: ["overview"],
      onPhoto: async () => ok(undefined),
    });
    const opened = model.open();
    model.close();
    opening.resolve(
      ok({
        torch: false,
        attach: () => {},
        setTorch: async () => {},
        shoot: async () => new Blob(),
        films: true,
        film: async () => null,
        look: () => null,
        close: () => {
          closed += 1;
        },
      }),
    );
    await opened;
    expect(closed).toBe(1);
    expect(model.store.getState().step).toBe("closed");
  });
});
