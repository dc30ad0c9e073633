import { createStore, type StoreApi } from "zustand/vanilla";
import type { BodySite } from "#protocol/body-sites.ts";
import { type ClipFacts, maxClipSeconds, type View } from "#protocol/events.ts";
import type { Result } from "#protocol/result.ts";
import type { PhotoFacts, PreparedPhoto, PreparedPreview } from "../../matrix/types.ts";
import type { Camera, CameraFault, CameraSession } from "./camera.ts";
import type { Film } from "./film.ts";
import type { FileRefusal } from "./image-kind.ts";
import {
  type CameraConsent,
  type CameraRefusal,
  filmingAllowed,
  picturesAllowed,
} from "./pictures-allowed.ts";
import type { Ahead, PreparedPicture } from "./prepare-picture.ts";
import { judge, type Verdict } from "./sharpness.ts";
import type { Workshop } from "./workshop.ts";

/** A shot that waits for the person's word: keep it, say where it is, or take it again. */
export type Shot = {
  readonly photoId: string;
  readonly source: "camera" | "file";
  readonly takenAt: string;
  /** Ready first; null while the worker draws it. */
  readonly ahead: Ahead | null;
  /** Null while the whole picture is being made. */
  readonly picture: PreparedPicture | null;
  /** Of a clip: then `ahead` is its first frame, and `picture` the clip. */
  readonly clip: ClipFacts | null;
};

export type CaptureStep =
  | { readonly step: "closed" }
  /** The consent does not open the camera, nor a file. */
  | { readonly step: "refused"; readonly reason: CameraRefusal }
  | { readonly step: "opening" }
  | {
      readonly step: "framing";
      readonly session: CameraSession;
      readonly live: Verdict | null;
      readonly lamp: "none" | "off" | "on";
    }
  | { readonly step: "filming"; readonly session: CameraSession; readonly seconds: number }
  | { readonly step: "no-camera"; readonly fault: CameraFault }
  | { readonly step: "file-refused"; readonly reason: FileRefusal | "failed" | "film-failed" }
  | { readonly step: "shot"; readonly shot: Shot }
  | { readonly step: "siting"; readonly shot: Shot; readonly saving: boolean; readonly error: string | null };

export type CaptureState = CaptureStep & {
  readonly view: View;
  /** The views of this series, in order. */
  readonly views: readonly View[];
  readonly done: readonly { readonly view: View; readonly photoId: string }[];
  /** The last site that was confirmed: the next photo begins there. */
  readonly site: BodySite | null;
};

export type CaptureModel = {
  readonly store: StoreApi<CaptureState>;
  open(): Promise<void>;
  choose(view: View): void;
  setLamp(on: boolean): Promise<void>;
  shoot(): Promise<void>;
  /** Films until it is stopped, or long enough; needs a yes of its own. */
  film(): Promise<void>;
  stopFilm(): void;
  takeFile(file: Blob): Promise<void>;
  keep(): void;
  retake(): Promise<void>;
  back(): void;
  confirmSite(site: BodySite): Promise<void>;
  close(): void;
  dispose(): void;
};

export type CaptureDeps<E extends string = string> = {
  readonly camera: Camera;
  readonly workshop: Workshop;
  readonly clock: () => number;
  readonly newId: () => string;
  /** The consent that is recorded for this case; null when there is none. */
  readonly consent: CameraConsent | null;
  readonly views: readonly View[];
  /** Views already taken, and where, when photos are added to a case. */
  readonly already?: readonly { readonly view: View; readonly photoId: string; readonly site: BodySite }[];
  /** Takes the small form of a photo that is kept before the whole of it is made; `onPhoto` follows. */
  readonly onAhead?: (photo: PreparedPreview) => Promise<Result<void, E>>;
  /** Takes the finished photo: into the draft, or into the case's outbox. */
  readonly onPhoto: (photo: PreparedPhoto) => Promise<Result<void, E>>;
};

/** A clip that is taken, with its first frame still to be made ready. */
type TakenClip = {
  readonly takenAt: string;
  readonly facts: ClipFacts;
  readonly picture: PreparedPicture;
};

/** How often the seconds of a film are counted. */
const tickMs = 200;
/** How often the framing is judged. */
const lookEveryMs = 600;

/**
 * Consent, then camera, then the shot, then its place. Nothing here opens a camera or takes a file unless the consent that is
 * recorded allows pictures: it is asked again at each opening, each shot and each file.
 */
export function createCaptureModel<E extends string>(deps: CaptureDeps<E>): CaptureModel {
  const already = deps.already ?? [];
  const next = (done: CaptureState["done"], views: readonly View[]): View =>
    views.find((view) => !done.some((each) => each.view === view)) ?? views.at(-1) ?? "other";
  const store = createStore<CaptureState>(() => ({
    step: "closed",
    views: deps.views,
    view: next(already, deps.views),
    done: already.map(({ view, photoId }) => ({ view, photoId })),
    site: already.at(-1)?.site ?? null,
  }));
  let session: CameraSession | null = null;
  let watch: ReturnType<typeof setInterval> | undefined;
  let rolling: Film | null = null;
  /** Each shot has its number: what a late answer belongs to. */
  let round = 0;
  let preparing: Promise<void> = Promise.resolve();

  const go = (step: CaptureStep, rest: Partial<Pick<CaptureState, "view" | "done" | "site">> = {}) => {
    const { view, views, done, site } = store.getState();
    store.setState({ view, views, done, site, ...rest, ...step }, true);
  };
  const allowed = (ask = picturesAllowed): boolean => {
    const reason = ask(deps.consent, deps.clock());
    if (reason === null) return true;
    shut();
    go({ step: "refused", reason });
    return false;
  };
  const shut = () => {
    clearInterval(watch);
    rolling?.stop();
    rolling = null;
    session?.close();
    session = null;
  };

  const frame = (opened: CameraSession) => {
    session = opened;
    go({ step: "framing", session: opened, live: null, lamp: opened.torch ? "off" : "none" });
    clearInterval(watch);
    watch = setInterval(() => {
      const state = store.getState();
      const luma = state.step === "framing" ? opened.look() : null;
      if (luma === null || state.step !== "framing") return;
      const live = judge(luma);
      if (live !== state.live) go({ ...state, live });
    }, lookEveryMs);
  };

  const open = async () => {
    round += 1;
    if (!allowed()) return;
    if (session !== null) return frame(session);
    go({ step: "opening" });
    const opened = await deps.camera.open();
    // The person may have left, or the screen been closed, while the browser asked for leave.
    if (store.getState().step !== "opening") {
      if (opened.ok) opened.value.close();
      return;
    }
    if (opened.ok) frame(opened.value);
    else go({ step: "no-camera", fault: opened.error });
  };

  const prepare = async (source: Blob | ImageBitmap, kind: Shot["source"], clip?: TakenClip) => {
    let shot: Shot = {
      photoId: deps.newId(),
      source: kind,
      takenAt: clip?.takenAt ?? new Date(deps.clock()).toISOString(),
      ahead: null,
      picture: null,
      clip: clip?.facts ?? null,
    };
    round += 1;
    const number = round;
    const mine = () => number === round && currentShot(store.getState()) !== null;
    const show = (changes: Partial<Shot>) => {
      shot = { ...shot, ...changes };
      const state = store.getState();
      if (state.step === "shot") go({ step: "shot", shot });
      else if (state.step === "siting") go({ ...state, shot });
    };
    go({ step: "shot", shot });
    const made = await deps.workshop.prepare(source, (ahead) => {
      if (mine()) show({ ahead });
    });
    if (!mine()) return;
    if (made.ok) show({ picture: clip?.picture ?? made.value });
    else go({ step: "file-refused", reason: made.error });
  };

  const close = () => {
    round += 1;
    shut();
    go({ step: "closed" });
  };

  return {
    store,
    open,
    choose(view) {
      store.setState({ view });
    },
    async setLamp(on) {
      const state = store.getState();
      if (state.step !== "framing" || state.lamp === "none") return;
      await state.session.setTorch(on);
      const after = store.getState();
      if (after.step === "framing") go({ ...after, lamp: on ? "on" : "off" });
    },
    async shoot() {
      const state = store.getState();
      if (state.step !== "framing" || !allowed()) return;
      const still = await state.session.shoot();
      if (store.getState().step !== "framing") return;
      preparing = prepare(still, "camera");
      await preparing;
    },
    async film() {
      const state = store.getState();
      if (state.step !== "framing" || !allowed(filmingAllowed)) return;
      clearInterval(watch);
      const takenAt = new Date(deps.clock()).toISOString();
      go({ step: "filming", session: state.session, seconds: 0 });
      const begun = await state.session.film();
      if (begun === null || store.getState().step !== "filming") {
        begun?.film.stop();
        if (begun === null) go({ step: "file-refused", reason: "film-failed" });
        return;
      }
      const { film, first } = begun;
      rolling = film;
      const beganMs = deps.clock();
      watch = setInterval(() => {
        const seconds = Math.floor((deps.clock() - beganMs) / 1000);
        const now = store.getState();
        if (now.step === "filming" && seconds !== now.seconds) go({ ...now, seconds });
        if (seconds >= maxClipSeconds) film.stop();
      }, tickMs);
      const made = await film.done;
      clearInterval(watch);
      rolling = null;
      if (store.getState().step !== "filming") return first.close();
      if (!made.ok) return go({ step: "file-refused", reason: "film-failed" });
      const { bytes, sha256, facts } = made.value;
      const picture = { jpeg: bytes, sha256, widthPx: first.width, heightPx: first.height };
      preparing = prepare(first, "camera", { takenAt, facts, picture });
      await preparing;
    },
    stopFilm: () => rolling?.stop(),
    async takeFile(file) {
      if (!allowed()) return;
      clearInterval(watch);
      preparing = prepare(file, "file");
      await preparing;
    },
    keep() {
      const state = store.getState();
      if (state.step === "shot") go({ step: "siting", shot: state.shot, saving: false, error: null });
    },
    retake: open,
    back() {
      const state = store.getState();
      if (state.step === "siting") go({ step: "shot", shot: state.shot });
    },
    async confirmSite(site) {
      const asked = store.getState();
      if (asked.step !== "siting" || asked.saving || !allowed()) return;
      go({ ...asked, saving: true, error: null });
      // The person may be quicker than the worker: the site is known, the picture soon.
      const early = asked.shot.picture === null ? previewOf(asked, site, deps) : null;
      const gone = early === null ? null : await deps.onAhead?.(early);
      if (gone?.ok === false) return go({ ...asked, saving: false, error: gone.error });
      await preparing;
      const state = store.getState();
      const photo = photoOf(state, site, deps);
      if (photo === null || state.step !== "siting") return;
      const kept = await deps.onPhoto(photo);
      if (!kept.ok) return go({ ...state, saving: false, error: kept.error });
      const done = [...state.done, { view: state.view, photoId: photo.photoId }];
      shut();
      go({ step: "closed" }, { done, site, view: next(done, state.views) });
    },
    close,
    dispose() {
      close();
      deps.workshop.dispose();
    },
  };
}

const currentShot = (state: CaptureState): Shot | null =>
  state.step === "shot" || state.step === "siting" ? state.shot : null;

function factsOf<E extends string>(
  state: CaptureState,
  site: BodySite,
  deps: CaptureDeps<E>,
): PhotoFacts | null {
  const shot = currentShot(state);
  if (shot === null || deps.consent === null) return null;
  const { photoId, takenAt, source, clip } = shot;
  const { consentId } = deps.consent;
  return { photoId, consentId, site, view: state.view, takenAt, source, ...(clip && { clip }) };
}

function previewOf<E extends string>(
  state: CaptureState,
  site: BodySite,
  deps: CaptureDeps<E>,
): PreparedPreview | null {
  const facts = factsOf(state, site, deps);
  const ahead = currentShot(state)?.ahead ?? null;
  return facts === null || ahead === null ? null : { ...facts, preview: ahead.preview };
}

function photoOf<E extends string>(
  state: CaptureState,
  site: BodySite,
  deps: CaptureDeps<E>,
): PreparedPhoto | null {
  const early = previewOf(state, site, deps);
  const picture = currentShot(state)?.picture ?? null;
  return early === null || picture === null ? null : { ...early, ...picture };
}
