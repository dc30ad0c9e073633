/** The bodies of a multipart answer (RFC 2046 §5.1), bytes untouched. Empty when it is not one. */
export function multipartParts(bytes: Uint8Array, contentType: string): Uint8Array[] {
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (!contentType.toLowerCase().startsWith("multipart/") || boundary === undefined) return [];
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mark = Buffer.from(`--${boundary}`);
  const parts: Uint8Array[] = [];
  let at = body.indexOf(mark);
  while (at !== -1) {
    const start = at + mark.length;
    const next = body.indexOf(mark, start);
    if (next === -1) break;
    const head = body.indexOf("\r\n\r\n", start);
    // The line break before a boundary belongs to the boundary.
    if (head !== -1 && head < next) parts.push(body.subarray(head + 4, next - 2));
    at = next;
  }
  return parts;
}
