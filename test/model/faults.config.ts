import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vitest/config";
import { faults } from "./faults.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const name = process.env.COLLOQUE_FAULT ?? "";

/** Puts the fault that COLLOQUE_FAULT names into the source of its file. */
function seededFault(): Plugin {
  const fault = faults.find((each) => each.name === name);
  if (fault === undefined) throw new Error(`There is no fault "${name}"`);
  return {
    name: "seeded-fault",
    enforce: "pre",
    transform(code, id) {
      if (id.split("?")[0] !== root + fault.file) return undefined;
      if (code.split(fault.from).length !== 2)
        throw new Error(`The fault "${name}" no longer fits ${fault.file}: mend it in faults.ts`);
      return code.replace(fault.from, () => fault.to);
    },
  };
}

export default defineConfig({
  root,
  plugins: [seededFault()],
  // Kept transforms of a run with another fault would be taken for this one's.
  test: { include: ["test/model/consent.model.test.ts"], fsModuleCache: false },
});
