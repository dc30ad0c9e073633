/**
 * One tab owns the account: two clients over one crypto store would corrupt it. Held by Web Locks, which the browser lets go when
 * the tab dies.
 */
export type OwnerLock = {
  /** True when this tab owns the account from now on. `lost` is called when another tab takes over. */
  tryOwn(lost: () => void): Promise<boolean>;
  /** Asks the owner to step down, waits a little for it, then takes the lock whatever it says. */
  takeOver(lost: () => void): Promise<void>;
};

const stepDownMs = 3000;

export function createOwnerLock(locks: LockManager | undefined, name = "colloque-owner"): OwnerLock {
  if (locks === undefined) return { tryOwn: async () => true, takeOver: async () => undefined };
  const channel = new BroadcastChannel(name);
  let release: (() => void) | null = null;

  const hold = (options: LockOptions, lost: () => void): Promise<boolean> =>
    new Promise((resolve) => {
      const held = locks.request(name, options, (lock) => {
        if (lock === null) {
          resolve(false);
          return undefined;
        }
        resolve(true);
        return new Promise<void>((done) => {
          release = done;
        });
      });
      held.catch(() => {
        // Stolen by another tab, or given up waiting for it.
        if (release !== null) {
          release = null;
          lost();
        }
        resolve(false);
      });
      channel.onmessage = () => {
        if (release === null) return;
        const letGo = release;
        release = null;
        lost();
        // The client needs a moment to let go of its stores before the other opens them.
        setTimeout(letGo, 300);
      };
    });

  return {
    tryOwn: (lost) => hold({ ifAvailable: true }, lost),
    async takeOver(lost) {
      channel.postMessage("step-down");
      const waited = await hold({ signal: AbortSignal.timeout(stepDownMs) }, lost);
      if (!waited) await hold({ steal: true }, lost);
    },
  };
}
