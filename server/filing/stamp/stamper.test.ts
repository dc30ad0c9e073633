import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { idOf } from "../ids.ts";
import { aCase, anAmendment, asItem, delattre, type People, people } from "../testing/a-case.ts";
import { aFilingPlace, submitAll, until } from "../testing/a-filing.ts";
import { aRecord, patientResource } from "../testing/a-record.ts";
import { aTsa, type Tsa } from "../testing/a-tsa.ts";
import { openTimeAuthority } from "./authority.ts";

vi.setConfig({ testTimeout: 60_000 });

let all: People;
let tsa: Tsa;
let folder: string;
let record: ReturnType<typeof aRecord>;
let place: ReturnType<typeof aFilingPlace>;
beforeAll(async () => {
  all = await people();
  tsa = await aTsa();
  folder = mkdtempSync(join(tmpdir(), "stamps-"));
}, 60_000);
afterAll(async () => {
  await tsa[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  record = aRecord();
  record.put(patientResource(delattre));
  // The authority's clock is the real one.
  const source = openTimeAuthority({ url: tsa.url, policy: undefined, caFile: tsa.caFile }, Date.now);
  place = aFilingPlace(all, record, false, "contained", source);
});
afterEach(() => place.remove());

const isFiled = (eventId: string) => () => place.words().get(eventId)?.state === "filed";
const get = (type: string, id: string) => record.ofType(type).find((each) => each.id === id);
const stampOf = (eventId: string) => get("Provenance", idOf(eventId, "Provenance timestamp"));
const signatureSchema = z.array(z.object({ sigFormat: z.string(), data: z.base64() })).min(1);
const signaturesOf = (resource: object | undefined) =>
  signatureSchema
    .parse(Reflect.get(resource ?? {}, "signature"))
    .map(({ sigFormat, data }) => ({ sigFormat, bytes: Buffer.from(data, "base64") }));
const entitiesSchema = z.array(z.object({ what: z.object({ reference: z.string().optional() }) }));
/** The bytes of the Binary that a Provenance names among its sources. */
function fileOf(resource: object | undefined): Buffer {
  const named = entitiesSchema
    .parse(Reflect.get(resource ?? {}, "entity"))
    .flatMap(({ what }) => what.reference ?? []);
  const reference = named.find((each) => each.startsWith("Binary/")) ?? "";
  return Buffer.from(
    z.object({ data: z.string() }).parse(get("Binary", reference.slice("Binary/".length))).data,
    "base64",
  );
}

/** What openssl says of a time stamp over these bytes, with the authorities that were filed with it. */
function verify(stamp: object | undefined, data: Uint8Array): string {
  const at = (name: string, bytes: Uint8Array): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const [token] = signaturesOf(stamp);
  return execFileSync(
    "openssl",
    [
      ...["ts", "-verify", "-token_in", "-in", at("token.der", token?.bytes ?? Buffer.of())],
      ...["-data", at("opinion.jws", data), "-CAfile", at("ca.pem", fileOf(stamp))],
    ],
    { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
  );
}

async function aFiledOpinion() {
  const { items, opinion } = await aCase(all);
  const eventId = items.at(-1)?.eventId ?? "";
  const filing = await place.open();
  await submitAll(filing, items);
  await until(isFiled(eventId));
  return { filing, eventId, opinion };
}

describe("the time stamp of an opinion", () => {
  test("[F40] comes after its filing, and anybody verifies it and the signature with what the record holds alone", async () => {
    const { filing, eventId, opinion } = await aFiledOpinion();
    await until(() => stampOf(eventId) !== undefined);
    await filing[Symbol.asyncDispose]();

    const origin = get("Provenance", idOf(eventId, "Provenance"));
    const [author, registry] = signaturesOf(origin);
    const keys: JSONWebKeySet = JSON.parse(fileOf(origin).toString());
    const certificate = await compactVerify(String(registry?.bytes), createLocalJWKSet(keys));
    const { cnf } = z
      .object({ cnf: z.object({ jwk: z.looseObject({}) }) })
      .parse(JSON.parse(new TextDecoder().decode(certificate.payload)));
    const says = await compactVerify(String(author?.bytes), cnf.jwk);
    expect(JSON.parse(new TextDecoder().decode(says.payload))).toMatchObject({
      opinionId: opinion.opinionId,
      assessment: opinion.assessment,
    });

    const stamp = stampOf(eventId);
    const [token] = signaturesOf(stamp);
    expect(token?.sigFormat).toBe("application/vnd.etsi.timestamp-token");
    expect(verify(stamp, author?.bytes ?? Buffer.of())).toContain("Verification: OK");
    expect(() => verify(stamp, Buffer.from("another opinion"))).toThrow();
  });

  test("[F40] is made for a later version of it, too, over that one's own signature", async () => {
    const made = await aCase(all);
    const amendment = await anAmendment(all, made);
    await using filing = await place.open();
    await submitAll(filing, made.items);
    await filing.submit(asItem(made.roomId, amendment));
    await until(() => stampOf(amendment.eventId) !== undefined);
    const first = signaturesOf(get("Provenance", idOf(made.items.at(-1)?.eventId ?? "", "Provenance")));
    const [later] = signaturesOf(get("Provenance", idOf(amendment.eventId, "Provenance")));
    const stamp = stampOf(amendment.eventId);
    expect(verify(stamp, later?.bytes ?? Buffer.of())).toContain("Verification: OK");
    expect(() => verify(stamp, first[0]?.bytes ?? Buffer.of())).toThrow();
    expect(stampOf(made.items.at(-1)?.eventId ?? "")).toBeDefined();
  });

  test("[F40] is not waited for while the authority is down, and comes when it is back", async () => {
    tsa.setDown(true);
    const { filing, eventId } = await aFiledOpinion();
    await using running = filing;
    expect(stampOf(eventId)).toBeUndefined();
    expect(await running.parked()).toEqual([]);
    tsa.setDown(false);
    await until(() => stampOf(eventId) !== undefined, 30_000);
    expect(await running.parked()).toEqual([]);
  });

  test("[F40] is the same one after a crash between authority and record, and is asked for once", async () => {
    const { items } = await aCase(all);
    const eventId = items.at(-1)?.eventId ?? "";
    const before = tsa.given();
    {
      await using filing = await place.open(async (url, init) => {
        if (String(init?.body).includes("Timestamp Signature")) throw new TypeError("fetch failed");
        return record.fetcher(url, init);
      });
      await submitAll(filing, items);
      await until(isFiled(eventId));
      await until(() => tsa.given() === before + 1);
    }
    expect(stampOf(eventId)).toBeUndefined();
    await using again = await place.open();
    await until(() => stampOf(eventId) !== undefined);
    expect(tsa.given()).toBe(before + 1);
    expect(await again.parked()).toEqual([]);
  });

  test("[F40] needs the certificate of an authority to start with", () => {
    const caFile = join(folder, "empty.pem");
    writeFileSync(caFile, "none");
    expect(() => openTimeAuthority({ url: tsa.url, policy: undefined, caFile }, Date.now)).toThrow(
      "no certificate",
    );
  });
});
