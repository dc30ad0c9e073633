import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Locator } from "@playwright/test";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

/** Reads a QR code from the screen, as the camera of a telephone does: by a decoder that is not the one that drew it. */
export async function scan(code: Locator): Promise<string> {
  const wasm = readFileSync(fileURLToPath(import.meta.resolve("zxing-wasm/reader/zxing_reader.wasm")));
  await prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer } });
  const [found] = await readBarcodes(new Uint8Array(await code.screenshot()), { formats: ["QRCode"] });
  if (found === undefined) throw new Error("No camera could read this code");
  return found.text;
}
