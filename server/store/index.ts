export { type Database, type Migration, openDatabase, type Queries, type SqlValue } from "./database.ts";
export type { Presence } from "./presence.ts";
export { openSqlite } from "./sqlite.ts";
