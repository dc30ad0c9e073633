export { type CopiesPort, createCopies } from "./copies.ts";
export { folderSender, hookSender, type Sender } from "./sender.ts";
export { createCopyStore } from "./store.ts";
