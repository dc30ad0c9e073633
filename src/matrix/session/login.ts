import { z } from "zod";
import { userIdSchema } from "#protocol/ids.ts";
import { err, type Result } from "#protocol/result.ts";
import { type Api, codeOfBody, readJson } from "../api.ts";
import type { SignInError } from "../types.ts";
import type { Identity } from "./sdk.ts";

const answerSchema = z
  .object({
    user_id: userIdSchema,
    device_id: z.string().min(1).max(64),
    access_token: z.string().min(1).max(4096),
  })
  .transform(
    ({ user_id, device_id, access_token }): Identity => ({
      userId: user_id,
      deviceId: device_id,
      accessToken: access_token,
    }),
  );

const refusalSchema = z.object({ errcode: z.string() });

/** Signs in with a password. Called without the SDK: no client exists before somebody is known. */
export async function logIn(
  baseUrl: string,
  localpart: string,
  password: string,
  fetch: typeof globalThis.fetch,
): Promise<Result<Identity, SignInError>> {
  const body = {
    type: "m.login.password",
    identifier: { type: "m.id.user", user: localpart.trim().toLowerCase() },
    password,
    initial_device_display_name: "Colloque",
  };
  try {
    const response = await fetch(`${baseUrl}/_matrix/client/v3/login`, {
      method: "POST",
      cache: "no-store",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (response.ok) return readJson(response, answerSchema);
    return err(refusalOf(response.status, await response.json().catch(() => undefined)));
  } catch {
    return err("homeserver-unreachable");
  }
}

function refusalOf(status: number, body: unknown): SignInError {
  const refusal = refusalSchema.safeParse(body);
  if (refusal.success && refusal.data.errcode === "M_USER_DEACTIVATED") return "account-disabled";
  if (refusal.success && refusal.data.errcode === "M_FORBIDDEN") return "wrong-password";
  return codeOfBody(status, body);
}

/** Ends the session on the homeserver. Not being heard is no reason to stay signed in here. */
export async function logOut(api: Api): Promise<void> {
  await api.raw(`${api.baseUrl}/_matrix/client/v3/logout`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
    signal: AbortSignal.timeout(5000),
  });
}
