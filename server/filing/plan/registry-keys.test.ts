import { describe, expect, test } from "vitest";
import { people } from "../testing/a-case.ts";
import { plansOf, resourcesOf } from "../testing/a-plan.ts";

const keysOf = async (registryKeys: Uint8Array | undefined) => {
  const plans = await plansOf(await people(), {}, { registryKeys });
  const resources = resourcesOf(plans);
  const files = resources.filter((each) => each.contentType === "application/jwk-set+json");
  const origins = resources.filter((each) => JSON.stringify(each.entity ?? "").includes("Clés publiques"));
  return { plans, files, origins };
};

describe("the registry's keys", () => {
  test("[F41] are filed with each consent and opinion, which name them, and the same keys are the same file", async () => {
    const bytes = Buffer.from('{"keys":[]}');
    const { plans, files, origins } = await keysOf(bytes);
    expect(origins.map((each) => each.resourceType)).toEqual(["Provenance", "Provenance"]);
    expect(files).toHaveLength(2);
    expect(new Set(files.map((each) => each.id)).size).toBe(1);
    for (const origin of origins) expect(JSON.stringify(origin.entity)).toContain(`Binary/${files[0]?.id}`);
    expect(plans.filter((plan) => plan.blobs["registry-keys"] === bytes)).toHaveLength(2);
    const other = await keysOf(Buffer.from('{"keys":[{}]}'));
    expect(other.files[0]?.id).not.toBe(files[0]?.id);
  });

  test("[F41] are named nowhere when there are none to file", async () => {
    expect(await keysOf(undefined)).toMatchObject({ files: [], origins: [] });
  });
});
