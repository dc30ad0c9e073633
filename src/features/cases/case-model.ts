import { createStore, type StoreApi } from "zustand/vanilla";
import type { Response } from "#protocol/events.ts";
import type { Door } from "../../matrix/types.ts";
import { type CaseView, caseViewOf } from "./case-view.ts";
import { unseenBy } from "./discussion.ts";
import { createPictureModel, type PictureModel } from "./picture-model.ts";
import { findCase } from "./worklist.ts";
import { type Clock, everyMinute, readFacts } from "./worklist-model.ts";

export type CaseModel = {
  readonly store: StoreApi<CaseView>;
  sendMessage(text: string): Promise<"sent" | "storage-full">;
  respond(response: Response): Promise<"sent" | "storage-full">;
  retry(localId: string): void;
  discard(localId: string): void;
  /** The words of the case are on screen; photos are reported one by one, when their picture is. */
  onScreen(): void;
  /** Asks for a picture, by its key: its small form, then the whole of it. */
  showPicture(key: string): void;
  /** Asks for the small form only, for the strip. */
  previewPicture(key: string): void;
  retryPicture(key: string): void;
  pictureOnScreen(eventId: string): void;
  dispose(): void;
};

export type CaseDoor = Pick<
  Door,
  | "cases"
  | "directory"
  | "config"
  | "session"
  | "connection"
  | "sendMessage"
  | "respond"
  | "retry"
  | "discard"
  | "markSeen"
  | "readPicture"
>;

/** One case on screen: what it shows, and what may be done in it. `key` is the case's id, or its room's. */
export function createCaseModel({
  door,
  key,
  clock,
}: {
  door: CaseDoor;
  key: string;
  clock: Clock;
}): CaseModel {
  let pictures: PictureModel | null = null;
  let stopPictures = () => {};
  const reported = new Set<string>();

  const roomId = () => findCase(door.cases.getState(), key)?.roomId ?? null;
  const tell = (): CaseView =>
    caseViewOf(key, {
      ...readFacts(door, clock.now()),
      health: door.connection.getState().health,
      pictures: pictures?.store.getState() ?? new Map(),
    });

  /** Pictures belong to a room, and an outgoing request gets its room while it is on screen. */
  const openPictures = () => {
    const room = roomId();
    if (pictures !== null || room === null) return;
    pictures = createPictureModel({
      readPicture: (...args) => door.readPicture(...args),
      roomId: room,
      later: clock.later,
    });
    stopPictures = pictures.store.subscribe(() => store.setState(tell(), true));
  };

  openPictures();
  const store = createStore<CaseView>(tell);
  const update = () => {
    openPictures();
    store.setState(tell(), true);
  };
  const stops = [
    door.cases.subscribe(update),
    door.directory.subscribe(update),
    door.config.subscribe(update),
    door.session.subscribe(update),
    door.connection.subscribe((now, before) => {
      if (now.homeserver === "online" && before.homeserver !== "online") pictures?.retryMendable();
      update();
    }),
    everyMinute(clock, update),
  ];

  const report = (eventIds: readonly string[]) => {
    const room = roomId();
    const fresh = eventIds.filter((eventId) => !reported.has(eventId));
    if (room === null || fresh.length === 0) return;
    for (const eventId of fresh) reported.add(eventId);
    door.markSeen(room, fresh);
  };

  return {
    store,
    async sendMessage(text) {
      const room = roomId();
      if (room === null) return "storage-full";
      return (await door.sendMessage(room, text)).ok ? "sent" : "storage-full";
    },
    async respond(response) {
      const room = roomId();
      if (room === null) return "storage-full";
      return (await door.respond(room, response)).ok ? "sent" : "storage-full";
    },
    retry: (localId) => door.retry(localId),
    discard: (localId) => door.discard(localId),
    onScreen() {
      const record = findCase(door.cases.getState(), key);
      const { me } = readFacts(door, clock.now());
      if (record !== null) report(unseenBy(record.state, me));
    },
    showPicture(photo) {
      pictures?.preview(photo);
      pictures?.full(photo);
    },
    previewPicture: (photo) => pictures?.preview(photo),
    retryPicture: (photo) => pictures?.retry(photo),
    pictureOnScreen(eventId) {
      const record = findCase(door.cases.getState(), key);
      const { me } = readFacts(door, clock.now());
      const photo = record?.state.photos.find((each) => each.eventId === eventId);
      if (photo === undefined || photo.sender === me) return;
      if (!record?.state.seen.get(eventId)?.has(me)) report([eventId]);
    },
    dispose() {
      for (const stop of stops) stop();
      stopPictures();
      pictures?.dispose();
    },
  };
}
