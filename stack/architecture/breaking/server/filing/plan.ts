import { DatabaseSync } from "node:sqlite";
import { gate } from "../gateway/gate.ts";
import type { Door } from "../../src/matrix/index.ts";
export const p = [DatabaseSync, gate];
export type D = Door;
