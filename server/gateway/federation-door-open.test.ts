import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { federationPaths } from "../federation/index.ts";
import { newPrivateJwk, signingKeyOf } from "../kit/jose.ts";
import { createSynapseClient } from "../kit/synapse-client.ts";
import { openLog } from "../kit/testing/a-log.ts";
import { openFederationDoor } from "./federation-door.ts";

const folder = mkdtempSync(join(tmpdir(), "door-"));
const [certFile, keyFile] = [join(folder, "tls.pem"), join(folder, "tls.key")];
const publicKey = (await signingKeyOf(await newPrivateJwk())).publicJwk;
const { log, lines } = openLog();
const synapse = createSynapseClient(join(folder, "synapse.sock"));
const closed = async () => {
  throw new Error("nobody asks this here");
};
const open = (isSpokenTo: boolean) =>
  openFederationDoor(
    { config: { serverName: "a.example" }, clock: () => 0, log },
    {
      synapse,
      media: { mayHave: closed, mayLeave: closed },
      federation: isSpokenTo
        ? {
            config: { host: "127.0.0.1", port: 0, certFile, keyFile, caFile: certFile, peers: [] },
            publicKey,
            isPeer: () => false,
            hasLeave: () => false,
            answer: closed,
            takeBack: closed,
          }
        : undefined,
    },
  );

beforeAll(() => {
  const options =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=a.example";
  const files = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", keyFile, "-out", certFile];
  execFileSync("openssl", [...options.split(" "), ...files], { stdio: "ignore" });
});
afterAll(() => synapse[Symbol.asyncDispose]());

test("where no other hospital is named, there is no door", async () => {
  expect(await open(false)).toBeUndefined();
  expect(lines).toEqual([]);
});

test("the door is open by TLS with the hospital's certificate, and says so", async () => {
  const app = await open(true);
  const address = app?.server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const ask = () =>
    new Promise<{ status: number | undefined; body: string }>((done, fail) => {
      const url = `https://127.0.0.1:${port}${federationPaths.key}`;
      get(url, { ca: readFileSync(certFile), agent: false }, async (answer) => {
        const pieces = await answer.toArray();
        done({ status: answer.statusCode, body: pieces.join("") });
      }).on("error", fail);
    });
  expect(lines).toEqual([
    [
      "info",
      "the door for other hospitals is open",
      { role: "federation", address: `https://127.0.0.1:${port}`, peers: 0 },
    ],
  ]);
  expect(await ask()).toEqual({ status: 200, body: JSON.stringify({ key: publicKey }) });
  await expect(fetch(`http://127.0.0.1:${port}${federationPaths.key}`)).rejects.toThrow();
  await app?.close();
});
