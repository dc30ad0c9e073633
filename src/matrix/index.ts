export { createDoor, type DoorOptions } from "./door.ts";
export type * from "./types.ts";
