/** The tests' record as a server of its own, which outlives every process under test. Says its address on standard output. */
import { createServer } from "node:http";
import { aRecord } from "../../server/filing/testing/a-record.ts";
import { bodyOf } from "../http.ts";

const record = aRecord();
const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? "/", "http://record.test");
  const body = await bodyOf(request);
  if (url.pathname === "/dump") {
    const instances = [...record.instances.values()].map(({ patientId, jpeg }) => ({
      patientId,
      jpeg: Buffer.from(jpeg).toString("base64"),
    }));
    response.end(
      JSON.stringify({
        resources: [...record.resources.values()],
        instances,
        versions: [...record.versions],
      }),
    );
    return;
  }
  if (url.pathname === "/put") {
    record.put(JSON.parse(body.toString("utf8")));
    response.end();
    return;
  }
  const type = request.headers["content-type"] ?? "";
  const headers = new Headers();
  for (const name of ["content-type", "if-match", "accept"]) {
    const value = request.headers[name];
    if (typeof value === "string") headers.set(name, value);
  }
  const { method = "GET" } = request;
  const answer = await record
    .fetcher(url, {
      method,
      headers,
      ...(body.length === 0
        ? {}
        : { body: type.startsWith("multipart") ? new Uint8Array(body) : body.toString() }),
    })
    .catch(() => new Response("The record fell over", { status: 502 }));
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object") process.stdout.write(`http://127.0.0.1:${address?.port}\n`);
});
