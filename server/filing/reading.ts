import { randomUUID } from "node:crypto";
import { ColloqueError } from "#protocol/errors.ts";
import type { Clock } from "../kit/role.ts";
import { readCase } from "./case-of.ts";
import { sha256Hex } from "./ids.ts";
import type { PlanContext } from "./plan/index.ts";
import { readAudit } from "./plan/trail.ts";
import type { FhirRecord } from "./record/fhir.ts";
import { noNames } from "./record/names.ts";
import type { FilingStore } from "./store.ts";

export type ReadingParts = {
  readonly store: FilingStore;
  readonly record: FhirRecord;
  readonly surroundings: Pick<PlanContext, "clinician" | "hospital" | "recordHost">;
  readonly clock: Clock;
};

export type FiledBytes = { contentType: string; bytes: Uint8Array<ArrayBuffer> };

/** Reads a document back out of the record for somebody. Nobody gets it before the record has noted who read what. */
export async function readFiled(
  { store, record, surroundings, clock }: ReadingParts,
  roomId: string,
  id: string,
  reader: string,
): Promise<FiledBytes> {
  const entry = (await store.entries(roomId)).find((each) => each.id === id);
  const { patient } = await readCase(store, roomId);
  if (entry === undefined || entry.binary_reference === null || patient === undefined)
    throw new ColloqueError("not-found");
  const unreachable = (cause: unknown) => {
    throw new ColloqueError("record-unreachable", { cause });
  };
  const binary = await record.readBinary(entry.binary_reference).catch(unreachable);
  if (binary === undefined) throw new ColloqueError("not-found");
  if (sha256Hex(binary.bytes) !== entry.sha256) throw new ColloqueError("hash-mismatch");
  const context = { ...surroundings, patient, nowMs: clock() };
  const resource = readAudit(context, randomUUID(), reader, entry.reference);
  await record.write([{ resource }], noNames, noBytes).catch(unreachable);
  return binary;
}

const noBytes = (): Promise<Uint8Array> => Promise.reject(new Error("An audit event has no bytes"));
