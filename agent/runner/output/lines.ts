import type { Readable } from "node:stream";
import { ReadBudget } from "./budgets.js";

/** Characters after which a line is cut: output without line ends must not fill the memory. */
const LINE_MAX = 16_384;
/** Read without a pause once the writer is gone, characters: more than pipe and buffers hold. */
const REST_MAX = 1024 * 1024;

/** The reading of one stream. */
export interface Reading {
  /** The writer has ended: the rest is read without pauses. */
  drain(): void;
}

/** Calls `take` for each line of a stream, the last one included; pauses it as `budget` says. */
export function eachLine(
  stream: Readable,
  take: (line: string) => void,
  budget = new ReadBudget(),
): Reading {
  let rest = "";
  let free = 0;
  let pause: NodeJS.Timeout | undefined;
  const resume = (): void => {
    clearTimeout(pause);
    stream.resume();
  };
  const goOn = (): void => {
    const pauseMs = budget.pauseMs(0, 0);
    if (pauseMs === 0) resume();
    else pause = setTimeout(goOn, pauseMs);
  };
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) take(line.slice(0, LINE_MAX));
    if (rest.length > LINE_MAX) {
      take(rest.slice(0, LINE_MAX));
      rest = "";
    }
    const pauseMs = budget.pauseMs(lines.length, chunk.length);
    free -= chunk.length;
    if (pauseMs === 0 || free > 0) return;
    stream.pause();
    clearTimeout(pause);
    pause = setTimeout(goOn, pauseMs);
  });
  stream.on("error", () => undefined); // Its process ended in the middle; `end` or `close` follows.
  stream.on("close", () => {
    clearTimeout(pause);
    if (rest !== "") take(rest);
    rest = "";
  });
  return {
    drain() {
      free = REST_MAX;
      resume();
    },
  };
}
