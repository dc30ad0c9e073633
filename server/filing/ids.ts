import { createHash } from "node:crypto";

/** Namespace of every id that filing gives out (a random uuid, never to change: the same event must give the same ids for ever). */
const namespace = "7c1e0c5b-3c55-4d0b-9a43-0f0d6b1c2f9e";

/** RFC 9562 §5.5: the same name gives the same uuid, so that filing twice changes nothing. */
export function uuidV5(name: string): string {
  const hash = createHash("sha1")
    .update(Buffer.from(namespace.replaceAll("-", ""), "hex"))
    .update(name, "utf8")
    .digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString("hex", 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** The id of one thing that is filed because of one Matrix event: `part` tells several things of one event apart. */
export const idOf = (eventId: string, part: string): string => uuidV5(`${eventId} ${part}`);

/** A uuid as an OID (ITU-T X.667): valid as a DICOM UID, at most 44 characters. */
export const oidOf = (uuid: string): string => `2.25.${BigInt(`0x${uuid.replaceAll("-", "")}`)}`;

export const sha256Hex = (bytes: Uint8Array | string): string =>
  createHash("sha256").update(bytes).digest("hex");

/** SHA-1 in base64 over the raw bytes: what FHIR R4 wants in Attachment.hash. */
export const sha1Base64 = (bytes: Uint8Array): string => createHash("sha1").update(bytes).digest("base64");
