import { EventEmitter } from "node:events";
import type { Logger } from "./log.ts";
import { toLog } from "./log.ts";

/** What one part of the server tells the others while they run in one process. Ids only: nothing of this names a patient. */
export type DomainEvents = {
  /** The patient took the consent back: the media are quarantined already, the bot redacts and tells the room. */
  "consent-withdrawn": {
    consentId: string;
    caseId: string;
    roomId: string | undefined;
    receiptIds: string[];
  };
  /** All bytes of a reserved media id have arrived and their hash is right. */
  "media-uploaded": { mxc: string };
  /** This person has a device that colleagues and the bot may encrypt to. */
  "user-ready": { userId: string };
  /** The case has its opinion in the record, or was of the wrong patient. */
  "case-ended": { roomId: string };
  /** Somebody came into a room, or left it. */
  "members-changed": { roomId: string };
  /** The record answers again after it did not. */
  "record-up": Record<string, never>;
  "record-down": Record<string, never>;
};

export type EventBus = {
  emit<K extends keyof DomainEvents>(name: K, event: DomainEvents[K]): void;
  /** Listens until disposed. A listener that throws is logged and harms no other. */
  on<K extends keyof DomainEvents>(name: K, listener: (event: DomainEvents[K]) => void): Disposable;
};

export function createEventBus(log: Logger): EventBus {
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  return {
    emit: (name, event) => {
      emitter.emit(name, event);
    },
    on: (name, listener) => {
      const guarded = (event: Parameters<typeof listener>[0]) => {
        try {
          listener(event);
        } catch (error) {
          log.error({ event: name, ...toLog(error) }, "a listener failed");
        }
      };
      emitter.on(name, guarded);
      return { [Symbol.dispose]: () => void emitter.off(name, guarded) };
    },
  };
}
