import { createHmac } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import {
  botLocalpart,
  botName,
  botUserId,
  demoPassword,
  serviceLocalpart,
  userIdOf,
} from "./demo/hospital.ts";
import { clinicians, nameOf, otherAccounts } from "./demo/people.ts";
import { demoRecord } from "./demo/record.ts";
import { StackFailure } from "./failure.ts";
import { fhirUrl } from "./parts/hapi.ts";
import type { PartContext } from "./parts/part.ts";
import { synapseSocket } from "./parts/synapse.ts";
import type { Folders } from "./paths.ts";
import type { Secrets } from "./secrets.ts";
import { unixRequest } from "./unix-http.ts";

const stampOf = (folders: Folders, part: "synapse" | "hapi") => join(folders.data, part, "seeded");

/** Gives a new homeserver its accounts; returns the token of the service account. */
export async function seedHomeserver({ folders, secrets }: PartContext): Promise<string> {
  const stamp = stampOf(folders, "synapse");
  if (secrets.adminToken !== undefined && existsSync(stamp)) return secrets.adminToken;
  const socket = synapseSocket(folders);
  const token = await registerService(socket, secrets);
  const people = [
    { account: botLocalpart, name: botName, password: secrets.botPassword },
    ...clinicians.map((person) => ({
      account: person.account,
      name: nameOf(person),
      password: demoPassword,
    })),
    ...otherAccounts.map(({ account, name }) => ({ account, name, password: demoPassword })),
  ];
  await Promise.all(people.map((person) => createAccount(socket, token, person)));
  // The bot answers every case of the hospital: it has no rate.
  const unlimited = { messages_per_second: 0, burst_count: 0 };
  await ask(socket, "POST", `/_synapse/admin/v1/users/${encodeURIComponent(botUserId)}/override_ratelimit`, {
    body: unlimited,
    token,
  });
  writeFileSync(stamp, "");
  return token;
}

/** Accounts made this way have no device yet: a person's first device is the one that they sign in with. */
async function createAccount(
  socket: string,
  token: string,
  person: { account: string; name: string; password: string },
): Promise<void> {
  const path = `/_synapse/admin/v2/users/${encodeURIComponent(userIdOf(person.account))}`;
  const found = await unixRequest(socket, "GET", path, { token });
  if (found.status === 200) return;
  await ask(socket, "PUT", path, { body: { password: person.password, displayname: person.name }, token });
}

const nonceSchema = z.object({ nonce: z.string() });
const tokenSchema = z.object({ access_token: z.string() });
const errorSchema = z.object({ errcode: z.string() });

/** The first account, with the shared secret; or, where an earlier start got this far, a sign-in. */
async function registerService(socket: string, secrets: Secrets): Promise<string> {
  const path = "/_synapse/admin/v1/register";
  const { nonce } = nonceSchema.parse((await ask(socket, "GET", path)).body);
  const password = secrets.servicePassword;
  const mac = createHmac("sha1", secrets.registrationSecret)
    .update([nonce, serviceLocalpart, password, "admin"].join("\0"))
    .digest("hex");
  const body = { nonce, username: serviceLocalpart, displayname: "Colloque", password, admin: true, mac };
  const registered = await unixRequest(socket, "POST", path, { body });
  if (registered.status === 200) return tokenSchema.parse(registered.body).access_token;
  const error = errorSchema.safeParse(registered.body);
  if (error.data?.errcode !== "M_USER_IN_USE")
    throw refusal("POST", path, registered.status, registered.body);
  const login = {
    type: "m.login.password",
    identifier: { type: "m.id.user", user: serviceLocalpart },
    password,
  };
  const answer = await ask(socket, "POST", "/_matrix/client/v3/login", { body: login });
  return tokenSchema.parse(answer.body).access_token;
}

async function ask(
  socket: string,
  method: "GET" | "POST" | "PUT",
  path: string,
  options: { body?: unknown; token?: string } = {},
) {
  const answer = await unixRequest(socket, method, path, options);
  if (answer.status >= 300) throw refusal(method, path, answer.status, answer.body);
  return answer;
}

const refusal = (method: string, path: string, status: number, body: unknown) =>
  new StackFailure(
    `The demo data could not be written: ${method} ${path} answered ${status} ${JSON.stringify(body)}`,
  );

/** Gives a new record its hospital, clinicians and patients. */
export async function seedRecord({ folders, ports }: PartContext): Promise<void> {
  const stamp = stampOf(folders, "hapi");
  if (existsSync(stamp)) return;
  const response = await fetch(fhirUrl(ports), {
    method: "POST",
    headers: { "content-type": "application/fhir+json", prefer: "return=minimal" },
    body: JSON.stringify(demoRecord()),
    signal: AbortSignal.timeout(60_000),
  });
  if (!response.ok) throw refusal("POST", fhirUrl(ports), response.status, await response.text());
  await response.arrayBuffer();
  writeFileSync(stamp, "");
}
