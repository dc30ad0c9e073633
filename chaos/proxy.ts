import type { IncomingMessage, ServerResponse } from "node:http";
import type { Certificates } from "./certificates.ts";
import { bodyOf, type Listening, listen } from "./http.ts";

/** What can happen to one request on its way to the record and back. */
export const faults = [
  "connection reset before",
  "answer lost after the commit",
  "time-out after the commit",
  "409",
  "412",
  "429",
  "500",
  "503, a proxy's page",
  "200 with an OperationOutcome",
  "200 with a login page",
  "body cut short after the commit",
  "redirect to another origin",
  "certificate changed",
  "wrong subject stored",
] as const;
export type Fault = (typeof faults)[number];

/** A request as it came, or as it is sent on. */
export type Passing = { readonly method: string; readonly path: string; readonly body: Buffer };

export type ProxyOptions = {
  readonly fhirUrl: string;
  readonly dicomwebUrl: string | undefined;
  /** With them it speaks TLS. */
  readonly certificates?: Certificates;
  /** What happens to this one. */
  readonly faultFor?: (request: Passing) => Fault | undefined;
  /** Makes a write that of another patient. */
  readonly alter?: (body: Buffer) => Buffer;
  /** Told of each request before it is sent on, and when its answer is about to go back. */
  readonly onRequest?: (request: Passing) => void;
  readonly onAnswer?: (request: Passing) => void;
};

export type Proxy = AsyncDisposable & {
  readonly fhirUrl: string;
  readonly dicomwebUrl: string | undefined;
  /** Requests that followed a redirect away from here. There must be none. */
  readonly strays: () => number;
};

/** Stands before the record and the archive, and lets faults happen. */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  await using starting = new AsyncDisposableStack();
  let strays = 0;
  const elsewhere = starting.use(
    await listen((_request, response) => {
      strays += 1;
      response.end("{}");
    }),
  );
  const proxy: Listening = starting.use(
    await listen((request, response) => {
      pass(request, response).catch(() => response.destroy());
    }, options.certificates?.known),
  );

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url: path = "/" } = request;
    const body = await bodyOf(request);
    const passing = { method, path, body };
    options.onRequest?.(passing);
    const fault = options.faultFor?.(passing);
    if (fault === "connection reset before") return void response.destroy();
    if (fault === "certificate changed") return changeCertificate();
    if (fault === "redirect to another origin")
      return void response.writeHead(307, { location: elsewhere.url + path }).end();
    const made = madeUp(fault);
    if (made !== undefined)
      return void response.writeHead(made.status, { "content-type": made.type }).end(made.body);
    const sent = fault === "wrong subject stored" ? (options.alter?.(body) ?? body) : body;
    const answer = await fetch(targetOf(path), {
      method,
      redirect: "manual",
      headers: passedOn(request),
      ...(body.length === 0 ? {} : { body: new Uint8Array(sent) }),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    options.onAnswer?.(passing);
    if (fault === "answer lost after the commit") return void response.destroy();
    // Whoever asks must give up by himself.
    if (fault === "time-out after the commit") return;
    const type = answer.headers.get("content-type") ?? "";
    response.writeHead(answer.status, { "content-type": type, "content-length": bytes.length });
    if (fault === "body cut short after the commit")
      return void response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
    response.end(bytes);
  }

  /** Somebody else answers at this address, for a moment. */
  function changeCertificate(): void {
    const { certificates } = options;
    if (certificates === undefined) return;
    proxy.show(certificates.stranger);
    setTimeout(() => proxy.show(certificates.known), 500).unref();
  }

  function targetOf(path: string): string {
    if (path.startsWith("/fhir")) return options.fhirUrl + path.slice("/fhir".length);
    return `${options.dicomwebUrl}${path.slice("/dicom-web".length)}`;
  }

  const running = starting.move();
  return {
    fhirUrl: `${proxy.url}/fhir`,
    dicomwebUrl: options.dicomwebUrl === undefined ? undefined : `${proxy.url}/dicom-web`,
    strays: () => strays,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

const passedOn = (request: IncomingMessage): Headers => {
  const headers = new Headers();
  for (const name of ["accept", "content-type", "if-match", "cache-control"]) {
    const value = request.headers[name];
    if (typeof value === "string") headers.set(name, value);
  }
  return headers;
};

const outcome = JSON.stringify({
  resourceType: "OperationOutcome",
  issue: [{ severity: "error", code: "processing" }],
});

function madeUp(fault: Fault | undefined): { status: number; type: string; body: string } | undefined {
  const fhir = (status: number) => ({ status, type: "application/fhir+json", body: outcome });
  const page = (status: number) => ({ status, type: "text/html", body: "<html><form>Sign in</form></html>" });
  switch (fault) {
    case "409":
    case "412":
    case "429":
    case "500":
      return fhir(Number(fault));
    case "200 with an OperationOutcome":
      return fhir(200);
    case "200 with a login page":
      return page(200);
    case "503, a proxy's page":
      return page(503);
    default:
      return undefined;
  }
}
