import { type ComponentType, createElement, lazy, useState } from "react";

/** A place of the application that is loaded after the page is there, and before somebody goes there if all is well. */
export type Later<P extends object> = {
  /** Brings the code. What does not arrive now is asked for again when somebody goes there. */
  readonly ahead: () => Promise<void>;
  /** What to draw: the place itself once it is there, else something that suspends until it is. */
  readonly drawn: () => ComponentType<P>;
};

/** A place did not arrive. Browsers may remember that, so only loading the page again mends it: `ScreenBoundary` says so. */
export class PlaceNotLoadedError extends Error {
  override readonly name = "PlaceNotLoadedError";
}

/** A place whose component is imported by `load`. */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): Later<P> {
  let there: ComponentType<P> | null = null;
  const get = () =>
    load().then(
      (component) => {
        there = component;
        return component;
      },
      (cause: unknown) => {
        throw new PlaceNotLoadedError("A place did not arrive", { cause });
      },
    );
  const waited = lazy(() => get().then((component) => ({ default: component })));
  return { ahead: () => get().then(nothing, nothing), drawn: () => there ?? waited };
}

const nothing = (): void => undefined;

/** Shows a place. Under a `Suspense`, which stands in while its code is on the way. */
export function Visit<P extends object>({ place, given }: { readonly place: Later<P>; readonly given: P }) {
  // Decided once for each visit: what is there already is drawn at once, without a moment of emptiness.
  const [Drawn] = useState<ComponentType<P>>(place.drawn);
  return createElement(Drawn, given);
}
