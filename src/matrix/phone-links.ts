import { z } from "zod";
import { linkAnswerSchema } from "#protocol/patient-phone.ts";
import type { Api } from "./api.ts";
import type { Door } from "./types.ts";

/** Links to a patient's own phone. What goes through here was sealed before, and is opened after. */
export const createPhoneLinks = (api: Api): Door["phoneLinks"] => ({
  open: (link) => api.post("/patient/links", link, linkAnswerSchema),
  stateOf: (linkId, known) => api.post(`/patient/links/${linkId}/state`, { known }, linkAnswerSchema),
  cancel: (linkId) => api.post(`/patient/links/${linkId}/cancel`, {}, z.unknown()),
});
