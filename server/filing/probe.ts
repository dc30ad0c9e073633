/** How often a record that is down is asked whether it is back. */
const everyMs = 3000;

/**
 * Asks a part that did not answer until it does, then says so once: hundreds of cases that wait need not each find out, and go on
 * within seconds of its return.
 */
export function createProbe(
  isUp: () => Promise<boolean>,
  onUp: () => Promise<void>,
  onFault: (fault: unknown) => void,
) {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const ask = async (): Promise<void> => {
    const up = await isUp();
    timer = undefined;
    if (stopped) return;
    if (up) await onUp();
    else start();
  };

  function start(): void {
    if (timer !== undefined || stopped) return;
    timer = setTimeout(() => void ask().catch(onFault), everyMs);
  }

  return {
    start,
    stop: (): void => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
