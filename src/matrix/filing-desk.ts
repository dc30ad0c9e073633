import { z } from "zod";
import { deskSchema, resolvedAnswerSchema } from "#protocol/filing-desk.ts";
import type { Api } from "./api.ts";
import type { Door } from "./types.ts";

/** The filing desk of the hospital, as the server gives it to an administrator. */
export const createFilingDesk = (api: Pick<Api, "get" | "post">): Door["filingDesk"] => ({
  read: () => api.get("/admin/filing", deskSchema),
  retry: (id) => api.post(`/admin/filing/${encodeURIComponent(id)}/retry`, {}, z.unknown()),
  resolve: (id, decision) =>
    api.post(`/admin/filing/${encodeURIComponent(id)}/resolve`, decision, resolvedAnswerSchema),
});
