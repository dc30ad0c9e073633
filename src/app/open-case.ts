import { useStore } from "zustand";
import { findCase } from "../features/cases/index.ts";
import type { CaseRecord } from "../matrix/index.ts";
import type { PlaceProps } from "./place-props.ts";

/** What a place in a case is given. */
export type OfCase = PlaceProps & { readonly caseKey: string; readonly wide: boolean };

export const addressOf = (caseKey: string): string => `/cas/${encodeURIComponent(caseKey)}`;

/** The case of an address, as it is now. */
export const useOpenCase = ({ door, caseKey }: Pick<OfCase, "door" | "caseKey">): CaseRecord | null =>
  useStore(door.cases, (cases) => findCase(cases, caseKey));
