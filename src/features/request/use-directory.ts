import { useStore } from "zustand";
import type { Directory } from "#protocol/api.ts";
import type { RequestModel } from "./request-model.ts";

/** The directory when it is in, else null. */
export function useDirectory(model: RequestModel): Directory | null {
  return useStore(model.directory, (state) => (state.state === "loaded" ? state.value : null));
}
