import { useSyncExternalStore } from "react";

const query = "(width >= 1100px)";

/** Whether three panes fit. Nothing exists on one side only: it decides the arrangement. */
export const useWide = (): boolean =>
  useSyncExternalStore(
    (changed) => {
      const media = matchMedia(query);
      media.addEventListener("change", changed);
      return () => media.removeEventListener("change", changed);
    },
    () => matchMedia(query).matches,
  );
