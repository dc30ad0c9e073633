import { logger } from "matrix-js-sdk/lib/logger.js";

/**
 * Some modules of the SDK write to a log of the whole process, and that to the console; several take hold of it while they are being
 * loaded. So this is loaded before them (see sdk.ts) and leaves them nothing to take hold of.
 */
const setLevel: unknown = Reflect.get(logger, "setLevel");
if (typeof setLevel !== "function") throw new Error("matrix-js-sdk has changed inside: its log");
Reflect.set(logger, "methodFactory", () => () => undefined);
Reflect.apply(setLevel, logger, ["silent", false]);
