import { BaseKeyProvider } from "livekit-client";
import { trustedScriptUrl } from "../ui/trusted.ts";
import { alwaysEncrypted, type EnableMessage, isEnable } from "./always-encrypted.ts";
import workerUrl from "./e2ee-worker.ts?worker&url";

/** Keys of each participant, as many as MatrixRTC has indices. A key never turns into another by itself. */
export class RoomKeys extends BaseKeyProvider {
  readonly #own: string;
  #ownIndex = 0;
  #line: Promise<unknown> = Promise.resolve();

  constructor(own: string) {
    super({ sharedKey: false, keyringSize: 256, ratchetWindowSize: 0 });
    this.#own = own;
  }

  /** Keys are taken in the order in which they are given. */
  set(identity: string, index: number, bytes: Uint8Array<ArrayBuffer>): void {
    const material = crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveBits", "deriveKey"]);
    this.#line = this.#line
      .then(() => material)
      .then((key) => {
        if (identity === this.#own) this.#ownIndex = index;
        this.onSetEncryptionKey(key, identity, index);
      });
    this.#line.catch(() => undefined);
  }

  /** All keys that were given are in the worker's hands. */
  async given(): Promise<void> {
    await this.#line;
  }

  /** LiveKit asks at each connection which key encrypts: this device's own, not whichever was set last. */
  override getLatestManuallySetKeyIndex(): number {
    return this.#ownIndex;
  }
}

/**
 * The worker of one call. LiveKit switches decryption off for a participant as soon as the server says that one of their tracks is not
 * encrypted, and then lets every frame of theirs through as it is. Ours is never told so: a frame that is not encrypted fails to decrypt and is dropped.
 */
export function startCryptor(own: string): Worker {
  const worker = new Worker(trustedScriptUrl(workerUrl), { type: "module", name: "call" });
  // On before there is a connection, and not only once the server answered: no frame of ours can find it off.
  const early: EnableMessage = {
    kind: "enable",
    data: { enabled: true, participantIdentity: own, early: true },
  };
  // The worker says it back, to a room that knows no participant yet.
  worker.addEventListener("message", (event: MessageEvent<unknown>) => {
    if (isEnable(event.data) && event.data.data.early === true) event.stopImmediatePropagation();
  });
  worker.postMessage(early);
  const post = worker.postMessage.bind(worker);
  worker.postMessage = (message: unknown, options?: Transferable[] | StructuredSerializeOptions) =>
    Array.isArray(options)
      ? post(alwaysEncrypted(message), options)
      : post(alwaysEncrypted(message), options);
  return worker;
}
