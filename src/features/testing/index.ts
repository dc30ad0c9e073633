/** What the tests of several features stand on. Nothing that is shipped imports it. */
export { createFakeVault } from "./fake-vault.ts";
export { noPhoneLinks } from "./no-phone.ts";
export * from "./people.ts";
