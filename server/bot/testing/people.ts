import { type ChildProcess, fork, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";

/**
 * A real Synapse, which `npm run test:full` starts for these tests and names in the environment; the archivist takes the unix socket
 * where one is given: `COLLOQUE_TEST_HOMESERVER={"url":"http://127.0.0.1:8008","secret":"…","serverName":"…","socketPath":"…"}`
 */
const given = z
  .object({ url: z.string(), secret: z.string(), serverName: z.string(), socketPath: z.string().optional() })
  .optional()
  .parse(JSON.parse(process.env.COLLOQUE_TEST_HOMESERVER ?? "null") ?? undefined);

export function homeserver() {
  if (given === undefined)
    throw new Error("These tests need a Synapse: npm run unit -- --homeserver starts one");
  return given;
}

const children: ChildProcess[] = [];
export const killAll = (): void => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
};

export async function register(user: string): Promise<string> {
  const { url, secret, serverName } = homeserver();
  const path = `${url}/_synapse/admin/v1/register`;
  const { nonce } = z.object({ nonce: z.string() }).parse(await (await fetch(path)).json());
  const mac = createHmac("sha1", secret).update([nonce, user, "pw", "notadmin"].join("\0")).digest("hex");
  const answer = await fetch(path, {
    method: "POST",
    body: JSON.stringify({ nonce, username: user, password: "pw", admin: false, mac }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return `@${user}:${serverName}`;
}

export type Clinician = {
  readonly userId: string;
  readonly recoveryKey: string;
  call(name: string, given: object): Promise<unknown>;
  end(): Promise<void>;
};

const answerSchema = z.object({
  id: z.number(),
  value: z.unknown().optional(),
  error: z.string().optional(),
});

export async function clinician(
  user: string,
  device: string,
  bot: string,
  { recoveryKey = "", slowKeysOf = "" } = {},
): Promise<Clinician> {
  const child = fork(join(import.meta.dirname, "clinician-child.ts"), [
    homeserver().url,
    user,
    device,
    bot,
    slowKeysOf,
    recoveryKey,
  ]);
  children.push(child);
  const waiting = new Map<number, (answer: z.infer<typeof answerSchema>) => void>();
  child.on("message", (message) => {
    const answer = answerSchema.parse(message);
    waiting.get(answer.id)?.(answer);
  });
  const answerTo = async (id: number): Promise<unknown> => {
    const { error, value } = await new Promise<z.infer<typeof answerSchema>>((resolve) =>
      waiting.set(id, resolve),
    );
    if (error !== undefined) throw new Error(error);
    return value;
  };
  const hello = z.object({ userId: z.string(), recoveryKey: z.string() }).parse(await answerTo(0));
  let last = 0;
  return {
    ...hello,
    call: (name, given) => {
      const id = ++last;
      const answer = answerTo(id);
      child.send({ id, name, given });
      return answer;
    },
    end: () => ended(child),
  };
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

const lineSchema = z.looseObject({
  item: z
    .object({
      eventId: z.string(),
      roomId: z.string(),
      type: z.string(),
      content: z.record(z.string(), z.unknown()),
    })
    .optional(),
  audit: z.string().optional(),
  sent: z.string().optional(),
  told: z.string().optional(),
  fatal: z.string().optional(),
  mxc: z.string().optional(),
  ticketFor: z.string().optional(),
  unreadable: z.array(z.looseObject({ eventId: z.string() })).optional(),
  settled: z.boolean().optional(),
  memory: z.object({ heapUsed: z.number(), external: z.number(), rss: z.number() }).optional(),
  log: z.string().optional(),
});
export type Line = z.infer<typeof lineSchema>;

export type BotProcess = {
  readonly lines: Line[];
  tell(command: object): void;
  until(what: string, isTrue: (lines: Line[]) => boolean): Promise<void>;
  kill(): Promise<void>;
  /** Resolves when it has ended. */
  died(): Promise<void>;
};

export function botProcess(settings: {
  userId: string;
  dataDir: string;
  refused?: string[];
  failFirst?: number;
  withdrawn?: object[];
  glasses?: Record<string, number>;
  ageDays?: number;
  closed?: string[];
  dieAt?: string;
  /** Instead of the homeserver itself. */
  url?: string;
  /** Of Node. */
  nodeOptions?: readonly string[];
}): BotProcess {
  const { url, socketPath } = homeserver();
  const { nodeOptions = [] } = settings;
  const orders = {
    url,
    ...(settings.url === undefined ? { socketPath } : {}),
    password: "pw",
    refused: [],
    failFirst: 0,
    withdrawn: [],
    glasses: {},
    ...settings,
  };
  const program = join(import.meta.dirname, "bot-child.ts");
  const child = spawn(process.execPath, [...nodeOptions, program, JSON.stringify(orders)], {
    stdio: ["pipe", "pipe", process.env.COLLOQUE_TEST_VERBOSE === undefined ? "ignore" : "inherit"],
  });
  children.push(child);
  const died = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const lines: Line[] = [];
  createInterface({ input: child.stdout }).on("line", (text) =>
    lines.push(lineSchema.parse(JSON.parse(text))),
  );
  return {
    lines,
    tell: (command) => void child.stdin.write(`${JSON.stringify(command)}\n`),
    until: async (what, isTrue) => {
      for (let at = 0; at < 1000; at++) {
        if (isTrue(lines)) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(
        `waited in vain: ${what}\n${lines.map((line) => JSON.stringify(line).slice(0, 200)).join("\n")}`,
      );
    },
    kill: () => ended(child),
    died: () => died,
  };
}
