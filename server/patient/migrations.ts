import type { Migration } from "../store/index.ts";

/**
 * Ids are kept as their SHA-256: who reads this database cannot open a link or withdraw with what is in it. What is sealed is sealed
 * with keys that were never here.
 */
export const migrations: readonly Migration[] = [
  `CREATE TABLE phone_links (
     link TEXT PRIMARY KEY,
     owner TEXT NOT NULL,
     consent_id TEXT NOT NULL,
     offer TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     key TEXT,
     answer TEXT,
     answered_at INTEGER,
     cancelled_at INTEGER
   );
   CREATE TABLE patient_copies (
     copy TEXT PRIMARY KEY,
     link TEXT NOT NULL,
     owner TEXT NOT NULL,
     consent_id TEXT NOT NULL,
     cover TEXT NOT NULL,
     sealed TEXT NOT NULL,
     proof TEXT NOT NULL,
     tries INTEGER NOT NULL DEFAULT 0,
     created_at INTEGER NOT NULL,
     refused_at INTEGER,
     withdrawn_at INTEGER
   );
   CREATE INDEX patient_copies_by_consent ON patient_copies (consent_id);`,
];
