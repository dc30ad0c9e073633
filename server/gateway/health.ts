import type { Health } from "#protocol/api.ts";
import type { Clock } from "../kit/role.ts";
import type { SynapseClient } from "../kit/synapse-client.ts";

type PartState = Health["parts"]["bot"];

/** Where the archive is, and how it is spoken to. */
export type Archive = { readonly url: string; readonly fetch: typeof fetch };

const keepMs = 2_000;
const timeoutMs = 3_000;

/** How the parts are, asked at most every two seconds however often anybody wants to know. */
export function createHealth(parts: {
  synapse: Pick<SynapseClient, "dispatcher">;
  archive: Archive | undefined;
  recordIsUp: () => boolean;
  botState: () => PartState;
  /** What stood in the way of the last request to each. */
  trouble?: (part: "record" | "archive") => string | undefined;
  clock: Clock;
}): () => Promise<Health> {
  let last: { health: Promise<Health>; untilMs: number } | undefined;

  async function look(): Promise<Health> {
    const [homeserver, archive] = await Promise.all([
      homeserverState(parts.synapse),
      archiveState(parts.archive),
    ]);
    const states = {
      homeserver,
      record: parts.recordIsUp() ? ("up" as const) : ("down" as const),
      archive,
      bot: parts.botState(),
    };
    const why = Object.fromEntries(
      (["record", "archive"] as const).flatMap((part) => {
        const trouble = states[part] === "down" ? parts.trouble?.(part) : undefined;
        return trouble === undefined ? [] : [[part, trouble]];
      }),
    );
    return {
      ok: Object.values(states).every((state) => state !== "down"),
      parts: states,
      ...(Object.keys(why).length === 0 ? {} : { why }),
    };
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

async function archiveState(archive: Archive | undefined): Promise<PartState> {
  if (archive === undefined) return "off";
  try {
    const answer = await archive.fetch(`${archive.url}/studies?limit=1`, {
      headers: { accept: "application/dicom+json" },
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    await answer.arrayBuffer();
    return answer.ok ? "up" : "down";
  } catch {
    return "down";
  }
}
