import { type DependencyList, useEffect, useState } from "react";

/**
 * A model that lives as long as the screen that asked for it, and is made anew when what it is about changes. Null while
 * `make` says that it can't be made yet.
 */
export function useOwned<T extends { dispose(): void }>(
  make: () => T | null,
  about: DependencyList,
): T | null {
  const [owned, setOwned] = useState<T | null>(null);
  useEffect(() => {
    const made = make();
    setOwned(made);
    return () => {
      made?.dispose();
      setOwned(null);
    };
    // biome-ignore lint/correctness/useExhaustiveDependencies: `make` is new at each render, `about` says when it matters
  }, about);
  return owned;
}
