/**
 * The page's one Trusted Types policy. Under `require-trusted-types-for 'script'` a worker or a service worker starts only from
 * an address that this policy let through: a script of our own origin, and nothing else.
 * @see W3C Trusted Types §2.3; the name must match `trusted-types` in the gateway's Content-Security-Policy
 */
const policyName = "colloque";

/** The compiler's DOM types do not know Trusted Types; browsers without them take the address as it is. */
type Policy = { createScriptURL(address: string): string };
type PolicyFactory = { createPolicy(name: string, rules: Policy): Policy };

let policy: Policy | null = null;

/** An address of a script of ours, in the form that `new Worker` and `serviceWorker.register` take. Throws on any other address. */
export function trustedScriptUrl(address: string): string {
  policy ??= factory()?.createPolicy(policyName, { createScriptURL: ownScript }) ?? {
    createScriptURL: ownScript,
  };
  return policy.createScriptURL(address);
}

function ownScript(address: string): string {
  const url = new URL(address, location.href);
  if (url.origin !== location.origin || !/\.(m?js|tsx?)$/.test(url.pathname))
    throw new TypeError("Not a script of this application");
  return url.href;
}

function factory(): PolicyFactory | null {
  const found: unknown = Reflect.get(globalThis, "trustedTypes");
  return isFactory(found) ? found : null;
}

const isFactory = (found: unknown): found is PolicyFactory =>
  typeof found === "object" && found !== null && "createPolicy" in found;
