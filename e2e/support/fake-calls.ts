import { createStore, type StoreApi } from "zustand/vanilla";
import { callIdentity } from "#protocol/calls.ts";
import type { MediaPerson, MediaRoom, MediaState } from "../../src/livekit/types.ts";
import { noCalls } from "../../src/matrix/calls/types.ts";
import type { CallDoor, CallNow, CallsState } from "../../src/matrix/types.ts";
import { user } from "./sample-cases.ts";

/** Calls with nothing behind them, in states that are hard to reach. */
export type CallScene =
  | "none"
  | "incoming"
  | "calling"
  | "voice"
  | "live"
  | "three"
  | "stale"
  | "no-key"
  | "refused"
  | "held"
  | "weak"
  | "lost"
  | "no-microphone"
  | "no-answer"
  | "missed";

const person = (name: string, change: Partial<MediaPerson> = {}): MediaPerson => ({
  identity: callIdentity(user(name), "FAKE"),
  camera: "live",
  screen: "off",
  microphone: true,
  speaking: false,
  weak: false,
  alarm: false,
  ...change,
});

const sceneOf = (
  scene: CallScene,
): { readonly people: MediaPerson[]; readonly state: Partial<MediaState> } => {
  const nurse = (change: Partial<MediaPerson> = {}) => person("leroy", change);
  switch (scene) {
    case "voice":
      return { people: [nurse({ camera: "off" })], state: {} };
    case "three":
      return {
        people: [nurse({ speaking: true }), person("haddad", { camera: "off" }), person("faure")],
        state: { camera: true },
      };
    case "stale":
      return { people: [nurse({ camera: "stale" })], state: {} };
    case "no-key":
      return { people: [nurse({ camera: "no-key" })], state: {} };
    case "refused":
      return { people: [nurse({ camera: "refused", alarm: true })], state: {} };
    case "held":
      return { people: [nurse()], state: { held: true } };
    case "weak":
      return { people: [nurse()], state: { weak: true } };
    case "lost":
      return { people: [nurse({ camera: "stale" })], state: { connection: "reconnecting" } };
    case "no-microphone":
      return { people: [nurse()], state: { microphone: false, microphoneFault: "denied" } };
    default:
      return { people: [nurse()], state: {} };
  }
};

/** A picture to look at: paper, ink, and something that moves. */
function paint(element: HTMLVideoElement): () => void {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [1280, 720];
  const context = canvas.getContext("2d");
  const draw = () => {
    if (context === null) return;
    context.fillStyle = "#c98f78";
    context.fillRect(0, 0, 1280, 720);
    context.fillStyle = "#4a2a22";
    context.beginPath();
    context.ellipse(640, 360, 220, 170, 0.4, 0, 7);
    context.fill();
  };
  draw();
  const timer = setInterval(draw, 200);
  element.srcObject = canvas.captureStream(5);
  return () => clearInterval(timer);
}

function fakeMedia(scene: CallScene): MediaRoom {
  const { people, state } = sceneOf(scene);
  const store = createStore<MediaState>(() => ({
    connection: scene === "calling" ? "connecting" : "connected",
    lostBy: null,
    microphone: true,
    microphoneFault: null,
    camera: false,
    cameraFault: null,
    speaking: false,
    weak: false,
    held: false,
    soundBlocked: false,
    people: scene === "calling" ? [] : people,
    ...state,
  }));
  const nothing = () => undefined;
  return {
    store,
    prepare: nothing,
    connect: () => Promise.reject(new Error("There is nothing behind it")),
    setKey: nothing,
    dropKeys: nothing,
    admit: nothing,
    hold: nothing,
    setMicrophone: async (microphone) => store.setState({ microphone }),
    setCamera: async (camera) => store.setState({ camera }),
    turnCamera: async () => undefined,
    startSound: async () => undefined,
    devices: async (kind) => [
      { id: "1", label: kind === "camera" ? "Caméra arrière" : "Intégré", chosen: true },
      { id: "2", label: kind === "camera" ? "Caméra avant" : "Casque", chosen: false },
    ],
    choose: async () => undefined,
    attach: (_identity, _what, element) => paint(element),
    close: async () => undefined,
  };
}

export function fakeCalls(scene: CallScene, roomId: string, me: string, nowMs: number): CallDoor {
  const store: StoreApi<CallsState> = createStore<CallsState>(() => stateOf(scene, roomId, me, nowMs));
  return {
    store,
    start: () => store.setState(stateOf("calling", roomId, me, nowMs)),
    enter: () => store.setState(stateOf("voice", roomId, me, nowMs)),
    ring: () => undefined,
    decline: () => store.setState(noCalls),
    hangUp: () => store.setState(noCalls),
    dismiss: () => store.setState(noCalls),
  };
}

function stateOf(scene: CallScene, roomId: string, me: string, nowMs: number): CallsState {
  const from = user("leroy");
  if (scene === "none") return noCalls;
  if (scene === "incoming")
    return {
      ...noCalls,
      incoming: { roomId, ringId: "$ring", from, sinceMs: nowMs - 8000, untilMs: nowMs + 22_000 },
    };
  if (scene === "missed") return { ...noCalls, notice: { kind: "missed", roomId, from, atMs: nowMs } };
  const media = fakeMedia(scene);
  const { people } = sceneOf(scene);
  const alone = scene === "calling" || scene === "no-answer";
  const call: CallNow = {
    roomId,
    sinceMs: nowMs - 161_000,
    rung: alone
      ? [{ userId: from, state: scene === "calling" ? "ringing" : "no-answer", untilMs: nowMs + 20_000 }]
      : [],
    members: alone
      ? []
      : people.map(({ identity }) => ({
          identity,
          userId: identity.replace(/:FAKE$/, ""),
          deviceId: "FAKE",
          sinceMs: nowMs - 161_000,
        })),
    metMs: alone ? null : nowMs - 161_000,
    media,
    identity: callIdentity(me, "FAKE"),
    ended: scene === "no-answer" ? { why: "no-answer", by: from } : null,
  };
  return { ...noCalls, call };
}
