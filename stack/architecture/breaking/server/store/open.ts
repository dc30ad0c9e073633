import { DatabaseSync } from "node:sqlite";
export const open = DatabaseSync;
