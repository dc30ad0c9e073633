import { callMemberType } from "#protocol/calls.ts";

/**
 * Everything of the Matrix interface that a user may reach, and nothing else: what is not in this table is answered `M_FORBIDDEN`
 * in words. One line for each: method, path, and the check that the request must pass before Synapse sees it.
 *
 * A path is matched segment by segment after decoding and is sent on rebuilt from what was matched, so that an encoded slash or
 * dot cannot mean one thing here and another there. Left out on purpose: registration, other login types, aliases, public rooms,
 * room upgrade, state events but a member's place in a call, invites (the archivist invites), kicks and bans, profile and avatar changes, device names, plain media
 * upload, thumbnails, URL previews, search, presence, tags, push rules' changes, pushers, sticky events, third parties.
 */
export type Check =
  | "none"
  | "login"
  | "no-words"
  | "send"
  | "to-device"
  | "account-data"
  | "receipt"
  | "read-markers"
  | "event-id"
  | "filter"
  | "device-keys"
  | "signing-keys"
  | "key-signatures"
  | "backup"
  | "call-member"
  | "delayed-event";

/** Requests that the gateway does itself rather than pass on. */
export type Own = "absent" | "create-room" | "sign-out" | "sign-out-everywhere" | "upload" | "download";

export type Rule = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly segments: readonly string[];
  /** The path as it is written in the table: what logs show instead of the address. */
  readonly name: string;
  readonly check: Check;
  readonly own: Own | undefined;
  /** Longest body, in bytes. */
  readonly limit: number;
};

const KiB = 1024;
/** Most bodies are a few hundred bytes. */
const small = 16 * KiB;

const client = "/_matrix/client/v3";
const clientV1 = "/_matrix/client/v1";
const delayed = "/_matrix/client/unstable/org.matrix.msc4140/delayed_events";
const dehydrated = "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device";

/** One line of an allow-list. */
export function rule(
  method: Rule["method"],
  path: string,
  options: { check?: Check; own?: Own; limit?: number } = {},
): Rule {
  return {
    method,
    segments: path.split("/").slice(1),
    name: `${method} ${path}`,
    check: options.check ?? "none",
    own: options.own,
    limit: options.limit ?? small,
  };
}

export const allowList: readonly Rule[] = [
  // Who am I, what can you do
  rule("GET", "/_matrix/client/versions"),
  rule("GET", `${client}/login`),
  rule("POST", `${client}/login`, { check: "login" }),
  rule("POST", `${client}/logout`, { own: "sign-out" }),
  rule("POST", `${client}/logout/all`, { own: "sign-out-everywhere" }),
  rule("GET", `${client}/account/whoami`),
  rule("GET", `${client}/capabilities`),
  rule("GET", `${client}/voip/turnServer`),
  rule("GET", `${client}/pushrules/`),
  rule("GET", `${client}/devices`),
  rule("GET", `${client}/devices/{device}`),
  rule("DELETE", `${client}/devices/{device}`),
  rule("GET", `${client}/profile/{user}`),
  rule("GET", `${client}/profile/{user}/{field}`),

  // Sync
  rule("GET", `${client}/sync`),
  rule("POST", `${client}/user/{user}/filter`, { check: "filter", limit: 4 * KiB }),
  rule("GET", `${client}/user/{user}/filter/{filter}`),
  rule("GET", `${client}/joined_rooms`),

  // Encryption
  rule("POST", `${client}/keys/upload`, { check: "device-keys", limit: 128 * KiB }),
  rule("POST", `${client}/keys/query`, { limit: 64 * KiB }),
  rule("POST", `${client}/keys/claim`, { limit: 64 * KiB }),
  rule("GET", `${client}/keys/changes`),
  rule("POST", `${client}/keys/signatures/upload`, { check: "key-signatures", limit: 64 * KiB }),
  rule("POST", `${client}/keys/device_signing/upload`, { check: "signing-keys" }),
  rule("PUT", `${client}/sendToDevice/{type}/{txn}`, { check: "to-device", limit: 512 * KiB }),
  rule("GET", `${client}/room_keys/version`),
  rule("GET", `${client}/room_keys/version/{version}`),
  rule("POST", `${client}/room_keys/version`, { limit: 4 * KiB }),
  rule("PUT", `${client}/room_keys/version/{version}`, { limit: 4 * KiB }),
  rule("DELETE", `${client}/room_keys/version/{version}`),
  rule("GET", `${client}/room_keys/keys`),
  rule("GET", `${client}/room_keys/keys/{roomId}`),
  rule("GET", `${client}/room_keys/keys/{roomId}/{session}`),
  rule("PUT", `${client}/room_keys/keys`, { check: "backup", limit: 1024 * KiB }),
  rule("PUT", `${client}/room_keys/keys/{roomId}`, { check: "backup", limit: 512 * KiB }),
  rule("PUT", `${client}/room_keys/keys/{roomId}/{session}`, { check: "backup" }),
  rule("GET", `${client}/user/{user}/account_data/{type}`, { check: "account-data" }),
  rule("PUT", `${client}/user/{user}/account_data/{type}`, { check: "account-data", limit: 2 * KiB }),

  // Asked by every client at its start, and not there: to be forbidden would look like a fault.
  rule("GET", dehydrated, { own: "absent" }),
  rule("DELETE", dehydrated, { own: "absent" }),

  // Cases
  rule("POST", `${client}/createRoom`, { own: "create-room" }),
  rule("POST", `${client}/join/{roomId}`, { check: "no-words" }),
  rule("POST", `${client}/rooms/{roomId}/join`, { check: "no-words" }),
  rule("POST", `${client}/rooms/{roomId}/leave`, { check: "no-words" }),
  rule("POST", `${client}/rooms/{roomId}/forget`, { check: "no-words" }),
  rule("PUT", `${client}/rooms/{roomId}/send/{type}/{txn}`, { check: "send", limit: 64 * KiB }),
  rule("PUT", `${client}/rooms/{roomId}/redact/{event}/{txn}`, { check: "event-id" }),
  rule("POST", `${client}/rooms/{roomId}/receipt/{receiptType}/{event}`, {
    check: "receipt",
    limit: 1 * KiB,
  }),
  rule("POST", `${client}/rooms/{roomId}/read_markers`, { check: "read-markers", limit: 2 * KiB }),
  rule("GET", `${client}/rooms/{roomId}/members`),
  rule("GET", `${client}/rooms/{roomId}/joined_members`),
  rule("GET", `${client}/rooms/{roomId}/messages`),
  rule("GET", `${client}/rooms/{roomId}/context/{event}`),
  rule("GET", `${client}/rooms/{roomId}/event/{event}`),
  rule("GET", `${client}/rooms/{roomId}/state`),
  rule("GET", `${client}/rooms/{roomId}/state/{type}`),
  rule("GET", `${client}/rooms/{roomId}/state/{type}/{key}`),
  rule("GET", `${clientV1}/rooms/{roomId}/relations/{event}`),
  rule("GET", `${clientV1}/rooms/{roomId}/relations/{event}/{relation}`),
  rule("GET", `${clientV1}/rooms/{roomId}/relations/{event}/{relation}/{type}`),
  rule("GET", `${clientV1}/rooms/{roomId}/threads`),
  rule("GET", `${clientV1}/rooms/{roomId}/timestamp_to_event`),

  // Calls: a member's place in one, and its end that the homeserver sends when the device no longer can
  rule("PUT", `${client}/rooms/{roomId}/state/${callMemberType}/{key}`, {
    check: "call-member",
    limit: 4 * KiB,
  }),
  rule("POST", `${delayed}/{delay}`, { check: "delayed-event", limit: 1 * KiB }),
  rule("POST", `${delayed}/{delay}/{action}`, { check: "delayed-event", limit: 1 * KiB }),
  rule("GET", "/_matrix/client/unstable/org.matrix.msc4143/rtc/transports"),
  rule("POST", `${client}/user/{user}/openid/request_token`, { check: "no-words" }),

  // Pictures: reserved by a permit (POST /colloque/v1/permits), then put here; read under the gate
  rule("GET", `${clientV1}/media/config`),
  rule("PUT", "/_matrix/media/v3/upload/{server}/{media}", { own: "upload", limit: 0 }),
  rule("GET", `${clientV1}/media/download/{server}/{media}`, { own: "download" }),
];

export type Matched = {
  readonly rule: Rule;
  readonly params: Readonly<Record<string, string>>;
  /** The path to ask Synapse for. */
  readonly path: string;
};

/** Finds the rule of a request, from the path as it stood in the request line, without its query. */
export function matchRule(
  method: string,
  rawPath: string,
  table: readonly Rule[] = allowList,
): Matched | undefined {
  const given = decodeSegments(rawPath);
  if (given === undefined) return undefined;
  for (const each of table) {
    if (each.method !== method || each.segments.length !== given.length) continue;
    const params = matchSegments(each.segments, given);
    if (params !== undefined)
      return { rule: each, params, path: `/${given.map(encodeURIComponent).join("/")}` };
  }
  return undefined;
}

function matchSegments(
  pattern: readonly string[],
  given: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const params: Record<string, string> = {};
  for (const [at, expected] of pattern.entries()) {
    const actual = given[at] ?? "";
    const name = /^\{(\w+)\}$/.exec(expected)?.[1];
    if (name === undefined && actual !== expected) return undefined;
    // A state key may be empty; nothing else that has a name may.
    if (name !== undefined && actual === "" && name !== "key") return undefined;
    // Session ids are plain base64, in which a slash is a letter like others; it stays encoded on the way.
    if (name !== undefined && actual.includes("/") && name !== "session") return undefined;
    if (name !== undefined) params[name] = actual;
  }
  return params;
}

/** Segments after decoding; undefined when one of them could be read in two ways. */
function decodeSegments(rawPath: string): string[] | undefined {
  try {
    const segments = rawPath.split("/").slice(1).map(decodeURIComponent);
    return segments.some((each) => each === "." || each === ".." || /[\\?#\p{Cc}]/u.test(each))
      ? undefined
      : segments;
  } catch {
    return undefined;
  }
}
