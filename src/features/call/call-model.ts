import { createStore, type StoreApi } from "zustand/vanilla";
import type { Directory } from "#protocol/api.ts";
import type { Urgency } from "#protocol/events.ts";
import type { Patient } from "#protocol/patient.ts";
import type {
  DeviceFault,
  DeviceKind,
  MediaDevice,
  MediaPerson,
  PictureStanding,
} from "../../livekit/types.ts";
import type { CallEnding, CallNow, CasesState, Door } from "../../matrix/types.ts";
import { loadedValue, personName } from "../cases/index.ts";
import { ageInYears } from "../patient/index.ts";

type Clock = { readonly now: () => number; readonly later: (ms: number, run: () => void) => () => void };
export type CallPorts = {
  readonly door: Pick<Door, "calls" | "cases" | "directory" | "config" | "session">;
  readonly clock: Clock;
};

/** For whom a call is: the case's patient, as far as this device can read the case. */
export type CallCase = {
  readonly roomId: string;
  /** The case's key in addresses. */
  readonly key: string;
  readonly patient: {
    readonly family: string;
    readonly given: string;
    readonly age: number | null;
    readonly sex: Patient["sex"];
  } | null;
  readonly urgency: Urgency | null;
};

export type Ringing = CallCase & {
  readonly from: string;
  readonly organization: string;
  readonly seconds: number;
  readonly secondsLeft: number;
};

/** Somebody in the call, as a tile shows them. */
export type Tile = {
  readonly identity: string;
  readonly name: string;
  readonly isMe: boolean;
  readonly what: "camera" | "screen";
  readonly picture: PictureStanding;
  readonly microphone: boolean;
  readonly speaking: boolean;
  readonly weak: boolean;
  readonly alarm: boolean;
  /** In the call by Matrix's word, and not yet at the media server. */
  readonly arriving: boolean;
};

export type Candidate = { readonly userId: string; readonly name: string; readonly ringing: boolean };

export type OpenCall = CallCase & {
  readonly step: "calling" | "connecting" | "alone" | "live" | "reconnecting";
  /** Who is rung, or was and did not come. */
  readonly rung: readonly {
    readonly name: string;
    readonly state: "ringing" | "declined" | "busy" | "no-answer";
  }[];
  /** Since somebody else is there. */
  readonly seconds: number;
  /** The others; the one whose picture counts first. */
  readonly tiles: readonly Tile[];
  readonly main: string | null;
  readonly me: {
    readonly identity: string;
    readonly microphone: boolean;
    readonly microphoneFault: DeviceFault | null;
    readonly camera: boolean;
    readonly cameraFault: DeviceFault | null;
    readonly weak: boolean;
    readonly held: boolean;
  };
  readonly soundBlocked: boolean;
  readonly candidates: readonly Candidate[];
  /** Where the others can be called by telephone. */
  readonly phones: readonly { readonly name: string; readonly phone: string }[];
};

export type CallView = {
  readonly incoming: Ringing | null;
  readonly call: OpenCall | null;
  readonly ended:
    | (CallCase & { readonly ending: CallEnding; readonly by: string; readonly phone: string | null })
    | null;
  readonly notice: (CallCase & { readonly kind: "missed" | "elsewhere"; readonly from: string }) | null;
  /** Over everything, or small in a corner beside the case. */
  readonly size: "full" | "small";
  readonly layout: "speaker" | "grid";
};

export type CallModel = {
  readonly store: StoreApi<CallView>;
  answer(): void;
  decline(): void;
  hangUp(): void;
  dismiss(): void;
  again(): void;
  ring(userId: string): void;
  setMicrophone(on: boolean): void;
  setCamera(on: boolean): void;
  turnCamera(): void;
  startSound(): void;
  setSize(size: CallView["size"]): void;
  setLayout(layout: CallView["layout"]): void;
  /** Puts this one's picture first; null leaves it to who speaks. */
  pin(identity: string | null): void;
  devices(kind: DeviceKind): Promise<readonly MediaDevice[]>;
  choose(kind: DeviceKind, id: string): Promise<void>;
  attach(identity: string, what: Tile["what"], element: HTMLVideoElement): () => void;
  dispose(): void;
};

const everyMs = 500;

/** The call on screen: what rings, what goes on, what became of it. */
export function createCallModel({ door, clock }: CallPorts): CallModel {
  const { calls } = door;
  let size: CallView["size"] = "full";
  let layout: CallView["layout"] = "speaker";
  let pinned: string | null = null;
  let speaker: string | null = null;
  let stopMedia = () => {};
  let followed: CallNow["media"] = null;
  let lastRoom: string | null = null;

  const media = () => calls.store.getState().call?.media ?? null;

  const tell = (): CallView => {
    const state = calls.store.getState();
    const nowMs = clock.now();
    const facts: Facts = {
      cases: door.cases.getState(),
      directory: loadedValue(door.directory.getState()),
      bot: loadedValue(door.config.getState())?.bot ?? "",
      me: myself(door),
      nowMs,
    };
    const { incoming, call, notice } = state;
    const going = call !== null && call.ended === null ? openCall(call, facts, pinned, speaker) : null;
    speaker = going?.tiles.find((each) => each.speaking)?.identity ?? speaker;
    return {
      incoming:
        incoming === null
          ? null
          : {
              ...caseOf(incoming.roomId, facts),
              from: personName(incoming.from, facts.directory, "full"),
              organization: clinician(incoming.from, facts)?.organization ?? "",
              seconds: secondsIn(nowMs - incoming.sinceMs),
              secondsLeft: secondsIn(incoming.untilMs - nowMs),
            },
      call: going,
      ended: call?.ended == null ? null : endedCall(call, call.ended, facts),
      notice:
        notice === null
          ? null
          : {
              ...caseOf(notice.roomId, facts),
              kind: notice.kind,
              from: personName(notice.from, facts.directory, "full"),
            },
      size,
      layout,
    };
  };

  const update = (): void => {
    const { call } = calls.store.getState();
    if (call !== null) lastRoom = call.roomId;
    if (call === null || call.ended !== null) {
      pinned = null;
      speaker = null;
    }
    if (call === null) size = "full";
    const next = media();
    if (next !== followed) {
      stopMedia();
      followed = next;
      stopMedia = next?.store.subscribe(publish) ?? (() => {});
    }
    // Whoever hangs up has nothing to be told.
    if (call?.ended?.why === "hung-up") calls.dismiss();
    else publish();
  };
  const publish = (): void => {
    const now = tell();
    if (JSON.stringify(now) !== JSON.stringify(store.getState())) store.setState(now, true);
  };

  const store = createStore<CallView>(tell);
  const stops = [
    calls.store.subscribe(update),
    door.cases.subscribe(publish),
    door.directory.subscribe(publish),
  ];
  let off = clock.later(everyMs, tick);
  function tick() {
    const { call, incoming } = calls.store.getState();
    if (call !== null || incoming !== null) publish();
    off = clock.later(everyMs, tick);
  }
  update();

  return {
    store,
    answer() {
      const { incoming } = calls.store.getState();
      size = "full";
      if (incoming !== null) calls.enter(incoming.roomId);
    },
    decline: () => calls.decline(),
    hangUp: () => calls.hangUp(),
    dismiss: () => calls.dismiss(),
    again() {
      const { call } = calls.store.getState();
      calls.dismiss();
      const to = call?.rung.map((each) => each.userId) ?? [];
      if (lastRoom !== null) calls.start(lastRoom, to);
    },
    ring: (userId) => calls.ring(userId),
    setMicrophone: (on) => void media()?.setMicrophone(on),
    setCamera: (on) => void media()?.setCamera(on),
    turnCamera: () => void media()?.turnCamera(),
    startSound: () => void media()?.startSound(),
    setSize(next) {
      size = next;
      publish();
    },
    setLayout(next) {
      layout = next;
      publish();
    },
    pin(identity) {
      pinned = identity;
      layout = "speaker";
      publish();
    },
    devices: async (kind) => (await media()?.devices(kind)) ?? [],
    choose: async (kind, id) => media()?.choose(kind, id),
    attach: (identity, what, element) => media()?.attach(identity, what, element) ?? (() => undefined),
    dispose() {
      for (const stop of stops) stop();
      stopMedia();
      off();
    },
  };
}

type Facts = {
  readonly cases: CasesState;
  readonly directory: Directory | null;
  readonly bot: string;
  readonly me: string;
  readonly nowMs: number;
};

function myself(door: CallPorts["door"]): string {
  const session = door.session.getState();
  return session.step === "ready" ? session.userId : "";
}

const secondsIn = (ms: number): number => Math.max(0, Math.floor(ms / 1000));
const clinician = (userId: string, { directory }: Facts) =>
  directory?.clinicians.find((each) => each.userId === userId);

function caseOf(roomId: string, { cases, nowMs }: Facts): CallCase {
  const record = cases.byRoom.get(roomId);
  const request = record?.state.request?.request;
  return {
    roomId,
    key: request === undefined ? roomId : request.caseId,
    patient:
      request === undefined
        ? null
        : {
            family: request.patient.family,
            given: request.patient.given,
            age: ageInYears(request.patient.birthDate, nowMs),
            sex: request.patient.sex,
          },
    urgency: request?.urgency ?? null,
  };
}

function openCall(call: CallNow, facts: Facts, pinned: string | null, speaker: string | null): OpenCall {
  const media = call.media?.store.getState();
  const people = new Map((media?.people ?? []).map((each) => [each.identity, each]));
  const tiles = call.members.flatMap(({ identity, userId }) =>
    tilesOf(identity, personName(userId, facts.directory, "full"), people.get(identity)),
  );
  const rung = call.rung.map(({ userId, state }) => ({
    name: personName(userId, facts.directory, "full"),
    state,
  }));
  return {
    ...caseOf(call.roomId, facts),
    step: stepOf(call, media?.connection ?? "idle"),
    rung,
    seconds: call.metMs === null ? 0 : secondsIn(facts.nowMs - call.metMs),
    tiles,
    main: mainOf(tiles, pinned, speaker),
    me: {
      identity: call.identity,
      microphone: media?.microphone ?? true,
      microphoneFault: media?.microphoneFault ?? null,
      camera: media?.camera ?? false,
      cameraFault: media?.cameraFault ?? null,
      weak: media?.weak ?? false,
      held: media?.held ?? false,
    },
    soundBlocked: media?.soundBlocked ?? false,
    candidates: candidatesOf(call, facts),
    phones: phonesOf(call, facts),
  };
}

function tilesOf(identity: string, name: string, person: MediaPerson | undefined): Tile[] {
  const tile: Tile = {
    identity,
    name,
    isMe: false,
    what: "camera",
    picture: person?.camera ?? "off",
    microphone: person?.microphone ?? false,
    speaking: person?.speaking ?? false,
    weak: person?.weak ?? false,
    alarm: person?.alarm ?? false,
    arriving: person === undefined,
  };
  const shares = person !== undefined && person.screen !== "off" && !person.alarm;
  return shares ? [{ ...tile, what: "screen", picture: person.screen }, tile] : [tile];
}

function stepOf(call: CallNow, connection: string): OpenCall["step"] {
  if (call.metMs !== null && (connection === "reconnecting" || connection === "lost")) return "reconnecting";
  if (call.members.length > 0) return connection === "connected" ? "live" : "connecting";
  return call.rung.some((each) => each.state === "ringing") ? "calling" : "alone";
}

/** Whose picture is large: the one that was chosen, else a screen, else who films and speaks, else who films. */
function mainOf(tiles: readonly Tile[], pinned: string | null, speaker: string | null): string | null {
  const filming = tiles.filter((each) => each.picture !== "off");
  const chosen =
    tiles.find((each) => tileKey(each) === pinned) ??
    filming.find((each) => each.what === "screen") ??
    filming.find((each) => each.identity === speaker) ??
    filming[0] ??
    tiles.find((each) => each.identity === speaker) ??
    tiles[0];
  return chosen === undefined ? null : tileKey(chosen);
}
export const tileKey = ({ identity, what }: Pick<Tile, "identity" | "what">): string => `${what} ${identity}`;

/** Members of the case who could be called too. */
function candidatesOf(call: CallNow, { cases, directory, me, bot }: Facts): Candidate[] {
  const members = cases.byRoom.get(call.roomId)?.members ?? [];
  const there = new Set([me, bot, ...call.members.map((each) => each.userId)]);
  return members
    .filter((userId) => !there.has(userId))
    .map((userId) => ({
      userId,
      name: personName(userId, directory, "full"),
      ringing: call.rung.some((each) => each.userId === userId && each.state === "ringing"),
    }));
}

function phonesOf(call: CallNow, facts: Facts): OpenCall["phones"] {
  const users = new Set([...call.members, ...call.rung].map((each) => each.userId));
  return [...users].flatMap((userId) => {
    const phone = phoneOf(userId, call.roomId, facts);
    return phone === null ? [] : [{ name: personName(userId, facts.directory, "full"), phone }];
  });
}

function phoneOf(userId: string, roomId: string, facts: Facts): string | null {
  const request = facts.cases.byRoom.get(roomId)?.state.request?.request;
  const callback = request?.requester === userId ? request.callback : undefined;
  return callback ?? clinician(userId, facts)?.phone ?? null;
}

function endedCall(call: CallNow, ending: CallEnding, facts: Facts): NonNullable<CallView["ended"]> {
  const by = "by" in ending ? ending.by : (call.rung[0]?.userId ?? call.members[0]?.userId);
  return {
    ...caseOf(call.roomId, facts),
    ending,
    by: by === undefined ? "" : personName(by, facts.directory, "full"),
    phone: by === undefined ? null : phoneOf(by, call.roomId, facts),
  };
}
