import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compactVerify, createLocalJWKSet } from "jose";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { keySetOf } from "../kit/jose.ts";
import { consentOf, folder, leroy, setUp } from "./testing/a-registry.ts";

const keySet = z.object({
  keys: z.array(z.looseObject({ kid: z.string(), nbf: z.number(), exp: z.number().optional() })),
});

/** A registry whose key file was taken away between two starts. */
async function changed() {
  const files = folder();
  const database = join(files, "db.sqlite");
  const first = await setUp(files, database);
  const early = await (await first.device(leroy)).sign(consentOf());
  await first.registry[Symbol.asyncDispose]();
  await first.db[Symbol.asyncDispose]();
  const kept = readFileSync(join(files, "key.json"), "utf8");
  rmSync(join(files, "key.json"));
  const second = await setUp(files, database);
  return { first, second, early, database, files, kept };
}

describe("the registry's key, when it was changed", () => {
  test("certifies from now on, and what the one before certified stays verifiable", async () => {
    const { first, second, early } = await changed();
    expect(second.registry.publicKey.x).not.toBe(first.registry.publicKey.x);
    await expect(second.registry.registerConsent(leroy, early)).resolves.toBe("live");
    const phone = await second.device(leroy);
    await expect(second.registry.registerConsent(leroy, await phone.sign(consentOf()))).resolves.toBe("live");
    expect(await second.audited("registry-key-changed")).toHaveLength(1);
  });

  test("is in a JWK Set with those before it, each with its time, which a JOSE tool takes", async () => {
    const { first, second, early } = await changed();
    const set = keySet.parse(await keySetOf(second.registry.publicKey));
    expect(set.keys.map((key) => key.x)).toEqual([second.registry.publicKey.x, first.registry.publicKey.x]);
    const [now, before] = set.keys;
    expect(now?.exp).toBeUndefined();
    expect(before?.exp).toBe(now?.nbf);
    const keys = createLocalJWKSet({ keys: set.keys.map((key) => ({ kty: "EC", ...key })) });
    await expect(compactVerify(early.certificate, keys)).resolves.toMatchObject({
      protectedHeader: { kid: before?.kid },
    });
  });

  test("that is put back, as after a mistake, is the key again and not one of before", async () => {
    const { first, second, database, files, kept } = await changed();
    await second.registry[Symbol.asyncDispose]();
    await second.db[Symbol.asyncDispose]();
    writeFileSync(join(files, "key.json"), kept);
    await using again = (await setUp(files, database)).registry;
    expect(again.publicKey.x).toBe(first.registry.publicKey.x);
    expect(again.publicKey.former?.map((key) => key.x)).toEqual([second.registry.publicKey.x]);
  });
});
