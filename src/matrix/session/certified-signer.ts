import { decodeJwt } from "jose";
import { type Clock, pauseMs } from "../kit/clock.ts";
import type { DeviceStore } from "../kit/device-store.ts";
import type { Registry } from "../registry.ts";
import { createSigner, makeSigningKey, publicJwkOf, type Signer } from "./signing.ts";

/** Renewed when less than this of a certificate's life is left. */
const renewBeforeMs = 7 * 24 * 3600 * 1000;

/** This device's signer; the first time, or near its end, the registry is asked for a certificate until it gives one. */
export async function certifiedSigner(
  device: DeviceStore,
  registry: Registry,
  clock: Clock,
  signal: AbortSignal,
): Promise<Signer> {
  const pair = await device.keyPair("signing", makeSigningKey);
  const kept = await device.get("session", "certificate");
  if (typeof kept === "string" && leftMs(kept, clock) > renewBeforeMs) return createSigner(pair, kept);
  const jwk = await publicJwkOf(pair);
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const answer = await registry.certify(jwk);
    if (answer.ok) {
      await device.set("session", "certificate", answer.value.certificate);
      return createSigner(pair, answer.value.certificate);
    }
    // Old but alive is better than waiting for a registry that is away.
    if (typeof kept === "string" && leftMs(kept, clock) > 0) return createSigner(pair, kept);
    await clock.wait(pauseMs(attempt), signal);
  }
  throw new Error("Stopped before the device was certified");
}

function leftMs(certificate: string, clock: Clock): number {
  const { exp } = decodeJwt(certificate);
  return exp === undefined ? 0 : exp * 1000 - clock.nowMs();
}
