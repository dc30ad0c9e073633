import type { FastifyRequest } from "fastify";
import type { Config as ClientConfig, Health, RecordView } from "#protocol/api.ts";
import type { AskCopy, Copies } from "#protocol/copies.ts";
import type { Audit } from "../audit/index.ts";
import type { CallsPort } from "../calls/index.ts";
import type { Registry } from "../consent/index.ts";
import type { DirectoryPort } from "../directory/index.ts";
import type { Clock } from "../kit/role.ts";
import type { SynapseClient } from "../kit/synapse-client.ts";
import type { PatientPort } from "../patient/index.ts";
import type { DeskPort } from "./desk-port.ts";
import type { Gate } from "./gate.ts";
import type { Memberships } from "./memberships.ts";
import type { Session, Sessions } from "./sessions.ts";

/** Who asks: throws `not-signed-in`, or `too-many`. */
export type SignedIn = (request: FastifyRequest) => Promise<Session>;

/** Asks the archivist to let a colleague into a case, with its history, on whose word. */
export type AskIn = (invitation: {
  roomId: string;
  caseId: string;
  userId: string;
  askedBy: string;
}) => Promise<void>;

/** What the gateway asks of filing: what is in the record, and the bytes of one entry (throws `not-found`). */
export type RecordPort = {
  recordOf(roomId: string): Promise<RecordView>;
  readEntry(roomId: string, id: string, reader: string): Promise<{ contentType: string; bytes: Uint8Array }>;
  readonly copies: {
    of(roomId: string): Promise<Copies>;
    /** Throws `bad-request` with the obstacle as `why`. */
    ask(roomId: string, by: string, asked: AskCopy): Promise<void>;
  };
};

export type ApiParts = {
  readonly synapse: SynapseClient;
  readonly sessions: Sessions;
  readonly memberships: Memberships;
  readonly registry: Registry;
  readonly directory: DirectoryPort;
  readonly gate: Gate;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly clientConfig: ClientConfig;
  readonly health: () => Promise<Health>;
  readonly record: RecordPort | undefined;
  /** Absent where filing does not run. */
  readonly desk: DeskPort | undefined;
  readonly administrators: ReadonlySet<string>;
  readonly askIn: AskIn | undefined;
  /** Absent where there is no media server. */
  readonly calls: CallsPort | undefined;
  readonly patient: PatientPort;
  readonly onUserReady: (userId: string) => void;
};
