import type { CryptoApi } from "matrix-js-sdk/lib/crypto-api/index.js";

/**
 * Whether this device knows a device of the archivist that its owner vouches for. The SDK waits some seconds for such news and then
 * encrypts without it, and no later key opens what was said by then.
 */
export function knowsArchivist(
  crypto: Pick<CryptoApi, "getUserDeviceInfo" | "getDeviceVerificationStatus">,
  bot: string,
): () => Promise<boolean> {
  let isKnown = false;
  return async () => {
    if (isKnown) return true;
    const devices = (await crypto.getUserDeviceInfo([bot])).get(bot);
    for (const deviceId of devices?.keys() ?? [])
      isKnown ||= (await crypto.getDeviceVerificationStatus(bot, deviceId))?.signedByOwner === true;
    return isKnown;
  };
}
