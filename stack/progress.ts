/** What the person sees of a part while the stack starts. */
export type PartState = "waiting" | "installing" | "building" | "starting" | "up" | "off" | "stopped";

/** Where the stack reports what it is doing. */
export interface Progress {
  set(label: string, state: PartState, note?: string): void;
  say(text: string): void;
  /** Leaves the last picture on the screen and stops redrawing. */
  end(): void;
}

interface Line {
  state: PartState;
  note: string;
  sinceMs: number;
  lastedMs: number | undefined;
}

const words: Readonly<Record<PartState, string>> = {
  waiting: "waiting",
  installing: "installing (once)",
  building: "building",
  starting: "starting",
  up: "up",
  off: "off",
  stopped: "stopped",
};

const isSettled = (state: PartState): boolean => state === "up" || state === "off" || state === "stopped";

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

/** A table that is redrawn on a terminal; plain lines, one per change, elsewhere. */
export function createProgress(out: NodeJS.WriteStream = process.stdout): Progress {
  return out.isTTY ? createTable(out) : createLines(out);
}

/** For tests and benches that want silence. */
export const silentProgress: Progress = { set: () => {}, say: () => {}, end: () => {} };

function createLines(out: NodeJS.WritableStream): Progress {
  const beganMs = Date.now();
  return {
    set(label, state, note = "") {
      const time = seconds(Date.now() - beganMs).padStart(6);
      out.write(`${time}  ${label}: ${words[state]}${note === "" ? "" : ` (${note})`}\n`);
    },
    say: (text) => void out.write(`${text}\n`),
    end: () => {},
  };
}

function createTable(out: NodeJS.WriteStream): Progress {
  const lines = new Map<string, Line>();
  let drawn = 0;
  let isOver = false;
  const erase = () => {
    if (drawn > 0) out.write(`\x1b[${drawn}A\x1b[J`);
    drawn = 0;
  };
  const draw = () => {
    if (isOver) return;
    erase();
    const width = Math.max(20, out.columns ?? 80) - 1;
    for (const [label, line] of lines) out.write(`${row(label, line).slice(0, width)}\n`);
    drawn = lines.size;
  };
  const timer = setInterval(draw, 500);
  timer.unref();
  return {
    set(label, state, note = "") {
      const old = lines.get(label);
      const isNewWay = old === undefined || old.state === "waiting" || isSettled(old.state);
      const sinceMs = isNewWay ? Date.now() : old.sinceMs;
      lines.set(label, {
        state,
        note,
        sinceMs,
        lastedMs: isSettled(state) ? Date.now() - sinceMs : undefined,
      });
      draw();
    },
    say(text) {
      erase();
      out.write(`${text}\n`);
      draw();
    },
    end() {
      clearInterval(timer);
      draw();
      isOver = true;
      drawn = 0;
    },
  };
}

function row(label: string, line: Line): string {
  const sign = line.state === "up" ? "●" : line.state === "off" || line.state === "stopped" ? "–" : "○";
  const time = line.state === "waiting" ? "" : seconds(line.lastedMs ?? Date.now() - line.sinceMs);
  const note = line.note === "" ? "" : `  ${line.note}`;
  return `  ${sign} ${label.padEnd(26)} ${words[line.state].padEnd(18)} ${time.padStart(6)}${note}`;
}
