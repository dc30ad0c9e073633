/** What the tests of several features stand on. Nothing that is shipped imports it. */
export { createFakeVault } from "./fake-vault.ts";
export * from "./people.ts";
