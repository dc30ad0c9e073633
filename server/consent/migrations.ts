import type { Migration } from "../store/index.ts";

/** No column holds a name: people are Matrix user ids, patients the pseudonym inside the signed consent. */
export const migrations: readonly Migration[] = [
  `CREATE TABLE certificates (
     kid TEXT PRIMARY KEY,
     user_id TEXT NOT NULL,
     device TEXT NOT NULL,
     certificate TEXT NOT NULL,
     expires_at INTEGER NOT NULL
   );
   CREATE TABLE cases (
     case_id TEXT PRIMARY KEY,
     owner TEXT NOT NULL,
     room_id TEXT UNIQUE,
     opened_at INTEGER NOT NULL
   );
   CREATE TABLE consents (
     consent_id TEXT PRIMARY KEY,
     case_id TEXT NOT NULL,
     signed TEXT NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('live', 'withdrawn')),
     registered_at INTEGER NOT NULL,
     withdrawn_at INTEGER
   );
   CREATE INDEX consents_by_case ON consents (case_id);
   CREATE TABLE permits (
     receipt_id TEXT PRIMARY KEY,
     consent_id TEXT NOT NULL REFERENCES consents (consent_id),
     case_id TEXT NOT NULL,
     room_id TEXT NOT NULL,
     uploader TEXT NOT NULL,
     signed TEXT NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('live', 'withdrawn')),
     created_at INTEGER NOT NULL
   );
   CREATE INDEX permits_by_consent ON permits (consent_id);
   CREATE INDEX permits_by_room ON permits (room_id);
   CREATE TABLE permit_files (
     mxc TEXT PRIMARY KEY,
     receipt_id TEXT NOT NULL REFERENCES permits (receipt_id),
     rendition TEXT NOT NULL,
     sha256 TEXT NOT NULL,
     bytes INTEGER NOT NULL,
     uploaded_at INTEGER
   );
   CREATE INDEX permit_files_by_receipt ON permit_files (receipt_id);
   CREATE TABLE tickets (
     ticket_id TEXT PRIMARY KEY,
     room_id TEXT NOT NULL,
     invitee TEXT NOT NULL,
     mxc TEXT UNIQUE,
     expires_at INTEGER NOT NULL
   );
   CREATE TABLE removals (
     mxc TEXT PRIMARY KEY,
     asked_at INTEGER NOT NULL,
     done_at INTEGER
   );`,
  `CREATE TABLE glasses (
     glass_id TEXT PRIMARY KEY,
     consent_id TEXT NOT NULL REFERENCES consents (consent_id),
     reader TEXT NOT NULL,
     signed TEXT NOT NULL,
     until_at INTEGER NOT NULL,
     registered_at INTEGER NOT NULL
   );
   CREATE INDEX glasses_by_consent ON glasses (consent_id, until_at);
   ALTER TABLE consents ADD COLUMN withdrawn_by TEXT;
   ALTER TABLE consents ADD COLUMN withdrawn_why TEXT;
   ALTER TABLE consents ADD COLUMN told_at INTEGER;
   UPDATE consents SET told_at = withdrawn_at WHERE state = 'withdrawn';`,
  // The registry's own keys: what an earlier one certified must stay verifiable.
  `CREATE TABLE registry_keys (
     kid TEXT PRIMARY KEY,
     jwk TEXT NOT NULL,
     since INTEGER NOT NULL,
     until INTEGER
   );`,
  // Since when nothing new comes into a case: its content leaves the messenger.
  "ALTER TABLE cases ADD COLUMN closed_at INTEGER;",
];
