import type { Readable } from "node:stream";

/** Characters after which a line is cut: output without line ends must not fill the memory. */
const LINE_MAX = 16_384;

/** Calls `take` for each line of a stream, the last one included. */
export function eachLine(stream: Readable, take: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) take(line.slice(0, LINE_MAX));
    if (rest.length <= LINE_MAX) return;
    take(rest.slice(0, LINE_MAX));
    rest = "";
  });
  stream.on("error", () => undefined); // Its process ended in the middle; `end` or `close` follows.
  stream.on("close", () => {
    if (rest !== "") take(rest);
    rest = "";
  });
}
