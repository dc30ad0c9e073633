import { clinicians, delattre, startMs } from "../../testing/a-case.ts";
import type { LetterCopy, Recipient } from "../letter-copy.ts";

const author = clinicians[1];
if (author === undefined) throw new Error("There are two clinicians");

export const letter: LetterCopy = {
  documentId: "3f2b8f1e-6a0c-5d2e-9a39-6c5a5e2b7c11",
  pdf: new TextEncoder().encode("%PDF-1.7 a letter"),
  title: "Avis de télé-expertise",
  language: "fr-FR",
  patient: delattre,
  author: { ...author, phone: "03 53 01 40 15" },
  hospital: {
    name: "CHU de Valombre",
    address: "1 allée des Tilleuls, 59990 Valombre",
    finess: "599900001",
  },
  signedAtMs: startMs,
  timeZone: "Europe/Paris",
};

export const lambert: Recipient = {
  family: "Lambert",
  given: "Louise",
  title: "Dr",
  rpps: "89900000077",
  secureMail: "louise.lambert@demo.medecin.mssante.fr",
};
