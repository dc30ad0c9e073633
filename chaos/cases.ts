import { randomBytes } from "node:crypto";
import { aCase, delattre, type People } from "../server/filing/testing/a-case.ts";
import type { ChaosCase } from "./judge.ts";
import type { PatientFacts, Target } from "./target.ts";

/** A case of its own patient, who is in the record. */
export async function newCase(all: People, target: Target, isSpoiled = false): Promise<ChaosCase> {
  const number = randomBytes(6).toString("hex");
  const patient: PatientFacts = { recordId: `chaos-${number}`, hospitalNumber: `C${number}` };
  const { ins: _ins, ...person } = delattre;
  const made = await aCase(all, {
    patient: { ...person, ...patient, identity: "provisional" },
    question: `Lésion ${number} : faut-il l’enlever vite ?`,
  });
  await putPatient(target, patient.recordId);
  return { roomId: made.roomId, patient, items: made.items, isSpoiled };
}

/** Somebody else of the same name, for what goes astray. */
export async function newBystander(target: Target): Promise<string> {
  const recordId = `bystander-${randomBytes(6).toString("hex")}`;
  await putPatient(target, recordId);
  return recordId;
}

const putPatient = (target: Target, id: string): Promise<void> =>
  target.putPatient({
    resourceType: "Patient",
    id,
    active: true,
    name: [{ family: delattre.family, given: [delattre.given] }],
    ...(delattre.birthDate === undefined ? {} : { birthDate: delattre.birthDate }),
  });
