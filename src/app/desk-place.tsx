import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useStore } from "zustand";
import { loadedValue } from "../features/cases/index.ts";
import { createDeskModel, DeskScreen } from "../features/desk/index.ts";
import { TextAction } from "../ui/index.ts";
import type { PlaceProps } from "./place-props.ts";
import { useOwned } from "./use-owned.ts";

/** `/versements`: what could not be filed, for an administrator. */
export function DeskPlace({ door, clock, head }: PlaceProps & { readonly head?: ReactNode }) {
  const { t } = useTranslation("desk");
  const [, go] = useLocation();
  const model = useOwned(() => createDeskModel({ door, clock }), [door, clock]);
  const people = useStore(door.directory, loadedValue);
  if (model === null) return null;
  const back = (
    <div>
      <TextAction icon="back" onClick={() => go("/compte")}>
        {t("back")}
      </TextAction>
    </div>
  );
  return <DeskScreen model={model} people={people} nowMs={clock.now()} head={head ?? back} />;
}
