import { trustedScriptUrl } from "../ui/trusted.ts";

/** Lets the application open without a network, from its second visit on. A browser that refuses just needs the network. */
export function registerServiceWorker(): void {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  addEventListener("load", () => {
    navigator.serviceWorker.register(trustedScriptUrl("/sw.js")).catch(() => {});
  });
}
