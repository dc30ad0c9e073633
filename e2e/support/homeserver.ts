import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Agent, request } from "undici";
import { z } from "zod";
import type { Running } from "./stack.ts";

/** Asks Synapse itself, past the product, as its administrator. */
export function homeserver(stack: Running) {
  const dispatcher = new Agent({ connect: { socketPath: stack.synapseSocket } });
  async function get(path: string): Promise<unknown> {
    const answer = await request(`http://localhost${path}`, {
      dispatcher,
      headers: { authorization: `Bearer ${stack.adminToken}` },
    });
    if (answer.statusCode !== 200) throw new Error(`${path} answered ${answer.statusCode}`);
    return answer.body.json();
  }
  const eventsSchema = z.object({
    chunk: z.array(z.looseObject({ type: z.string(), state_key: z.string().optional() })),
  });
  const roomsSchema = z.object({
    rooms: z.array(z.object({ room_id: z.string(), room_type: z.string().nullish() })),
  });
  return {
    /** Case rooms, in no order. */
    async caseRooms(): Promise<string[]> {
      const { rooms } = roomsSchema.parse(await get("/_synapse/admin/v1/rooms?limit=1000"));
      return rooms.filter((room) => room.room_type === "fr.colloque.case").map((room) => room.room_id);
    },
    /** Every event of a room's timeline as the server keeps it, state left out. */
    async timeline(roomId: string): Promise<{ type: string; [key: string]: unknown }[]> {
      const path = `/_synapse/admin/v1/rooms/${encodeURIComponent(roomId)}/messages?limit=1000&dir=b`;
      return eventsSchema.parse(await get(path)).chunk.filter((event) => event.state_key === undefined);
    },
    async state(roomId: string): Promise<unknown> {
      return get(`/_synapse/admin/v1/rooms/${encodeURIComponent(roomId)}/state`);
    },
    get,
  };
}

/** Every file under a folder, with its bytes: databases with their journals, media, logs. */
export async function filesUnder(folder: string): Promise<{ path: string; bytes: Buffer }[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.map(async (path) => ({ path, bytes: await readFile(path) })));
}

/** The forms in which text may lie in a file: as it is, as JSON escapes it, in UTF-16 and in base64 at any offset. */
function formsOf(text: string): Buffer[] {
  const utf8 = Buffer.from(text, "utf8");
  const escaped = JSON.stringify(text)
    .slice(1, -1)
    .replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const base64 = [0, 1, 2].map((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), utf8]).toString("base64");
    return Buffer.from(whole.slice(offset === 0 ? 0 : 4, -4));
  });
  return [
    utf8,
    Buffer.from(escaped),
    Buffer.from(text, "utf16le"),
    ...base64.filter((form) => form.length >= 8),
  ];
}

/** The files in which any of the words lies, in any form. */
export function filesWith(
  files: readonly { path: string; bytes: Buffer }[],
  words: readonly string[],
): string[] {
  const forms = words.flatMap(formsOf);
  return files.filter((file) => forms.some((form) => file.bytes.includes(form))).map((file) => file.path);
}

/** What a file is by its first bytes, for the pictures that a browser would show. */
export function pictureKind(bytes: Buffer): "jpeg" | "png" | "webp" | "gif" | null {
  if (bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return "jpeg";
  if (bytes.subarray(1, 4).toString("latin1") === "PNG") return "png";
  if (bytes.subarray(8, 12).toString("latin1") === "WEBP") return "webp";
  if (bytes.subarray(0, 3).toString("latin1") === "GIF") return "gif";
  return null;
}
