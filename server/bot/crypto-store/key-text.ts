/**
 * One text per IndexedDB key, the same for equal keys: what the disk knows a record by. (`v8.serialize` is not that: two equal
 * strings may be written with one or two bytes a letter.)
 */
export function keyText(key: unknown): string {
  return JSON.stringify(tagged(key));
}

/** The key that a text stands for. */
export function keyOfText(text: string): IDBValidKey {
  return untagged(JSON.parse(text));
}

type Tagged = ["s" | "b", string] | ["n" | "d", number] | ["i", string] | ["a", Tagged[]];

function tagged(key: unknown): Tagged {
  if (typeof key === "string") return ["s", key];
  // JSON has no infinity, and IndexedDB allows it as a key.
  if (typeof key === "number") return Number.isFinite(key) ? ["n", key] : ["i", String(key)];
  if (key instanceof Date) return ["d", key.getTime()];
  if (Array.isArray(key)) return ["a", key.map(tagged)];
  const bytes = bytesOf(key);
  if (bytes !== undefined) return ["b", Buffer.from(bytes).toString("base64")];
  throw new TypeError("Not an IndexedDB key");
}

function bytesOf(key: unknown): Uint8Array | undefined {
  if (key instanceof ArrayBuffer) return new Uint8Array(key);
  if (ArrayBuffer.isView(key)) return new Uint8Array(key.buffer, key.byteOffset, key.byteLength);
  return undefined;
}

function untagged(value: unknown): IDBValidKey {
  if (!Array.isArray(value)) throw new TypeError("Not a stored key");
  const [tag, content]: unknown[] = value;
  if (tag === "s" && typeof content === "string") return content;
  if (tag === "n" && typeof content === "number") return content;
  if (tag === "i" && typeof content === "string") return Number(content);
  if (tag === "d" && typeof content === "number") return new Date(content);
  if (tag === "a" && Array.isArray(content)) return content.map(untagged);
  if (tag === "b" && typeof content === "string")
    return Uint8Array.from(Buffer.from(content, "base64")).buffer;
  throw new TypeError("Not a stored key");
}
