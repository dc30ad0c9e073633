import { type IncomingMessage, type ServerResponse, request as send } from "node:http";
import { bodyOf, listen } from "./http.ts";

/** Requests of the archivist to its homeserver around which it can be killed. */
const places = ["sync ack", "page of a room", "receipt in the room", "keys sent"] as const;
export const homeserverPoints: readonly string[] = places.flatMap((place) => [
  `before ${place}`,
  `after ${place}`,
]);

function placeOf({ method, url = "" }: IncomingMessage): (typeof places)[number] | undefined {
  if (/\/sync\?.*since=/.test(url)) return "sync ack";
  if (/\/rooms\/[^/]+\/messages/.test(url)) return "page of a room";
  if (method === "PUT" && url.includes("/send/m.room.encrypted/")) return "receipt in the room";
  if (url.includes("/keys/") || url.includes("/sendToDevice/")) return "keys sent";
  return undefined;
}

export type HomeserverProxy = AsyncDisposable & {
  readonly url: string;
  /** Kills this process when the point is met for the nth time. */
  aim(point: string, nth: number, kill: () => void): void;
};

/** Stands before the homeserver, and kills the archivist on its way to it: before a request arrives, or once it was done and before the answer. */
export async function startHomeserverProxy(target: string): Promise<HomeserverProxy> {
  let aimed: { point: string; left: number; kill: () => void } | undefined;
  const meet = (point: string): boolean => {
    if (aimed?.point !== point || --aimed.left > 0) return false;
    const { kill } = aimed;
    aimed = undefined;
    kill();
    return true;
  };
  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const place = placeOf(request);
    if (place !== undefined && meet(`before ${place}`)) return void response.destroy();
    const url = new URL(request.url ?? "/", target);
    const onward = send(url, { method: request.method, headers: { ...request.headers, host: url.host } });
    response.on("close", () => onward.destroy());
    onward.on("error", () => response.destroy());
    onward.on("response", (answer) => {
      if (place !== undefined && meet(`after ${place}`)) return void response.destroy();
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.end(body);
  }
  const server = await listen((request, response) => {
    pass(request, response).catch(() => response.destroy());
  });
  return {
    url: server.url,
    aim: (point, nth, kill) => {
      aimed = { point, left: nth, kill };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
