import { z } from "zod";
import { ColloqueError } from "#protocol/errors.ts";
import type { Registry } from "../consent/index.ts";
import type { Clock } from "../kit/role.ts";
import { type SynapseClient, SynapseError } from "../kit/synapse-client.ts";
import type { Check, Matched } from "./allow-list.ts";
import { type Budgets, createBudgets, maxBackedUp } from "./budgets.ts";
import * as calls from "./call-rules.ts";
import * as keys from "./key-rules.ts";
import * as rules from "./matrix-rules.ts";
import type { Session, Sessions } from "./sessions.ts";

type Checked = { readonly authorization: string | undefined; readonly matched: Matched };

/** Looks at a request before Synapse does. Throws what refuses it; gives the name of who signs in, for the audit, when it does that. */
export type BodyCheck = (call: Checked, body: Buffer | undefined) => Promise<string | undefined>;

export function createBodyCheck(parts: {
  readonly sessions: Pick<Sessions, "of">;
  readonly synapse: Pick<SynapseClient, "call">;
  readonly clock: Clock;
  /** Whether the content of this room has left the messenger: then nothing more is said in it. */
  readonly registry?: Pick<Registry, "isClosed">;
}): BodyCheck {
  const budgets = createBudgets(parts.clock);
  return async (call, body) => {
    const { rule, params } = call.matched;
    if (rule.check === "login") return rules.checkLogin(parseJson(body));
    shapes[rule.check](body, params);
    await checkBudget(call, body?.length ?? 0, { ...parts, budgets });
    return undefined;
  };
}

type Shape = (body: Buffer | undefined, params: Matched["params"]) => void;
const anything: Shape = () => undefined;

/** What may be in it, for each check. */
const shapes: Readonly<Record<Check, Shape>> = {
  none: anything,
  login: anything,
  // Bounded by its length.
  filter: anything,
  "no-words": (body) => rules.checkNoWords(bodyOrEmpty(body)),
  "event-id": (body, { event = "" }) => {
    rules.checkEventId(event);
    rules.checkNoWords(bodyOrEmpty(body));
  },
  send: (body, { type = "" }) => rules.checkSend(type, parseJson(body)),
  "to-device": (body, { type = "" }) => rules.checkToDevice(type, parseJson(body)),
  "account-data": (_body, { type = "" }) => rules.checkAccountData(type),
  receipt: (body, { receiptType = "", event = "" }) =>
    rules.checkReceipt(receiptType, event, bodyOrEmpty(body)),
  "read-markers": (body) => rules.checkReadMarkers(parseJson(body)),
  "device-keys": (body) => keys.checkKeysUpload(bodyOrEmpty(body)),
  "signing-keys": (body) => keys.checkSigningUpload(parseJson(body)),
  "key-signatures": (body) => keys.checkSignatures(parseJson(body)),
  backup: (body) => keys.checkBackup(parseJson(body)),
  "call-member": (body, { key = "" }) => calls.checkCallMember(key, parseJson(body)),
  "delayed-event": (body, { delay = "", action }) =>
    calls.checkDelayedEvent(delay, action, bodyOrEmpty(body)),
};

/** How much of it there was from this account lately. */
async function checkBudget(
  { authorization, matched: { rule, params } }: Checked,
  bytes: number,
  parts: Parameters<typeof createBodyCheck>[0] & { budgets: Budgets },
): Promise<void> {
  const { budgets } = parts;
  const session = () => parts.sessions.of(authorization);
  switch (rule.check) {
    case "send":
      budgets.event((await session()).userId, bytes);
      if ((await parts.registry?.isClosed(params.roomId ?? "")) === true)
        throw new ColloqueError("case-over");
      return;
    case "to-device":
      return budgets.toDevice((await session()).userId, bytes);
    case "backup": {
      const who = await session();
      budgets.backup(who.userId, bytes);
      return checkBackupSize(parts.synapse, who);
    }
    case "call-member": {
      // Synapse lets any member write this state for anybody: here each device writes its own.
      const { userId, device } = await session();
      if (params.key === calls.callMemberKey(userId, device)) return;
      throw new ColloqueError("not-allowed", {
        details: { words: "A device says its own place in a call." },
      });
    }
    case "account-data":
      if (rule.method === "PUT") budgets.kept((await session()).userId);
      return;
    case "filter": {
      const { userId } = await session();
      if (userId !== params.user) throw new ColloqueError("not-allowed");
      return budgets.kept(userId);
    }
    default:
      return;
  }
}

const versionSchema = z.object({ count: z.number() });

/** A backup that holds more than a career's worth of keys holds something else. */
async function checkBackupSize(synapse: Pick<SynapseClient, "call">, { token }: Session): Promise<void> {
  try {
    const path = "/_matrix/client/v3/room_keys/version";
    const { count } = await synapse.call({ path, token, answer: versionSchema });
    if (count >= maxBackedUp) throw new ColloqueError("too-large");
  } catch (error) {
    // No backup yet: Synapse refuses the keys itself, in words that the client knows.
    if (!(error instanceof SynapseError) || error.status !== 404) throw error;
  }
}

const bodyOrEmpty = (body: Buffer | undefined): unknown => (body === undefined ? {} : parseJson(body));

export function parseJson(body: Buffer | undefined): unknown {
  try {
    return JSON.parse(body?.toString("utf8") ?? "");
  } catch (cause) {
    throw new ColloqueError("bad-request", { cause });
  }
}
