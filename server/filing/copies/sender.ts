import { existsSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CopyObstacle } from "#protocol/copies.ts";

/** What the hospital's own sender is given: what to send to whom, and the file. Names of files and folders hold the copy's id alone. */
export type Parcel = {
  readonly copyId: string;
  readonly envelope: Envelope;
  readonly file: Uint8Array<ArrayBuffer>;
};

/** envelope.json; docs/copies.md describes it for who writes the sender. */
export type Envelope = {
  readonly version: 1;
  readonly id: string;
  readonly kind: "secure-mail" | "patient";
  readonly to: { readonly name: string; readonly address?: string };
  /** Id of the patient in the record. */
  readonly patient: string;
  /** IHE XDM (ITI-32) over mail has this very subject. */
  readonly subject: string;
  readonly file: "IHE_XDM.ZIP" | "letter.pdf";
  readonly sha256: string;
  readonly askedAt: string;
};

/** Resolves when the sender has it for good. Giving the same parcel twice is giving it once. */
export type Sender = { hand(parcel: Parcel): Promise<void> };

/** The sender said no in its own words: trying again changes nothing. */
export class SenderRefusal extends Error {
  override readonly name = "SenderRefusal";
  readonly obstacle: CopyObstacle = "refused-by-sender";
}

/** A folder that the hospital's program looks at: each parcel is a folder that appears whole. */
export function folderSender(folder: string): Sender {
  return {
    hand: async ({ copyId, envelope, file }) => {
      const whole = join(folder, copyId);
      if (existsSync(whole)) return;
      const part = join(folder, `.${copyId}.part`);
      await rm(part, { recursive: true, force: true });
      await mkdir(part, { recursive: true, mode: 0o700 });
      await write(join(part, envelope.file), file);
      await write(
        join(part, "envelope.json"),
        new TextEncoder().encode(`${JSON.stringify(envelope, null, 2)}\n`),
      );
      await rename(part, whole);
    },
  };
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

const timeoutMs = 30_000;

/** An address that takes each parcel as a form of two parts. Answers other than 2xx, 408, 409, 425, 429 and 5xx are a refusal. */
export function hookSender(url: string, token: string | undefined, fetcher: typeof fetch): Sender {
  return {
    hand: async ({ copyId, envelope, file }) => {
      const form = new FormData();
      const type = envelope.file === "letter.pdf" ? "application/pdf" : "application/zip";
      form.set(
        "envelope",
        new Blob([JSON.stringify(envelope)], { type: "application/json" }),
        "envelope.json",
      );
      form.set("file", new Blob([file], { type }), envelope.file);
      const answer = await fetcher(url, {
        method: "POST",
        body: form,
        headers: {
          "idempotency-key": copyId,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
      await answer.body?.cancel();
      if (answer.ok) return;
      const mayMend = answer.status >= 500 || [408, 409, 425, 429].includes(answer.status);
      if (mayMend) throw new Error(`The sender answered ${answer.status}`);
      throw new SenderRefusal(`The sender refused: ${answer.status}`);
    },
  };
}
