import { request } from "node:http";

export interface UnixAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** One JSON request to a server that listens on a unix socket. */
export function unixRequest(
  socketPath: string,
  method: "GET" | "POST" | "PUT",
  path: string,
  options: { readonly body?: unknown; readonly token?: string; readonly timeoutMs?: number } = {},
): Promise<UnixAnswer> {
  const payload = options.body === undefined ? undefined : JSON.stringify(options.body);
  const headers: Record<string, string> = { host: "localhost", "x-forwarded-for": "127.0.0.1" };
  if (payload !== undefined) headers["content-type"] = "application/json";
  if (options.token !== undefined) headers.authorization = `Bearer ${options.token}`;
  return new Promise((done, fail) => {
    const call = request(
      { socketPath, method, path, headers, timeout: options.timeoutMs ?? 30_000 },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", fail);
        answer.on("end", () =>
          done({ status: answer.statusCode ?? 0, body: parse(Buffer.concat(chunks).toString()) }),
        );
      },
    );
    call.on("timeout", () => call.destroy(new Error(`no answer from ${socketPath}`)));
    call.on("error", fail);
    call.end(payload);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
