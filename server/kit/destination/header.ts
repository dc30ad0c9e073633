import type { Exchange } from "./exchange.ts";
import type { Environment } from "./secret.ts";

/** What goes into the Authorization header. */
export type Credentials = {
  /** Undefined where nothing is asked of us. */
  header(): Promise<string | undefined>;
  /** Another one than that which was just refused; undefined when there is none. */
  afterRefusal(refused: string): Promise<string | undefined>;
  /** Changes when the secret does, so that a new one is tried at once. */
  fingerprint(): string;
};

export type CredentialParts = {
  readonly exchange: Exchange;
  readonly env: Environment;
  readonly clock: () => number;
};

export const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
