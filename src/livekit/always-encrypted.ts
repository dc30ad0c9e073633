export type EnableMessage = {
  readonly kind: "enable";
  readonly data: {
    readonly enabled: boolean;
    readonly participantIdentity?: string;
    readonly early?: boolean;
  };
};

export const isEnable = (message: unknown): message is EnableMessage =>
  typeof message === "object" &&
  message !== null &&
  "kind" in message &&
  message.kind === "enable" &&
  "data" in message &&
  typeof message.data === "object";

/** What the worker is told of encryption, whatever the media server announced: always on. */
export const alwaysEncrypted = (message: unknown): unknown =>
  isEnable(message) ? { ...message, data: { ...message.data, enabled: true } } : message;
