import { z } from "zod";
import { createLogger } from "../log.ts";

/** A log whose lines a test reads: its words first, then the rest without time and level's number. */
export function openLog() {
  const lines: [string, string, Record<string, unknown>][] = [];
  const levels: Readonly<Record<number, string>> = { 20: "debug", 30: "info", 40: "warn", 50: "error" };
  const write = (line: string): void => {
    const {
      level,
      time: _time,
      msg,
      at: _at,
      ...rest
    } = z.looseObject({ level: z.number(), msg: z.string() }).parse(JSON.parse(line));
    lines.push([levels[level] ?? "", msg, rest]);
  };
  return { log: createLogger("debug", { write }), lines };
}
