import type { StoreApi } from "zustand/vanilla";
import type { CallPass } from "#protocol/calls.ts";
import type { Result } from "#protocol/result.ts";

/** Why a device of this person's own cannot be used. Each is a key of the texts that people read. */
export type DeviceFault = "denied" | "absent" | "busy" | "unplugged";

/**
 * What is seen of somebody: `no-key` while the key of their picture is not here, `stale` when no picture came for a second, `refused` when
 * the media server wanted it shown unencrypted.
 */
export type PictureStanding = "off" | "coming" | "no-key" | "live" | "stale" | "refused";

export type MediaPerson = {
  readonly identity: string;
  readonly camera: PictureStanding;
  readonly screen: PictureStanding;
  readonly microphone: boolean;
  readonly speaking: boolean;
  /** Their connection is bad. */
  readonly weak: boolean;
  /** A track of theirs came unencrypted: nothing of theirs is shown or played any more. */
  readonly alarm: boolean;
};

export type MediaState = {
  readonly connection: "idle" | "connecting" | "connected" | "reconnecting" | "lost";
  /** Why it is lost: put out by the server, the call was closed, this device is in it from elsewhere, or the network. */
  readonly lostBy: "removed" | "closed" | "elsewhere" | "network" | null;
  readonly microphone: boolean;
  readonly microphoneFault: DeviceFault | null;
  readonly camera: boolean;
  readonly cameraFault: DeviceFault | null;
  readonly speaking: boolean;
  /** This device's own connection is bad. */
  readonly weak: boolean;
  /** Nothing is sent until the others have the key. */
  readonly held: boolean;
  /** The browser plays no sound before somebody presses something. */
  readonly soundBlocked: boolean;
  readonly people: readonly MediaPerson[];
};

export type DeviceKind = "microphone" | "camera" | "speaker";
export type MediaDevice = { readonly id: string; readonly label: string; readonly chosen: boolean };

/** Picture and sound of one call, encrypted from end to end. Nothing is sent before a key is in use, nothing unencrypted is taken. */
export type MediaRoom = {
  readonly store: StoreApi<MediaState>;
  /** Opens the way to the server ahead of time. */
  prepare(pass: CallPass): void;
  connect(pass: CallPass): Promise<Result<void, "unreachable">>;
  /** A key of a participant's, this one's included: what they send next may be under it. */
  setKey(identity: string, index: number, bytes: Uint8Array<ArrayBuffer>): void;
  /** The key of somebody who left is of no use. */
  dropKeys(identity: string): void;
  /** Who is in the call by the word of Matrix: nobody else is shown or heard, whoever the media server says is there. */
  admit(identities: ReadonlySet<string>): void;
  hold(held: boolean): void;
  setMicrophone(on: boolean): Promise<void>;
  setCamera(on: boolean): Promise<void>;
  /** The camera on the other side of the device. */
  turnCamera(): Promise<void>;
  startSound(): Promise<void>;
  devices(kind: DeviceKind): Promise<readonly MediaDevice[]>;
  choose(kind: DeviceKind, id: string): Promise<void>;
  /** Shows a picture in this element; returns how to stop. `identity` of this device's own is its own picture. */
  attach(identity: string, what: "camera" | "screen", element: HTMLVideoElement): () => void;
  close(): Promise<void>;
};
