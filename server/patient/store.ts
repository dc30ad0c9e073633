import { z } from "zod";
import { publicJwkSchema } from "#protocol/signed.ts";
import type { Queries } from "../store/index.ts";

/** The SQL of the patient's links and copies, and only here. `link` and `copy` are hashes of the ids. */
const linkRow = z
  .object({
    owner: z.string(),
    consent_id: z.string(),
    offer: z.string(),
    created_at: z.number(),
    key: z
      .string()
      .nullable()
      .transform((text) => (text === null ? undefined : publicJwkSchema.parse(JSON.parse(text)))),
    answer: z.string().nullable(),
    cancelled_at: z.number().nullable(),
  })
  .transform((row) => ({
    owner: row.owner,
    consentId: row.consent_id,
    offer: row.offer,
    createdAt: row.created_at,
    key: row.key,
    answer: row.answer ?? undefined,
    cancelled: row.cancelled_at !== null,
  }));
export type LinkRow = z.infer<typeof linkRow>;

const copyRow = z
  .object({
    consent_id: z.string(),
    cover: z.string(),
    sealed: z.string(),
    proof: z.string(),
    tries: z.number(),
    refused_at: z.number().nullable(),
    withdrawn_at: z.number().nullable(),
  })
  .transform((row) => ({
    consentId: row.consent_id,
    cover: row.cover,
    sealed: row.sealed,
    proof: row.proof,
    tries: row.tries,
    refused: row.refused_at !== null,
    withdrawnAt: row.withdrawn_at ?? undefined,
  }));
export type CopyRow = z.infer<typeof copyRow>;

export const linkOf = (q: Queries, link: string) =>
  q.one(
    linkRow,
    "SELECT owner, consent_id, offer, created_at, key, answer, cancelled_at FROM phone_links WHERE link = ?",
    link,
  );

export const insertLink = (
  q: Queries,
  row: { link: string; owner: string; consentId: string; offer: string; at: number },
) =>
  q.run(
    "INSERT INTO phone_links (link, owner, consent_id, offer, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (link) DO NOTHING",
    row.link,
    row.owner,
    row.consentId,
    row.offer,
    row.at,
  );

export const bindKey = (q: Queries, link: string, key: string) =>
  q.run("UPDATE phone_links SET key = ? WHERE link = ? AND key IS NULL", key, link);

export const setAnswer = (q: Queries, link: string, answer: string, at: number) =>
  q.run(
    "UPDATE phone_links SET answer = ?, answered_at = ? WHERE link = ? AND answer IS NULL",
    answer,
    at,
    link,
  );

export const cancelLink = async (q: Queries, link: string, at: number) => {
  await q.run("UPDATE patient_copies SET refused_at = ? WHERE link = ? AND refused_at IS NULL", at, link);
  return q.run("UPDATE phone_links SET cancelled_at = ? WHERE link = ? AND cancelled_at IS NULL", at, link);
};

export const deleteLinksBefore = (q: Queries, at: number) =>
  q.run("DELETE FROM phone_links WHERE created_at < ?", at);

export const insertCopy = (
  q: Queries,
  row: {
    copy: string;
    link: string;
    owner: string;
    consentId: string;
    cover: string;
    sealed: string;
    proof: string;
    at: number;
  },
) =>
  q.run(
    `INSERT INTO patient_copies (copy, link, owner, consent_id, cover, sealed, proof, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (copy) DO NOTHING`,
    row.copy,
    row.link,
    row.owner,
    row.consentId,
    row.cover,
    row.sealed,
    row.proof,
    row.at,
  );

const copyColumns = "consent_id, cover, sealed, proof, tries, refused_at, withdrawn_at";

export const copyOf = (q: Queries, copy: string) =>
  q.one(copyRow, `SELECT ${copyColumns} FROM patient_copies WHERE copy = ?`, copy);

/** The copies of a consent that its collector's link was answered with and whose answer was not refused. */
export const copiesOfConsent = (q: Queries, consentId: string, owner: string) =>
  q.all(
    copyRow,
    `SELECT ${copyColumns} FROM patient_copies WHERE consent_id = ? AND owner = ? AND refused_at IS NULL`,
    consentId,
    owner,
  );

export const setTries = (q: Queries, copy: string, tries: number) =>
  q.run("UPDATE patient_copies SET tries = ? WHERE copy = ?", tries, copy);

export const markWithdrawn = (q: Queries, copy: string, at: number) =>
  q.run("UPDATE patient_copies SET withdrawn_at = ? WHERE copy = ? AND withdrawn_at IS NULL", at, copy);
