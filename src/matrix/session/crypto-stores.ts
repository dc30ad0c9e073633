const prefixStart = "colloque-";

/** Where the SDK's crypto layer of a device keeps what it knows. */
export const cryptoPrefix = (deviceId: string): string => `${prefixStart}${deviceId}`;

/** Deletes the crypto stores of devices that are no more: a sign-out may end before the browser lets go of them. */
export async function removeCryptoStores(keepDeviceId: string | null): Promise<void> {
  const kept = keepDeviceId === null ? null : cryptoPrefix(keepDeviceId);
  for (const { name } of await indexedDB.databases()) {
    if (name === undefined || !name.startsWith(prefixStart)) continue;
    if (kept === null || !name.startsWith(`${kept}::`)) indexedDB.deleteDatabase(name);
  }
}
