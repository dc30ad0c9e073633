/** The bodies of a multipart answer (RFC 2046 §5.1), bytes untouched. Empty when it is not one. */
export function multipartParts(bytes: Uint8Array, contentType: string): Uint8Array[] {
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (!contentType.toLowerCase().startsWith("multipart/") || boundary === undefined) return [];
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mark = Buffer.from(`--${boundary}`);
  // But for the first, a boundary is a line of its own: a picture may well have its letters somewhere inside.
  const line = Buffer.from(`\r\n--${boundary}`);
  const parts: Uint8Array[] = [];
  const first = body.subarray(0, mark.length).equals(mark) ? 0 : body.indexOf(line);
  let start = first === 0 ? mark.length : first + line.length;
  while (first !== -1) {
    const next = body.indexOf(line, start);
    if (next === -1) break;
    const head = body.indexOf("\r\n\r\n", start);
    if (head !== -1 && head < next) parts.push(body.subarray(head + 4, next));
    start = next + line.length;
  }
  return parts;
}
