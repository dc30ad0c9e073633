import { open } from "../../server/store/open.ts";
import { later } from "./cycle-b.ts";
export type Door = typeof open;
export const x = later;
