import {
  AudioPresets,
  ConnectionQuality,
  ConnectionState,
  CryptorError,
  DisconnectReason,
  MediaDeviceFailure,
  type Participant,
  type RemoteParticipant,
  type RemoteTrack,
  type RemoteTrackPublication,
  Room,
  RoomEvent,
  setLogLevel,
  Track,
  TrackEvent,
  VideoPresets,
} from "livekit-client";
import { createStore } from "zustand/vanilla";
import { err, ok } from "#protocol/result.ts";
import { RoomKeys, startCryptor } from "./cryptor.ts";
import { createFrames } from "./frames.ts";
import type {
  DeviceFault,
  DeviceKind,
  MediaPerson,
  MediaRoom,
  MediaState,
  PictureStanding,
} from "./types.ts";

const nothing: MediaState = {
  connection: "idle",
  lostBy: null,
  microphone: false,
  microphoneFault: null,
  camera: false,
  cameraFault: null,
  speaking: false,
  weak: false,
  held: false,
  soundBlocked: false,
  people: [],
};

/** How often it is looked whether pictures still come. */
const lookEveryMs = 250;
/** A frame without its key, this recently: the key is what lacks. */
const keyMissingMs = 1500;

const kinds = { microphone: "audioinput", camera: "videoinput", speaker: "audiooutput" } as const;

export function createMediaRoom(own: string): MediaRoom {
  // It speaks of participants in its log.
  setLogLevel("silent");
  const worker = startCryptor(own);
  const keys = new RoomKeys(own);
  const store = createStore<MediaState>(() => nothing);
  const room = new Room({
    encryption: { keyProvider: keys, worker },
    adaptiveStream: true,
    dynacast: true,
    audioCaptureDefaults: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    videoCaptureDefaults: { resolution: VideoPresets.h720.resolution, facingMode: "environment" },
    publishDefaults: { simulcast: true, audioPreset: AudioPresets.speech, backupCodec: false },
  });
  const frames = createFrames(() => performance.now());
  const admitted = new Set<string>();
  const tainted = new Set<string>();
  const hasKey = new Set<string>();
  const missing = new Map<string, number>();
  const sounds = new Map<RemoteTrack, HTMLMediaElement>();
  const shown = new Map<string, Set<HTMLVideoElement>>();
  let facing: "environment" | "user" = "environment";
  let wantsMicrophone = false;
  let wantsCamera = false;
  let looking: ReturnType<typeof setInterval> | null = null;
  let closed = false;

  const encrypting = room.setE2EEEnabled(true);

  const pictureOf = (participant: RemoteParticipant, source: Track.Source, what: "camera" | "screen") => {
    const publication = participant.getTrackPublication(source);
    return pictureStanding(publication, participant.identity, what);
  };

  const pictureStanding = (
    publication: RemoteTrackPublication | undefined,
    identity: string,
    what: "camera" | "screen",
  ): PictureStanding => {
    if (tainted.has(identity)) return "refused";
    if (publication === undefined || publication.isMuted) return "off";
    const nowMs = performance.now();
    const lacksKey = !hasKey.has(identity) || nowMs - (missing.get(identity) ?? -keyMissingMs) < keyMissingMs;
    const stale = frames.staleMs(placeOf(identity, what), nowMs);
    if (stale === null) return lacksKey ? "no-key" : "coming";
    // A screen that nobody touches sends nothing new.
    if (stale === 0 || (what === "screen" && !lacksKey)) return "live";
    return lacksKey ? "no-key" : "stale";
  };

  const personOf = (participant: RemoteParticipant): MediaPerson => {
    const voice = participant.getTrackPublication(Track.Source.Microphone);
    return {
      identity: participant.identity,
      camera: pictureOf(participant, Track.Source.Camera, "camera"),
      screen: pictureOf(participant, Track.Source.ScreenShare, "screen"),
      microphone: voice !== undefined && !voice.isMuted,
      speaking: participant.isSpeaking,
      weak: isWeak(participant),
      alarm: tainted.has(participant.identity),
    };
  };

  const publish = (change: Partial<MediaState> = {}): void => {
    const before = store.getState();
    const people = [...room.remoteParticipants.values()]
      .filter(({ identity }) => admitted.has(identity))
      .map(personOf);
    const next = {
      ...before,
      ...change,
      microphone: wantsMicrophone,
      camera: room.localParticipant.isCameraEnabled,
      speaking: room.localParticipant.isSpeaking,
      weak: isWeak(room.localParticipant),
      soundBlocked: store.getState().connection === "connected" && !room.canPlaybackAudio,
      people: sameItems(before.people, people) ? before.people : people,
    };
    if (!sameItems([before], [next])) store.setState(next, true);
  };

  /** The server's word that a track is not encrypted: nothing of that participant is taken any more, and it is said. */
  const refuse = (participant: RemoteParticipant): void => {
    tainted.add(participant.identity);
    for (const each of participant.trackPublications.values()) {
      if (each.track !== undefined) release(each.track);
      each.setSubscribed(false);
    }
  };

  const audit = (): void => {
    for (const participant of room.remoteParticipants.values()) {
      const bare = [...participant.trackPublications.values()].some((each) => !each.isEncrypted);
      const open = [...participant.trackPublications.values()].some((each) => each.isSubscribed);
      if (bare || (open && tainted.has(participant.identity))) refuse(participant);
    }
  };

  const release = (track: RemoteTrack): void => {
    for (const element of track.detach()) if (track.kind === Track.Kind.Audio) element.remove();
    sounds.delete(track);
  };

  /** Puts what may be shown where it is to be shown, and takes away the rest. */
  const settle = (): void => {
    if (closed) return;
    audit();
    for (const participant of room.remoteParticipants.values())
      for (const publication of participant.trackPublications.values()) {
        const { track } = publication;
        if (track === undefined) continue;
        const allowed = admitted.has(participant.identity) && !tainted.has(participant.identity);
        if (!allowed) release(track);
        else if (track.kind === Track.Kind.Audio) hear(track);
        else show(track, placeOf(participant.identity, whatOf(publication.source)));
      }
    const own_ = room.localParticipant.getTrackPublication(Track.Source.Camera)?.track;
    for (const element of shown.get(placeOf(own, "camera")) ?? [])
      if (own_ !== undefined && !own_.attachedElements.includes(element)) own_.attach(element);
    publish();
  };

  const hear = (track: RemoteTrack): void => {
    if (!sounds.has(track)) sounds.set(track, track.attach());
  };
  const show = (track: RemoteTrack, place: string): void => {
    for (const element of shown.get(place) ?? [])
      if (!track.attachedElements.includes(element)) track.attach(element);
  };

  const setHeld = async (held: boolean): Promise<void> => {
    for (const { track } of room.localParticipant.trackPublications.values())
      await (held ? track?.pauseUpstream() : track?.resumeUpstream());
  };

  const lost = (reason?: DisconnectReason): void => {
    if (closed) return;
    publish({ connection: "lost", lostBy: lostBy(reason) });
  };

  room
    .on(RoomEvent.TrackPublished, settle)
    .on(RoomEvent.TrackSubscribed, settle)
    .on(RoomEvent.TrackUnsubscribed, (track, publication, { identity }) => {
      release(track);
      frames.forget(placeOf(identity, whatOf(publication.source)));
      settle();
    })
    .on(RoomEvent.ParticipantDisconnected, ({ identity }) => {
      frames.forget(placeOf(identity, "camera"));
      frames.forget(placeOf(identity, "screen"));
      settle();
    })
    .on(RoomEvent.TrackMuted, (publication, { identity }) => {
      frames.forget(placeOf(identity, whatOf(publication.source)));
      settle();
    })
    .on(RoomEvent.EncryptionError, (error, participant) => {
      const identity =
        participant?.identity ?? (error instanceof CryptorError ? error.participantIdentity : null);
      if (identity != null) missing.set(identity, performance.now());
    })
    .on(RoomEvent.LocalTrackPublished, ({ track }) => {
      if (store.getState().held) void track?.pauseUpstream().catch(() => undefined);
      if (track?.source === Track.Source.Camera)
        track.once(TrackEvent.Ended, () => publish({ cameraFault: "unplugged" }));
      settle();
    })
    .on(RoomEvent.ConnectionStateChanged, (state) => {
      if (state === ConnectionState.Connected) publish({ connection: "connected", lostBy: null });
      if (state === ConnectionState.Reconnecting || state === ConnectionState.SignalReconnecting)
        publish({ connection: "reconnecting" });
    })
    .on(RoomEvent.Disconnected, lost);
  for (const event of [
    RoomEvent.TrackUnpublished,
    RoomEvent.TrackUnmuted,
    RoomEvent.TrackStreamStateChanged,
    RoomEvent.ParticipantConnected,
    RoomEvent.ParticipantEncryptionStatusChanged,
    RoomEvent.LocalTrackUnpublished,
    RoomEvent.ActiveSpeakersChanged,
    RoomEvent.ConnectionQualityChanged,
    RoomEvent.AudioPlaybackStatusChanged,
  ] as const)
    room.on(event, settle);

  const onSight = (): void => {
    if (document.visibilityState === "visible") frames.seenAgain(performance.now());
  };
  document.addEventListener("visibilitychange", onSight);

  /** While there is no connection yet this asks for the device already, and publishes when there is one. */
  const turn = async (
    what: "microphone" | "camera",
    on: boolean,
    deed: () => Promise<unknown>,
  ): Promise<void> => {
    const fault = (found: DeviceFault | null): Partial<MediaState> =>
      what === "microphone" ? { microphoneFault: found } : { cameraFault: found };
    try {
      await deed();
      publish(fault(null));
    } catch (cause) {
      const found = faultOf(cause);
      if (on && found !== null) {
        if (what === "microphone") wantsMicrophone = false;
        else wantsCamera = false;
        publish(fault(found));
      }
    }
    settle();
  };
  const turnMicrophone = () =>
    turn("microphone", wantsMicrophone, () => room.localParticipant.setMicrophoneEnabled(wantsMicrophone));
  const turnCamera = () =>
    turn("camera", wantsCamera, () =>
      room.localParticipant.setCameraEnabled(wantsCamera, { facingMode: facing }),
    );

  return {
    store,
    prepare: ({ url, jwt }) => void room.prepareConnection(url, jwt),
    async connect({ url, jwt }) {
      publish({ connection: "connecting", lostBy: null });
      looking ??= setInterval(() => document.visibilityState === "visible" && settle(), lookEveryMs);
      try {
        await Promise.all([encrypting, keys.given()]);
        const connecting = room.connect(url, jwt);
        // After a connection that was lost, what was on before is on again.
        if (wantsMicrophone) void turnMicrophone();
        if (wantsCamera) void turnCamera();
        await connecting;
        if (closed) await room.disconnect();
        settle();
        return ok(undefined);
      } catch {
        if (!closed) publish({ connection: "lost", lostBy: "network" });
        return err("unreachable");
      }
    },
    setKey(identity, index, bytes) {
      keys.set(identity, index, bytes);
      hasKey.add(identity);
      missing.delete(identity);
    },
    dropKeys: (identity) => void hasKey.delete(identity),
    admit(identities) {
      admitted.clear();
      for (const each of identities) admitted.add(each);
      settle();
    },
    hold(held) {
      if (store.getState().held === held) return;
      publish({ held });
      void setHeld(held).catch(() => undefined);
    },
    async setMicrophone(on) {
      wantsMicrophone = on;
      publish({ microphoneFault: null });
      await turnMicrophone();
    },
    async setCamera(on) {
      wantsCamera = on;
      await turnCamera();
    },
    async turnCamera() {
      facing = facing === "environment" ? "user" : "environment";
      const track = room.localParticipant.getTrackPublication(Track.Source.Camera)?.videoTrack;
      if (track !== undefined && "restartTrack" in track)
        await track.restartTrack({ facingMode: facing }).catch(() => publish({ cameraFault: "absent" }));
    },
    startSound: () => room.startAudio(),
    async devices(kind) {
      const chosen = room.getActiveDevice(kinds[kind]);
      const found = await Room.getLocalDevices(kinds[kind], false);
      return found
        .filter((each) => each.deviceId !== "")
        .map((each) => ({
          id: each.deviceId,
          label: each.label,
          chosen: each.deviceId === chosen,
        }));
    },
    async choose(kind: DeviceKind, id) {
      await room.switchActiveDevice(kinds[kind], id);
    },
    attach(identity, what, element) {
      const place = placeOf(identity, what);
      const elements = shown.get(place) ?? new Set();
      shown.set(place, elements.add(element));
      const stop = identity === own ? () => undefined : frames.watch(place, element);
      settle();
      return () => {
        stop();
        elements.delete(element);
        const participant = room.getParticipantByIdentity(identity);
        for (const each of participant?.trackPublications.values() ?? []) each.track?.detach(element);
      };
    },
    async close() {
      if (closed) return;
      closed = true;
      document.removeEventListener("visibilitychange", onSight);
      if (looking !== null) clearInterval(looking);
      for (const track of sounds.keys()) release(track);
      await room.disconnect(true).catch(() => undefined);
      worker.terminate();
    },
  };
}

const placeOf = (identity: string, what: "camera" | "screen"): string => `${what} ${identity}`;
const whatOf = (source: Track.Source): "camera" | "screen" =>
  source === Track.Source.ScreenShare ? "screen" : "camera";

const isWeak = ({ connectionQuality }: Participant): boolean =>
  connectionQuality === ConnectionQuality.Poor || connectionQuality === ConnectionQuality.Lost;

function lostBy(reason: DisconnectReason | undefined): MediaState["lostBy"] {
  switch (reason) {
    case DisconnectReason.PARTICIPANT_REMOVED:
      return "removed";
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.ROOM_CLOSED:
      return "closed";
    case DisconnectReason.DUPLICATE_IDENTITY:
      return "elsewhere";
    default:
      return "network";
  }
}

/** Null for what has nothing to do with the device: a connection that went away meanwhile. */
function faultOf(cause: unknown): DeviceFault | null {
  switch (MediaDeviceFailure.getFailure(cause)) {
    case MediaDeviceFailure.PermissionDenied:
      return "denied";
    case MediaDeviceFailure.DeviceInUse:
      return "busy";
    case MediaDeviceFailure.NotFound:
      return "absent";
    default:
      return cause instanceof DOMException || cause instanceof TypeError ? "absent" : null;
  }
}

/** Whether two lists of flat things say the same. */
function sameItems<T extends object>(one: readonly T[], other: readonly T[]): boolean {
  return (
    one.length === other.length &&
    one.every((item, at) => {
      const match = other[at];
      return (
        match !== undefined && Object.entries(item).every(([key, value]) => Reflect.get(match, key) === value)
      );
    })
  );
}
