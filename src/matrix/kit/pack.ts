import { type Bytes, utf8 } from "./bytes.ts";

const mark = "$bytes";

/**
 * Writes a plain value to bytes: JSON, with every Uint8Array taken out and put behind it, so that a draft with photos is not
 * blown up by base64. Layout: 4 bytes of JSON length (big endian), the JSON, then the byte strings, each named by offset and length.
 */
export function pack(value: unknown): Bytes {
  const parts: Uint8Array[] = [];
  let offset = 0;
  const json = utf8(
    JSON.stringify(value, (_key, each: unknown) => {
      if (!(each instanceof Uint8Array)) return each;
      parts.push(each);
      offset += each.length;
      return { [mark]: [offset - each.length, each.length] };
    }) ?? "null",
  );
  const packed = new Uint8Array(4 + json.length + offset);
  new DataView(packed.buffer).setUint32(0, json.length);
  packed.set(json, 4);
  let at = 4 + json.length;
  for (const part of parts) {
    packed.set(part, at);
    at += part.length;
  }
  return packed;
}

/** Reads what `pack` wrote. */
export function unpack(packed: Bytes): unknown {
  const length = new DataView(packed.buffer, packed.byteOffset).getUint32(0);
  const rest = packed.subarray(4 + length);
  const text = new TextDecoder().decode(packed.subarray(4, 4 + length));
  return JSON.parse(text, (_key, each: unknown) => {
    const place = placeOf(each);
    return place === null ? each : rest.slice(place[0], place[0] + place[1]);
  });
}

function placeOf(value: unknown): [number, number] | null {
  if (value === null || typeof value !== "object" || !(mark in value)) return null;
  const place: unknown = value[mark];
  if (!Array.isArray(place)) return null;
  const [offset, length]: unknown[] = place;
  return typeof offset === "number" && typeof length === "number" ? [offset, length] : null;
}
