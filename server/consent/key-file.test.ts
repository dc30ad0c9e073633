import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadRegistryKey } from "./key-file.ts";
import { folder } from "./testing/a-registry.ts";

describe("the registry's key", () => {
  test("is made in a folder of its own, which its owner alone opens, and nothing else is left there", async () => {
    const path = join(folder(), "secret", "deep", "key.json");
    const { kid } = await loadRegistryKey(path);
    expect((await loadRegistryKey(path)).kid).toBe(kid);
    expect(readdirSync(join(path, ".."))).toEqual(["key.json"]);
    expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
  });

  test("is not replaced when it cannot be read, or is none", async () => {
    const path = join(folder(), "key.json");
    for (const text of ["", "{}", '{"kty":"RSA"}', '{"kty":"EC","crv":"P-384","d":"AA"}']) {
      writeFileSync(path, text);
      await expect(loadRegistryKey(path), text).rejects.toThrow();
    }
    const { publicJwk } = await loadRegistryKey(join(folder(), "other.json"));
    writeFileSync(path, JSON.stringify(publicJwk));
    await expect(loadRegistryKey(path)).rejects.toThrow();
    expect(readFileSync(path, "utf8")).toBe(JSON.stringify(publicJwk));
    await expect(loadRegistryKey(folder())).rejects.toMatchObject({ code: "EISDIR" });
    writeFileSync(path, "");
    await expect(loadRegistryKey(join(path, "key.json"))).rejects.toMatchObject({ code: "ENOTDIR" });
  });
});
