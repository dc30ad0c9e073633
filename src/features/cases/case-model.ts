import { createStore, type StoreApi } from "zustand/vanilla";
import type { Accesses } from "#protocol/api.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import type { Informed, Response, Withdrawn } from "#protocol/events.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import type { Door, QuestionDraft } from "../../matrix/types.ts";
import { type AdmissionModel, createAdmission } from "./admission-model.ts";
import { type CaseView, caseViewOf } from "./case-view.ts";
import { unseenBy } from "./discussion.ts";
import { createPictureModel, type PictureModel } from "./picture-model.ts";
import { findCase } from "./worklist.ts";
import { type Clock, everyMinute, loadedValue, readFacts } from "./worklist-model.ts";

export type CaseModel = {
  readonly store: StoreApi<CaseView>;
  sendMessage(text: string): Promise<"sent" | "storage-full">;
  respond(response: Response): Promise<"sent" | "storage-full">;
  /** Rings these colleagues for a call about this case. */
  call(to: readonly string[]): void;
  /** Enters the call that goes on here. */
  joinCall(): void;
  retry(localId: string): void;
  discard(localId: string): void;
  /** The words of the case are on screen; photos are reported one by one, when their picture is. */
  onScreen(): void;
  /** Asks for a picture, by its key: its small form, then the whole of it. */
  showPicture(key: string): void;
  /** Asks for the small form only, for somebody who looks at it while the whole is on its way. */
  previewPicture(key: string): void;
  /** Asks for the small form for the strip: nobody looked at it yet. */
  thumbnail(key: string): void;
  retryPicture(key: string): void;
  /** Asks again for every picture that lacked only the network, or the registry. */
  retryPictures(): void;
  pictureOnScreen(eventId: string): void;
  /** Takes back every word of the patient that counts here. */
  withdrawConsent(
    reason: Withdrawn["reason"],
  ): Promise<Result<{ done: boolean }, ErrorCode | "storage-full">>;
  /** Another version of this person's own question. */
  amendQuestion(draft: QuestionDraft): Promise<Result<void, ErrorCode | "storage-full">>;
  sayInformed(of: Informed["of"], whom: Informed["whom"]): Promise<"sent" | "storage-full">;
  readAccesses(): Promise<Result<Accesses["accesses"], ErrorCode>>;
  /** A new way in for somebody, for one opening of its sheet. */
  newAdmission(reader: string | null): AdmissionModel | null;
  /** The same for this person's emergency while the registry is silent. */
  newEmergencyHere(): AdmissionModel | null;
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
  | "mayStillShow"
  | "readAccesses"
  | "withdrawConsent"
  | "addMember"
  | "breakGlass"
  | "breakGlassHere"
  | "sayInformed"
  | "amendQuestion"
  | "calls"
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
      rules: loadedValue(door.config.getState())?.consentRules ?? null,
      retentionDays: loadedValue(door.config.getState())?.retentionDays ?? 0,
      pictures: pictures?.store.getState() ?? new Map(),
      calls: door.calls.store.getState(),
      hasCalls: loadedValue(door.config.getState())?.calls === true,
    });

  /** Pictures belong to a room, and an outgoing request gets its room while it is on screen. */
  const openPictures = () => {
    const room = roomId();
    if (pictures !== null || room === null) return;
    pictures = createPictureModel({
      door,
      roomId: room,
      later: clock.later,
    });
    stopPictures = pictures.store.subscribe(() => store.setState(tell(), true));
  };

  const closePictures = () => {
    stopPictures();
    pictures?.dispose();
    pictures = null;
  };

  /** What was said in the case decides what may stay on screen, before it is drawn again. */
  let words = 0;
  const heedWords = () => {
    const state = findCase(door.cases.getState(), key)?.state;
    // Out of the case, by their own leaving or another's hand: nothing of it stays.
    if (state === undefined) return closePictures();
    const takenBack = new Set(state.withdrawals.map((each) => each.withdrawn.consentId));
    const photos = [...state.photos, ...state.previews];
    pictures?.keepOnly(new Set(photos.map((each) => each.eventId)));
    pictures?.withdraw(
      photos.flatMap((each) => (takenBack.has(each.photo.receipt.payload.consentId) ? [each.eventId] : [])),
    );
    const said = state.consents.length + state.glasses.length;
    if (said > words && words > 0) pictures?.retryRefused();
    words = said;
  };

  openPictures();
  const store = createStore<CaseView>(tell);
  heedWords();
  const update = () => {
    openPictures();
    heedWords();
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
    door.calls.store.subscribe((now, before) => {
      if (now.inRooms !== before.inRooms || (now.call === null) !== (before.call === null)) update();
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
    call(to) {
      const room = roomId();
      if (room !== null) door.calls.start(room, to);
    },
    joinCall() {
      const room = roomId();
      if (room !== null) door.calls.enter(room);
    },
    retry: (localId) => door.retry(localId),
    discard: (localId) => door.discard(localId),
    onScreen() {
      const record = findCase(door.cases.getState(), key);
      const { me } = readFacts(door, clock.now());
      if (record !== null) report(unseenBy(record.state, me));
    },
    showPicture(photo) {
      pictures?.preview(photo, "view");
      pictures?.full(photo);
    },
    previewPicture: (photo) => pictures?.preview(photo, "view"),
    thumbnail: (photo) => pictures?.preview(photo, "machine"),
    retryPicture: (photo) => pictures?.retry(photo),
    retryPictures: () => pictures?.retryMendable(),
    pictureOnScreen(eventId) {
      const record = findCase(door.cases.getState(), key);
      const { me } = readFacts(door, clock.now());
      const photo = record?.state.photos.find((each) => each.eventId === eventId);
      if (photo === undefined || photo.sender === me) return;
      if (!record?.state.seen.get(eventId)?.has(me)) report([eventId]);
    },
    async withdrawConsent(reason) {
      const view = tell();
      if (view.state !== "open" || view.consent === null) return err("not-found");
      let done = true;
      for (const consentId of view.consent.withdrawable) {
        const answer = await door.withdrawConsent(view.roomId, consentId, reason);
        if (!answer.ok) return answer;
        done &&= answer.value.done;
      }
      return ok({ done });
    },
    async amendQuestion(draft) {
      const room = roomId();
      return room === null ? err("not-found") : door.amendQuestion(room, draft);
    },
    async sayInformed(of, whom) {
      const room = roomId();
      if (room === null) return "storage-full";
      return (await door.sayInformed(room, { of, whom })).ok ? "sent" : "storage-full";
    },
    async readAccesses() {
      const room = roomId();
      return room === null ? err("not-found") : door.readAccesses(room);
    },
    newAdmission(reader) {
      const view = tell();
      return view.state === "open" ? createAdmission({ door, view, reader }) : null;
    },
    newEmergencyHere() {
      const view = tell();
      if (view.state !== "open") return null;
      return createAdmission({ door, view, reader: view.me, here: true });
    },
    dispose() {
      for (const stop of stops) stop();
      closePictures();
    },
  };
}
