import { mkdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { archivistSocket } from "../../server/apart/contracts.ts";
import { botUserId } from "../demo/hospital.ts";
import { type Folders, makePrivate, root } from "../paths.ts";
import type { Part } from "./part.ts";
import { synapseSocket } from "./synapse.ts";

/** Where the archivist and the house meet, when they are two processes. */
export function linksFolder(folders: Folders): string {
  const links = join(folders.sockets, "links");
  makePrivate(links);
  return links;
}

/** Our own program once more, with the keys of Matrix and nothing of the record. By default it is part of the server. */
export const archivist: Part = {
  name: "archivist",
  label: "Archivist (apart)",
  startMs: 60_000,
  launch({ folders, secrets }) {
    const data = join(folders.data, "archivist");
    mkdirSync(data, { recursive: true, mode: 0o700 });
    return {
      command: process.execPath,
      args: [join(root, "server", "main.ts"), "--role", "bot"],
      cwd: root,
      env: {
        NODE_ENV: "production",
        COLLOQUE_DATA: data,
        COLLOQUE_LINKS: linksFolder(folders),
        COLLOQUE_SYNAPSE_SOCKET: synapseSocket(folders),
        COLLOQUE_BOT_USER: botUserId,
        COLLOQUE_BOT_PASSWORD: secrets.botPassword,
        COLLOQUE_BOT_STORE_KEY: secrets.botStoreKey,
      },
      stopMs: 15_000,
    };
  },
  isReady: ({ folders }) => isListening(archivistSocket(linksFolder(folders))),
};

const isListening = (path: string): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect(path);
    const end = (answer: boolean): void => {
      socket.destroy();
      done(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
