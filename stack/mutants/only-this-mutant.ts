import { inject } from "vitest";

/**
 * The thread is kept from mutant to mutant: what loads before the tests must not load under the last one. Stryker's own set-up has come
 * before this and set the one that is to be there while modules load.
 */
declare module "vitest" {
  interface ProvidedContext {
    readonly globalNamespace: string;
    readonly mode: string;
    readonly mutantActivation: string;
  }
}

const isWanted = inject("mode") === "mutant" && inject("mutantActivation") === "static";
if (!isWanted) Object.assign(Reflect.get(globalThis, inject("globalNamespace")), { activeMutant: undefined });
