import { request } from "undici";
import type { Health } from "#protocol/api.ts";
import type { Clock } from "../kit/role.ts";
import type { SynapseClient } from "../kit/synapse-client.ts";

type PartState = Health["parts"]["bot"];

const keepMs = 2_000;
const timeoutMs = 3_000;

/** How the parts are, asked at most every two seconds however often anybody wants to know. */
export function createHealth(parts: {
  synapse: Pick<SynapseClient, "dispatcher">;
  dicomwebUrl: string | undefined;
  recordIsUp: () => boolean;
  botState: () => PartState;
  clock: Clock;
}): () => Promise<Health> {
  let last: { health: Promise<Health>; untilMs: number } | undefined;

  async function look(): Promise<Health> {
    const [homeserver, archive] = await Promise.all([
      homeserverState(parts.synapse),
      archiveState(parts.dicomwebUrl),
    ]);
    const states = {
      homeserver,
      record: parts.recordIsUp() ? ("up" as const) : ("down" as const),
      archive,
      bot: parts.botState(),
    };
    return { ok: Object.values(states).every((state) => state !== "down"), parts: states };
  }

  return () => {
    const now = parts.clock();
    if (last === undefined || last.untilMs <= now) last = { health: look(), untilMs: now + keepMs };
    return last.health;
  };
}

async function homeserverState({ dispatcher }: Pick<SynapseClient, "dispatcher">): Promise<PartState> {
  try {
    const answer = await dispatcher.request({ method: "GET", path: "/health", headersTimeout: timeoutMs });
    await answer.body.dump();
    return answer.statusCode === 200 ? "up" : "down";
  } catch {
    return "down";
  }
}

async function archiveState(url: string | undefined): Promise<PartState> {
  if (url === undefined) return "off";
  try {
    const answer = await request(`${url}/studies?limit=1`, {
      headers: { accept: "application/dicom+json" },
      headersTimeout: timeoutMs,
    });
    await answer.body.dump();
    return answer.statusCode < 300 ? "up" : "down";
  } catch {
    return "down";
  }
}
