import { missingCase } from "#protocol/result.ts";
import type { FileableEvent } from "../work.ts";
import { planAmendment, planQuestion } from "./amend.ts";
import { planCall } from "./call.ts";
import { cleanStep } from "./clean.ts";
import { planConsent } from "./consent.ts";
import { planGlass } from "./glass.ts";
import { planIdentity } from "./identity.ts";
import { planInformed } from "./inform.ts";
import { planMisfiled } from "./misfiled.ts";
import { planOpinion } from "./opinion.ts";
import { planPhoto } from "./photo.ts";
import { planRequest } from "./request.ts";
import type { Plan, PlanContext } from "./types.ts";
import { planWithdrawal } from "./withdrawal.ts";
import { planMessage, planResponse } from "./words.ts";

export type {
  DocumentFlavour,
  Entry,
  HospitalFacts,
  Plan,
  PlanContext,
  Resource,
  Step,
  Write,
} from "./types.ts";

/**
 * What one event becomes in the record. Pure: it asks nobody, and the same event in the same case gives the same ids whenever it is
 * planned. Only what the gate allowed comes here.
 */
export async function planFiling(
  event: FileableEvent,
  picture: Uint8Array | undefined,
  context: PlanContext,
): Promise<Plan> {
  const plan = await planEvent(event, picture, context);
  return { ...plan, steps: plan.steps.map(cleanStep) };
}

async function planEvent(
  event: FileableEvent,
  picture: Uint8Array | undefined,
  context: PlanContext,
): Promise<Plan> {
  switch (event.kind) {
    case "request":
      return planRequest(context);
    case "consent":
      return planConsent(event, context);
    case "photo":
      if (picture === undefined) throw new Error("A photo is planned with its picture");
      return planPhoto(event, picture, context);
    case "message":
      return planMessage(event, context);
    case "response":
      return planResponse(event, context);
    case "opinion":
      return planOpinion(event, context);
    case "amendment":
      return planAmendment(event, context);
    case "question":
      return planQuestion(event, context);
    case "misfiled":
      return planMisfiled(event, context);
    case "identity":
      return planIdentity(event, context);
    case "glass":
      return planGlass(event, context);
    case "informed":
      return planInformed(event, context);
    case "call":
      return planCall(event, context);
    case "withdrawn":
      return planWithdrawal(event, context);
    default:
      return missingCase(event);
  }
}
