import { z } from "zod";
import { ColloqueError } from "#protocol/errors.ts";
import { caseIdKey, caseRoomType } from "#protocol/events.ts";
import { type CaseId, caseIdSchema, eventIdSchema } from "#protocol/ids.ts";
import { checkOlm } from "./key-rules.ts";

/** What may be in the bodies that users send to the homeserver. Pure; each throws `not-allowed` in words, or `bad-request`. */
const refused = (words: string) => new ColloqueError("not-allowed", { details: { words } });

function read<T>(schema: z.ZodType<T>, value: unknown, words: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw refused(words);
}

const loginSchema = z.strictObject({
  type: z.literal("m.login.password"),
  identifier: z.object({ type: z.literal("m.id.user"), user: z.string().max(255) }),
  user: z.string().max(255).optional(),
  password: z.string().max(512),
  device_id: z.string().max(64).optional(),
  initial_device_display_name: z.string().max(100).optional(),
  refresh_token: z.literal(false).optional(),
});

/** Sign-in is by password; the user's name is given back for the audit. */
export const checkLogin = (body: unknown): string =>
  read(loginSchema, body, "Sign-in here is by user name and password.").identifier.user;

const megolm = "m.megolm.v1.aes-sha2";
const stateEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("m.room.encryption"), content: z.object({ algorithm: z.literal(megolm) }) }),
  z.object({
    type: z.literal("m.room.history_visibility"),
    content: z.strictObject({ history_visibility: z.literal("shared") }),
  }),
  z.object({
    type: z.literal("m.room.guest_access"),
    content: z.strictObject({ guest_access: z.literal("forbidden") }),
  }),
]);
const createRoomSchema = z.strictObject({
  preset: z.literal("private_chat").optional(),
  visibility: z.literal("private").optional(),
  room_version: z.string().optional(),
  creation_content: z.looseObject({ type: z.literal(caseRoomType), [caseIdKey]: caseIdSchema }),
  initial_state: z
    .array(stateEvent)
    .refine((all) => all.some((each) => each.type === "m.room.encryption"))
    .refine((all) => all.some((each) => each.type === "m.room.history_visibility")),
  invite: z.array(z.string()).length(1),
  is_direct: z.literal(false).optional(),
  // Decided by the gateway whatever is asked for.
  power_level_content_override: z.unknown().optional(),
});

/** A room that a user may create is a case: encrypted, private, with the bot and nobody else, and without a word in clear. */
export function checkCreateRoom(body: unknown, bot: string): CaseId {
  const asked = read(
    createRoomSchema,
    body,
    "Only case rooms can be created: private, encrypted, history shared, the archivist invited, without name or topic.",
  );
  if (asked.invite[0] !== bot) throw refused("A case begins with the archivist alone.");
  return asked.creation_content[caseIdKey];
}

/** What is truly asked of Synapse for a case, the same for everybody, whatever else the client sent. */
export const caseRoomBody = (caseId: CaseId, bot: string) => ({
  preset: "private_chat",
  visibility: "private",
  // In version 12 creators stand above every power level, so that nobody can take the bot's away.
  room_version: "12",
  creation_content: { type: caseRoomType, [caseIdKey]: caseId, additional_creators: [bot] },
  initial_state: [
    { type: "m.room.encryption", state_key: "", content: { algorithm: megolm } },
    { type: "m.room.history_visibility", state_key: "", content: { history_visibility: "shared" } },
    { type: "m.room.guest_access", state_key: "", content: { guest_access: "forbidden" } },
  ],
  invite: [bot],
  power_level_content_override: {
    users_default: 0,
    events_default: 0,
    state_default: 100,
    invite: 100,
    kick: 100,
    ban: 100,
    redact: 100,
    // Calls: what a member says of its own place in one.
    events: { "org.matrix.msc3401.call.member": 0 },
  },
});

const hashedEventId = eventIdSchema.regex(/^\$[A-Za-z0-9_-]{43}$/);
const base64 = z.string().regex(/^[A-Za-z0-9+/=_-]*$/);
const encryptedSchema = z.strictObject({
  algorithm: z.literal(megolm),
  ciphertext: base64.max(60_000),
  session_id: base64.max(100),
  sender_key: base64.max(100).optional(),
  device_id: z.string().max(64).optional(),
  "m.relates_to": z
    .strictObject({
      rel_type: z.enum(["m.reference", "m.replace", "m.thread"]).optional(),
      event_id: eventIdSchema.optional(),
      is_falling_back: z.boolean().optional(),
      "m.in_reply_to": z.strictObject({ event_id: eventIdSchema }).optional(),
    })
    .optional(),
});

/** Users send ciphertext and nothing else. */
export function checkSend(type: string, body: unknown): void {
  if (type !== "m.room.encrypted")
    throw refused(`Events of type ${printable(type)} are not sent through here.`);
  read(encryptedSchema, body, "This is not an encrypted message as Matrix has them.");
}

/** Longest single to-device message: a key is two kilobytes; more would be a picture. */
const maxToDeviceMessage = 16 * 1024;
/** What is not encrypted is a request for a key or a step of a verification. */
const maxClearToDevice = 2048;
const clearToDevice = new Set(["m.room_key_request", "m.secret.request", "m.room_key.withheld"]);
const toDeviceSchema = z.object({
  messages: z.record(z.string(), z.record(z.string(), z.looseObject({}))),
});

/** To-device messages carry keys and verifications, small ones. */
export function checkToDevice(type: string, body: unknown): void {
  const known =
    type === "m.room.encrypted" || clearToDevice.has(type) || type.startsWith("m.key.verification.");
  if (!known) throw refused(`To-device messages of type ${printable(type)} are not sent through here.`);
  const { messages } = read(toDeviceSchema, body, "This is not a to-device message as Matrix has them.");
  const limit = type === "m.room.encrypted" ? maxToDeviceMessage : maxClearToDevice;
  for (const devices of Object.values(messages))
    for (const content of Object.values(devices)) {
      if (JSON.stringify(content).length > limit)
        throw new ColloqueError("too-large", {
          details: { words: "To-device messages carry keys, not files." },
        });
      if (type === "m.room.encrypted") checkOlm(content);
    }
}

const accountDataTypes = [
  /^m\.secret_storage\.(default_key|key\.[A-Za-z0-9]{1,64})$/,
  /^m\.cross_signing\.(master|self_signing|user_signing)$/,
  /^m\.megolm_backup\.v1$/,
  /^m\.key_backup$/,
  /^m\.org\.matrix\.[a-z0-9_.]{1,80}$/,
];

/** Account data are for the keys of encryption: not for names, lists of contacts or anything of ours. */
export function checkAccountData(type: string): void {
  if (!accountDataTypes.some((each) => each.test(type)))
    throw refused(`Account data of type ${printable(type)} are not kept here.`);
}

/** Leaving, joining and redacting need no words; a reason would be in clear for ever. */
export const checkNoWords = (body: unknown): void =>
  void read(z.strictObject({}), body, "No reason can be given here: it would not be encrypted.");

const receiptTypes = new Set(["m.read", "m.read.private", "m.fully_read"]);
const receiptBody = z.strictObject({ thread_id: z.union([z.literal("main"), eventIdSchema]).optional() });
/** Receipts are shown to everybody in the room: what they name is an event, and nothing stands beside it. */
export function checkReceipt(type: string, event: string, body: unknown): void {
  if (!receiptTypes.has(type)) throw refused("Read receipts alone are sent here.");
  checkEventId(event);
  read(receiptBody, body, "A read receipt says which event was read and nothing else.");
}

const markersBody = z.strictObject({
  "m.fully_read": hashedEventId.optional(),
  "m.read": hashedEventId.optional(),
  "m.read.private": hashedEventId.optional(),
});
export const checkReadMarkers = (body: unknown): void =>
  void read(markersBody, body, "Read markers say which event was read and nothing else.");

/** An event's id is a hash, in every version of rooms that there are here: no room for words. */
export const checkEventId = (event: string): void =>
  void read(hashedEventId, event, "This is not the id of an event.");

/** What a refusal repeats of what was sent. */
const printable = (text: string): string => text.replace(/[^A-Za-z0-9._-]/g, "?").slice(0, 60);
