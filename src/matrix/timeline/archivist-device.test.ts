import { DeviceVerificationStatus } from "matrix-js-sdk/lib/crypto-api/index.js";
import { Device } from "matrix-js-sdk/lib/models/device.js";
import { describe, expect, test } from "vitest";
import { knowsArchivist } from "./archivist-device.ts";

const bot = "@archiviste:valombre.example";
const device = new Device({ deviceId: "A1", userId: bot, algorithms: [], keys: new Map() });

/** What the crypto layer knows of the archivist, and how often it was asked. */
function knowledge() {
  const known = { device: false, signed: false, asked: 0 };
  return {
    known,
    knows: knowsArchivist(
      {
        getUserDeviceInfo: async () => {
          known.asked += 1;
          return new Map(known.device ? [[bot, new Map([[device.deviceId, device]])]] : []);
        },
        getDeviceVerificationStatus: async () =>
          new DeviceVerificationStatus({ signedByOwner: known.signed }),
      },
      bot,
    ),
  };
}

describe("before anything is said in a case", () => {
  test("the archivist is not known without a device, nor with one that its owner does not vouch for", async () => {
    const { known, knows } = knowledge();
    expect(await knows()).toBe(false);
    known.device = true;
    expect(await knows()).toBe(false);
  });

  test("it is known by a device that its owner vouches for, and then not asked about again", async () => {
    const { known, knows } = knowledge();
    known.device = known.signed = true;
    expect([await knows(), await knows()]).toEqual([true, true]);
    expect(known.asked).toBe(1);
  });
});
