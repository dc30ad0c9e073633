import { canonicalJson } from "#protocol/canonical.ts";
import type { Consent, ConsentEvidence, SignedConsent } from "#protocol/consent.ts";
import { type CaseEvent, contentKeys, type Photo, requestSchema } from "#protocol/events.ts";
import { caseIdSchema } from "#protocol/ids.ts";
import type { PublicJwk } from "#protocol/signed.ts";
import { tinyJpeg } from "../../server/filing/testing/a-case.ts";
import { type Hospital, hospitalUrl, openHospital } from "../../server/gateway/testing/hospital.ts";
import { type Bytes, sha256Hex, utf8 } from "../../src/matrix/kit/bytes.ts";
import { toJson } from "../../src/matrix/kit/json.ts";
import { testRegistry } from "../../src/matrix/testing/people.ts";
import { judge, type RoomEvent } from "../../src/matrix/timeline/admit.ts";
import { type Device, openDevice } from "./device.ts";
import { type ConsentTruth, type Glass, type ReceiptTruth, wordNow } from "./oracle.ts";
import { bot, clinicians, everybody, userIdOf } from "./people.ts";

/** A case of a history. */
export type Room = { readonly roomId: string; readonly caseId: string; readonly owner: string };

/** A consent as somebody made it, and what became of it. */
export type MadeConsent = {
  readonly signed: SignedConsent;
  readonly room: Room;
  /** Signed by its collector's certified key, and unchanged since. */
  readonly isGenuine: boolean;
  isRegistered: boolean;
  /** When the registry first had it, whatever a restored database knows of it. */
  registeredAtMs: number | undefined;
  withdrawnAtMs: number | undefined;
  glasses: readonly Glass[];
  /** Also those that a restored database has forgotten. */
  everyGlass: readonly Glass[];
};

/** A picture event in a room, and what is true of it. */
export type MadePicture = {
  readonly eventId: string;
  readonly room: Room;
  readonly sender: string;
  readonly photo: Photo;
  readonly plain: Bytes;
  readonly receipt: ReceiptTruth;
  /** What it says of who took it and of its bytes is as it was made, whoever sends it now. */
  readonly isAsMade: boolean;
  /** All that the event says of itself holds: also that it is its sender's to send. */
  readonly isGenuine: boolean;
  /** The one whose bytes are at the address; a copy sent on has none of its own. */
  readonly original: MadePicture | undefined;
  /** The gateway gave a permit for it in this room, and its bytes came in. */
  isPermitted: boolean;
};

/** The rules say one thing and a machine did another. */
export class RuleBroken extends Error {
  override readonly name = "RuleBroken";
}

export type World = AsyncDisposable & {
  readonly hospital: Hospital;
  readonly rooms: readonly Room[];
  readonly consents: MadeConsent[];
  readonly pictures: MadePicture[];
  readonly devices: ReadonlyMap<string, Device>;
  readonly registryKey: PublicJwk;
  readonly homeserverDeletes: boolean;
  /** Since when the hospital cannot be reached, if so. */
  cutAtMs: number | undefined;
  nowMs(): number;
  /** How many events were sent. */
  count(): number;
  readonly tellsNews: boolean;
  pass(ms: number): Promise<void>;
  device(userId: string): Device;
  isMember(userId: string, roomId: string): boolean;
  leave(userId: string, roomId: string): Promise<void>;
  leftAtMs(userId: string, roomId: string): number | undefined;
  /** Sends to the room as anybody who has the room's keys may. */
  post(sender: string, roomId: string, content: Record<string, unknown>): string;
  contentOf(eventId: string): unknown;
  /** The room's events that pass the timeline's judgement. */
  read(room: Room): Promise<CaseEvent[]>;
  leak(mxc: string, ciphertext: Bytes): void;
  truthOf(consentId: string): ConsentTruth | undefined;
  /** The same as the registry would have said then. */
  truthAt(consentId: string, heardAtMs: number): ConsentTruth | undefined;
  hasBytes(picture: MadePicture): boolean;
  hasBytesAt(mxc: string): boolean;
  /** What the registry knows goes into the backup, and comes back from it. */
  keepAside(): void;
  hasBackup(): boolean;
  putBack(): void;
};

export const pseudonyms = ["AAAAAAAAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBBBBBBBB"] as const;
export const startMs = Date.parse("2026-11-22T10:00:00Z");

/** Signs as anybody, with a key that this hospital never certified. */
export const elsewhere = testRegistry();

export async function openWorld(given: {
  readonly homeserverDeletes: boolean;
  readonly tellsNews: boolean;
}): Promise<World> {
  const { homeserverDeletes, tellsNews } = given;
  let clockMs = startMs;
  let newsAtMs = startMs;
  const nowMs = (): number => clockMs;
  const hospital = await openHospital({ clock: nowMs, bot, clinicians });
  hospital.homeserver.setDeletes(homeserverDeletes);
  hospital.homeserver.setTellsNews(tellsNews);
  const registryKey = hospital.now().registry.publicKey;
  const rooms: Room[] = [];
  const consents: MadeConsent[] = [];
  const events = new Map<string, RoomEvent[]>();
  const left = new Map<string, number>();
  const leaks = new Map<string, Bytes>();
  const devices = new Map<string, Device>();
  const pictures: MadePicture[] = [];
  const hasBytesAt = (mxc: string): boolean => hospital.homeserver.media.get(mxc)?.bytes !== undefined;
  let backup: ReadonlySet<MadeConsent | MadePicture | Glass> | undefined;
  let counter = 0;

  const isMember: World["isMember"] = (userId, roomId) =>
    hospital.homeserver.rooms.get(roomId)?.has(userId) === true;
  const post: World["post"] = (sender, roomId, content) => {
    counter += 1;
    const eventId = `$event${counter}`;
    const place = { roomId, sessionId: "session", messageIndex: counter };
    const clear = { type: "m.room.message", content: toJson(content) };
    const event = { eventId, sender, atMs: clockMs, encrypted: true, place, clear };
    events.set(roomId, [...(events.get(roomId) ?? []), { ...event, failure: null, forged: false }]);
    return eventId;
  };
  const ask: typeof globalThis.fetch = async (input, init) => {
    clockMs += 20;
    if (tellsNews && clockMs - newsAtMs > 500) {
      newsAtMs = clockMs;
      await hospital.homeserver.tellNews();
    }
    return hospital.fetch(input, init);
  };
  const inFlight = openRequests();
  for (const userId of everybody)
    devices.set(
      userId,
      openDevice(userId, {
        // Each request takes its time, so that no limit of requests a minute is met that people would not meet.
        fetch: (input, init) => inFlight.track(ask(input, init)),
        registryKey,
        nowMs,
        membersOf: (roomId) => [...(hospital.homeserver.rooms.get(roomId) ?? [])],
        caseOf: (roomId) => rooms.find((each) => each.roomId === roomId)?.caseId ?? "",
        roomOfCase: (caseId) => rooms.find((each) => each.caseId === caseId)?.roomId ?? null,
        post,
        standingIn: (roomId) => {
          const caseId = rooms.find((each) => each.roomId === roomId)?.caseId;
          return consents.flatMap(({ isRegistered, withdrawnAtMs, signed: { payload } }) =>
            isRegistered && withdrawnAtMs === undefined && payload.caseId === caseId ? [payload] : [],
          );
        },
        glassesOver: (consentId) =>
          consents
            .filter((each) => each.signed.payload.consentId === consentId)
            .flatMap((each) => each.glasses.map(({ reader, endsAtMs }) => ({ reader, untilMs: endsAtMs }))),
        leaked: (mxc) => leaks.get(mxc),
      }),
    );
  const device = (userId: string): Device => {
    const found = devices.get(userId);
    if (found === undefined) throw new Error(`Nobody is called ${userId}`);
    return found;
  };

  for (const owner of [userIdOf("ana"), userIdOf("carl")]) {
    const caseId = crypto.randomUUID();
    const roomId = await openCase(device(owner), caseId);
    rooms.push({ roomId, caseId, owner });
    post(owner, roomId, { msgtype: "m.text", body: "…", [contentKeys.request]: requestOf(caseId, owner) });
  }

  return {
    hospital,
    rooms,
    consents,
    pictures,
    devices,
    registryKey,
    homeserverDeletes,
    cutAtMs: undefined,
    nowMs,
    count: () => counter,
    hasBytes: (picture) => hasBytesAt(picture.photo.file.url),
    hasBytesAt,
    keepAside: () => {
      backup = new Set([
        ...consents.filter((each) => each.isRegistered),
        ...pictures.filter((each) => each.isPermitted),
        ...consents.flatMap((each) => each.glasses),
      ]);
    },
    hasBackup: () => backup !== undefined,
    putBack: () => {
      for (const each of consents) {
        each.isRegistered = backup?.has(each) === true;
        each.glasses = each.glasses.filter((glass) => backup?.has(glass));
      }
      for (const each of pictures)
        each.isPermitted = backup?.has(each.original ?? each) === true && each.isPermitted;
    },
    tellsNews,
    pass: async (ms) => {
      // No answer is hours under way.
      await inFlight.settled();
      const until = clockMs + ms;
      // While news are heard, they are heard without a gap; over a long time nothing is remembered anyway.
      while (tellsNews && ms < 120_000 && clockMs < until) {
        clockMs = Math.min(until, clockMs + 900);
        await hospital.homeserver.tellNews();
      }
      clockMs = until;
    },
    device,
    isMember,
    leave: async (userId, roomId) => {
      if (isMember(userId, roomId)) left.set(`${userId} ${roomId}`, clockMs);
      await hospital.homeserver.leave(userId, roomId);
    },
    leftAtMs: (userId, roomId) => left.get(`${userId} ${roomId}`),
    post,
    contentOf: (eventId) =>
      [...events.values()].flat().find((each) => each.eventId === eventId)?.clear?.content,
    read: async ({ roomId, caseId }) => {
      const verdicts = await Promise.all(
        (events.get(roomId) ?? []).map((event) => judge(event, caseId, registryKey)),
      );
      return verdicts.flatMap((verdict) => (verdict.kind === "event" ? [verdict.event] : []));
    },
    leak: (mxc, ciphertext) => void leaks.set(mxc, ciphertext),
    truthOf: (consentId) => {
      const standing = consents.flatMap((each) =>
        each.isRegistered && each.withdrawnAtMs === undefined ? [each.signed.payload] : [],
      );
      // Of two that bear one id, the registry has the first at most.
      const found = consents.find((each) => each.isRegistered && each.signed.payload.consentId === consentId);
      return found && { ...found, consent: wordNow(found.signed.payload, standing) };
    },
    truthAt: (consentId, heardAtMs) => {
      const known = consents.filter((each) => (each.registeredAtMs ?? Number.POSITIVE_INFINITY) <= heardAtMs);
      const isGone = ({ withdrawnAtMs }: MadeConsent) =>
        (withdrawnAtMs ?? Number.POSITIVE_INFINITY) <= heardAtMs;
      const standing = known.flatMap((each) => (isGone(each) ? [] : [each.signed.payload]));
      const found = known.find((each) => each.signed.payload.consentId === consentId);
      return (
        found && {
          consent: wordNow(found.signed.payload, standing),
          isRegistered: true,
          withdrawnAtMs: isGone(found) ? found.withdrawnAtMs : undefined,
          glasses: found.everyGlass.filter((glass) => glass.openedAtMs <= heardAtMs),
        }
      );
    },
    [Symbol.asyncDispose]: () => hospital[Symbol.asyncDispose](),
  };
}

/** What was asked and not answered yet. */
function openRequests() {
  const open = new Set<Promise<unknown>>();
  return {
    track<T>(request: Promise<T>): Promise<T> {
      open.add(request);
      const done = (): void => void open.delete(request);
      request.then(done, done);
      return request;
    },
    async settled(): Promise<void> {
      while (open.size > 0) await Promise.allSettled(open);
      // And what was made of the last answer.
      await new Promise((resolve) => setTimeout(resolve, 0));
    },
  };
}

/** Through the gateway, which claims the case and asks for a room that the policy socket allows. */
async function openCase(owner: Device, caseId: string): Promise<string> {
  const body = {
    preset: "private_chat",
    creation_content: { type: "fr.colloque.case", "fr.colloque.case_id": caseId },
    initial_state: [
      { type: "m.room.encryption", content: { algorithm: "m.megolm.v1.aes-sha2" } },
      { type: "m.room.history_visibility", content: { history_visibility: "shared" } },
    ],
    invite: [bot],
  };
  const answer = await owner.api.raw(`${hospitalUrl}/_matrix/client/v3/createRoom`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  const created: unknown = answer.ok ? await answer.value.json() : answer.error;
  if (created !== null && typeof created === "object" && "room_id" in created) return String(created.room_id);
  throw new Error(`The case has no room: ${JSON.stringify(created)}`);
}

const requestOf = (caseId: string, requester: string) =>
  requestSchema.parse({
    caseId,
    patient: { recordId: "p", family: "DELATTRE", given: "Josiane", sex: "female", identity: "provisional" },
    addressee: { kind: "specialty", specialty: "dermatology" },
    specialty: "dermatology",
    urgency: "48h",
    dueAt: new Date(startMs + 86_400_000).toISOString(),
    question: "…",
    history: "",
    requester,
    createdAt: new Date(startMs).toISOString(),
  });

/** A whole picture of its own: the smallest JPEG, with some bytes of chance in a comment. */
export function newPicture(): Bytes {
  const comment = crypto.getRandomValues(new Uint8Array(12));
  return new Uint8Array([0xff, 0xd8, 0xff, 0xfe, 0, 14, ...comment, ...tinyJpeg.subarray(2)]);
}

/** A clip that nobody made before, as far as anybody looks who does not play it. */
export function newClip(): Bytes {
  const header = Uint8Array.from(atob("GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibUKHgQJChYEC"), (each) =>
    each.charCodeAt(0),
  );
  return new Uint8Array([...header, ...crypto.getRandomValues(new Uint8Array(12))]);
}

export const evidenceOf = (consentId: Consent["consentId"]): ConsentEvidence => ({
  consentId,
  noticeText: "Vous pouvez dire non.",
});

export const evidenceHash = (consentId: Consent["consentId"]): Promise<string> =>
  sha256Hex(utf8(canonicalJson(toJson(evidenceOf(consentId)))));

export const caseIdOf = (room: Room) => caseIdSchema.parse(room.caseId);
