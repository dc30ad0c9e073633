import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { folderSender, hookSender, type Parcel, SenderRefusal } from "./sender.ts";

const parcel: Parcel = {
  copyId: "0b7a2c86-3a4e-4c9a-8f7d-5a1f0c7e2d11",
  envelope: {
    version: 1,
    id: "0b7a2c86-3a4e-4c9a-8f7d-5a1f0c7e2d11",
    kind: "secure-mail",
    to: { name: "Dr Louise Lambert", address: "louise.lambert@demo.medecin.mssante.fr" },
    patient: "delattre",
    subject: "XDM/1.0/DDM",
    file: "IHE_XDM.ZIP",
    sha256: "a".repeat(64),
    askedAt: "2026-11-24T10:52:00.000Z",
  },
  file: new TextEncoder().encode("PK a package"),
};

describe("a folder that the hospital's program looks at", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sender-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("gets the parcel whole, readable by its owner alone, under a name that says nothing of anybody", async () => {
    await folderSender(folder).hand(parcel);
    expect(readdirSync(folder)).toEqual([parcel.copyId]);
    const inside = join(folder, parcel.copyId);
    expect(readdirSync(inside).sort()).toEqual(["IHE_XDM.ZIP", "envelope.json"]);
    expect(readFileSync(join(inside, "IHE_XDM.ZIP"), "utf8")).toBe("PK a package");
    expect(JSON.parse(readFileSync(join(inside, "envelope.json"), "utf8"))).toEqual(parcel.envelope);
    expect(statSync(join(inside, "IHE_XDM.ZIP")).mode & 0o077).toBe(0);
  });

  test("gets it once, however often it is handed over, also after a fall in the middle", async () => {
    const sender = folderSender(folder);
    await sender.hand(parcel);
    const first = statSync(join(folder, parcel.copyId)).ino;
    await sender.hand(parcel);
    expect(statSync(join(folder, parcel.copyId)).ino).toBe(first);
    const other = { ...parcel, copyId: "0b7a2c86-3a4e-4c9a-8f7d-5a1f0c7e2d12" };
    await expect(folderSender(join(folder, "\0")).hand(other)).rejects.toThrow();
    await sender.hand(other);
    expect(readdirSync(folder)).toHaveLength(2);
  });
});

describe("an address that takes parcels", () => {
  const asked: { headers: Record<string, unknown>; body: string }[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      asked.push({ headers: request.headers, body: Buffer.concat(pieces).toString("utf8") });
      response.writeHead(status, status === 302 ? { location: "http://127.0.0.1:1/" } : {}).end("{}");
    });
  });
  let url: string;
  beforeEach(async () => {
    asked.length = 0;
    status = 200;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/parcels`;
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  test("gets envelope and file as a form, with the copy's id as the key of its repetition", async () => {
    await hookSender(url, "secret", fetch).hand(parcel);
    expect(asked[0]?.headers).toMatchObject({
      authorization: "Bearer secret",
      "idempotency-key": parcel.copyId,
    });
    expect(asked[0]?.body).toContain(JSON.stringify(parcel.envelope));
    expect(asked[0]?.body).toContain("PK a package");
    expect(asked[0]?.body).toContain('filename="IHE_XDM.ZIP"');
    await hookSender(url, undefined, fetch).hand(parcel);
    expect(asked[1]?.headers.authorization).toBeUndefined();
  });

  test.each([400, 401, 403, 404, 422])("that answers %i has refused", async (answer) => {
    status = answer;
    await expect(hookSender(url, undefined, fetch).hand(parcel)).rejects.toThrow(SenderRefusal);
  });

  test.each([408, 409, 425, 429, 500, 503, 302])("that answers %i is asked again later", async (answer) => {
    status = answer;
    const fault: unknown = await hookSender(url, undefined, fetch)
      .hand(parcel)
      .catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(Error);
    expect(fault).not.toBeInstanceOf(SenderRefusal);
  });
});
