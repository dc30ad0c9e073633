/**
 * Everything that stands on the SDK, in one piece: `core.ts` loads it while the person types, so that the sign-in page is there first.
 * Nothing else in this folder imports these modules but for their types.
 */

export { createLive } from "./live.ts";
export { connect, firstSync, follow } from "./session/client.ts";
export { resetKeys, setUpKeys, standingOf, unlockKeys } from "./session/keys-setup.ts";
export { openSdk, warmCrypto } from "./session/sdk.ts";
