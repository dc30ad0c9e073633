import { z } from "zod";
import { balpFaults } from "../../server/filing/testing/balp.ts";
import { provideFaults } from "../../server/filing/testing/mhd.ts";
import { pcfFaults } from "../../server/filing/testing/pcf.ts";
import type { Finding } from "./judges.ts";

const resource = z.looseObject({ resourceType: z.string() });
const bundleSchema = z.object({
  resourceType: z.literal("Bundle"),
  meta: z.object({ profile: z.array(z.string()) }).optional(),
  entry: z.array(z.object({ resource })),
});

/**
 * Rules that no validator here can see, since their packages cannot be fetched (BALP, PCF), or since a profile cannot say them (that a hash
 * is that of the bytes): checked by what was written from the profiles' text, apart from what files.
 */
export function ownFindings(files: Iterable<readonly [string, string]>): Finding[] {
  return [...files].flatMap(([name, text]) => {
    const file = `${name}.json`;
    const sentBundle: unknown = JSON.parse(text);
    const bundle = bundleSchema.safeParse(sentBundle);
    if (!bundle.success) return [];
    const isProvided = bundle.data.meta?.profile.some((each) => each.includes("ProvideBundle")) === true;
    const faults = [
      ...(isProvided ? provideFaults(sentBundle) : []),
      ...bundle.data.entry.flatMap((entry) => faultsOf(entry.resource)),
    ];
    return faults.map((each): Finding => ({ file, severity: "error", text: each }));
  });
}

function faultsOf(found: z.infer<typeof resource>): string[] {
  if (found.resourceType === "Consent") return pcfFaults(found);
  const claimsBalp = found.resourceType === "AuditEvent" && JSON.stringify(found.meta).includes("/ITI/BALP/");
  return claimsBalp ? balpFaults(found) : [];
}
