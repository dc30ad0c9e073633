import { err } from "#protocol/result.ts";
import type { Door } from "../../matrix/types.ts";

/** A server that opens no link to anybody's phone. */
export const noPhoneLinks: Door["phoneLinks"] = {
  open: async () => err("homeserver-unreachable"),
  stateOf: async () => err("homeserver-unreachable"),
  cancel: async () => err("homeserver-unreachable"),
};
