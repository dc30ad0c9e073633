import type { Door } from "../../matrix/index.ts";
import { hidden } from "../consent/sheet.ts";
import "livekit-client";
export type D = Door;
export const h = hidden;
