import { fork } from "node:child_process";
import { join } from "node:path";
import { z } from "zod";

export type StockClient = {
  readonly userId: string;
  /** Waits until the room is known, encrypted, and that person is in it. */
  waitFor(roomId: string, userId: string): Promise<void>;
  /** Sends an event, encrypted for the devices that are in the room; its id. */
  send(roomId: string, content: object, type?: string): Promise<string>;
  /** The address that an upload got, or the refusal in words. */
  upload(bytes: Buffer): Promise<string>;
  /** Signs out and ends. */
  end(): Promise<void>;
};

const answerSchema = z.object({
  id: z.number(),
  value: z.unknown().optional(),
  error: z.string().optional(),
});

/** A client that is not ours, signed in at this address, its device vouched for by its owner or not. */
export async function stockClient(
  origin: string,
  user: string,
  { crossSigned }: { readonly crossSigned: boolean },
): Promise<StockClient> {
  const child = fork(
    join(import.meta.dirname, "stock-client-child.ts"),
    [origin, user, "colloque-demo", crossSigned ? "yes" : "no"],
    { execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] },
  );
  const waiting = new Map<number, (answer: z.infer<typeof answerSchema>) => void>();
  const ended = new Promise<never>((_, reject) =>
    child.once("exit", (code) => reject(new Error(`the stock client ended: ${code}`))),
  );
  ended.catch(() => undefined);
  child.on("message", (message) => {
    const answer = answerSchema.parse(message);
    waiting.get(answer.id)?.(answer);
  });
  const answerTo = async (id: number): Promise<unknown> => {
    const answer = new Promise<z.infer<typeof answerSchema>>((resolve) => waiting.set(id, resolve));
    const { error, value } = await Promise.race([answer, ended]);
    if (error !== undefined) throw new Error(error);
    return value;
  };
  const { userId } = z.object({ userId: z.string() }).parse(await answerTo(0));
  let last = 0;
  const call = (name: string, given: object = {}): Promise<unknown> => {
    last += 1;
    const answer = answerTo(last);
    child.send({ id: last, name, given });
    return answer;
  };
  return {
    userId,
    waitFor: async (roomId, other) => void (await call("waitFor", { roomId, userId: other })),
    send: async (roomId, content, type = "m.room.message") =>
      z.string().parse(await call("send", { roomId, type, content })),
    upload: async (bytes) => z.string().parse(await call("upload", { base64: bytes.toString("base64") })),
    end: async () => {
      await call("signOut").catch(() => undefined);
      child.kill();
    },
  };
}
