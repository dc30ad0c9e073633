import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openLog } from "../kit/testing/a-log.ts";
import { type Gateway, leroy, openCase, openGateway } from "./testing/a-gateway.ts";

const { log, lines } = openLog();
const trouble = { bot: false };
let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway({
    log,
    needs: {
      botState: () => {
        if (trouble.bot) throw new TypeError("of Mme Delattre");
        return "up";
      },
    },
  });
});
afterAll(async () => gateway[Symbol.asyncDispose]());

/** What the log says of one request. */
async function said(method: string, path: string) {
  lines.length = 0;
  const { status } = await gateway.ask(method, path, { as: leroy });
  await expect.poll(() => lines.some(([, words]) => words === "answered")).toBe(true);
  return { status, lines: [...lines] };
}

describe("the gateway's log", () => {
  test("says where it is open, and of whom a line is", () => {
    const { address } = gateway.hospital.now();
    expect(lines).toContainEqual(["info", "the gateway is open", { address }]);
  });

  test("names the route or the rule of a request, and never what was in its address", async () => {
    const { roomId } = await openCase(gateway);
    for (const [path, route] of [
      ["/colloque/v1/config?who=delattre", "GET /colloque/v1/config"],
      [`/colloque/v1/cases/${roomId}/leases`, "GET /colloque/v1/cases/:roomId/leases"],
      [`/_matrix/client/v3/rooms/${roomId}/state`, "GET /_matrix/client/v3/rooms/{roomId}/state"],
      ["/delattre.html", "GET /*"],
    ] as const) {
      const { status, lines: told } = await said("GET", path);
      const ms = expect.any(Number);
      expect(told, path).toEqual([["debug", "answered", { role: "gateway", route, status, ms }]]);
    }
    expect((await said("HEAD", "/delattre.html")).lines).toMatchObject([
      ["debug", "answered", { route: "HEAD ?", status: 404 }],
    ]);
  });

  test("has a fault of ours as an error, in no words of a patient", async () => {
    trouble.bot = true;
    const { status, lines: told } = await said("GET", "/colloque/v1/health");
    expect(status).toBe(500);
    expect(told).toContainEqual(["error", "a request failed", { role: "gateway", error: "TypeError" }]);
    expect(JSON.stringify(told)).not.toContain("Delattre");
  });

  test("has no error for a refusal", async () => {
    const { status, lines: told } = await said("POST", "/colloque/v1/consents");
    expect(status).toBe(400);
    expect(told).toMatchObject([["debug", "answered", { status: 400 }]]);
  });
});
