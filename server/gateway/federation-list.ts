import { type Rule, rule } from "./allow-list.ts";

const MiB = 1024 * 1024;
const v1 = "/_matrix/federation/v1";
const v2 = "/_matrix/federation/v2";

/**
 * Everything of the federation interface that another hospital's homeserver may reach. Left out on purpose: public rooms, spaces, aliases,
 * knocks, third-party invites, old forms of joining and inviting, thumbnails, and whatever tells of people who share no room.
 */
export const federationList: readonly Rule[] = [
  rule("GET", "/_matrix/key/v2/server"),
  rule("GET", "/_matrix/key/v2/server/{key}"),
  rule("GET", `${v1}/version`),

  // Events
  rule("PUT", `${v1}/send/{txn}`, { limit: 8 * MiB }),
  rule("GET", `${v1}/event/{event}`),
  rule("GET", `${v1}/state/{roomId}`),
  rule("GET", `${v1}/state_ids/{roomId}`),
  rule("GET", `${v1}/event_auth/{roomId}/{event}`),
  rule("GET", `${v1}/backfill/{roomId}`),
  rule("POST", `${v1}/get_missing_events/{roomId}`),

  // Coming and going
  rule("PUT", `${v2}/invite/{roomId}/{event}`, { limit: MiB }),
  rule("GET", `${v1}/make_join/{roomId}/{user}`),
  rule("PUT", `${v2}/send_join/{roomId}/{event}`, { limit: MiB }),
  rule("GET", `${v1}/make_leave/{roomId}/{user}`),
  rule("PUT", `${v2}/send_leave/{roomId}/{event}`, { limit: MiB }),

  // Encryption, and the name of who writes
  rule("GET", `${v1}/user/devices/{user}`),
  rule("POST", `${v1}/user/keys/query`, { limit: MiB }),
  rule("POST", `${v1}/user/keys/claim`, { limit: MiB }),
  rule("GET", `${v1}/query/profile`),

  rule("GET", `${v1}/media/download/{media}`, { own: "download" }),
];

/** Asked before anybody can be known: our signing key and our version. */
export const isForEverybody = ({ segments }: Rule): boolean =>
  segments.includes("key") || segments.includes("version");

const parameter = /^(origin|destination|key|sig)=(?:"([^",\\\s]+)"|([^",\\\s]+))$/;

/**
 * Who signed a homeserver's request, as it says itself: Synapse then checks the signature. Only the plain form is read, so that the header
 * cannot name one server here and another there.
 */
export function originOf(authorization: string | undefined): string | undefined {
  const given = /^X-Matrix (\S+)$/.exec(authorization ?? "")?.[1] ?? "";
  const found = given.split(",").map((each) => parameter.exec(each));
  const names = new Set(found.map((each) => each?.[1]));
  if (names.has(undefined) || names.size !== found.length) return undefined;
  const origin = found.find((each) => each?.[1] === "origin");
  return origin?.[2] ?? origin?.[3];
}
