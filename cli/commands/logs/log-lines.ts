import type { LogLineView } from "../../../common/wire/logs.js";
import type { Style } from "../../screen/style.js";
import { escaped } from "../../screen/text.js";
import { clockTime } from "../../screen/time.js";

/** Lines of a log as they are printed; what comes next depends on what came before. */
export interface LogLines {
  text(items: readonly LogLineView[]): string;
}

export interface LogLinesOptions {
  now(): number;
  /** Tells what is missing. */
  say(line: string): void;
  /** They begin with the first line there is. */
  readonly whole: boolean;
  /** Some are left out on purpose: nothing can be told about what is missing. */
  readonly filtered: boolean;
}

/** As they were written: whatever a terminal obeys is left in. */
export const rawLines: LogLines = { text: (items) => items.map(({ text }) => text).join("\n") };

/** For people the time, the atom and the line; for programs every column, with tabs between. */
export function createLogLines(style: Style, options: LogLinesOptions): LogLines {
  let last: LogLineView | undefined;
  /** Number of the last line of each ownership: one that is over may have stored late. */
  const numbers = new Map<number, number>();
  const next = (item: LogLineView): string => {
    const missing = missingBefore(item, numbers.get(item.token), options);
    numbers.set(item.token, item.n);
    if (missing > 0) options.say(`... ${missing} lines were not kept`);
    const line =
      style.tty && !style.wide ? forPeople(style, item, last, options.now()) : forPrograms(item);
    last = item;
    return line;
  };
  return { text: (items) => items.map(next).join("\n") };
}

/** Lines of an ownership are counted, so that a gap shows. */
function missingBefore(
  { n }: LogLineView,
  last: number | undefined,
  { whole, filtered }: LogLinesOptions,
): number {
  if (filtered) return 0;
  if (last !== undefined) return n - last - 1;
  return whole ? n - 1 : 0; // Otherwise they may lie before the beginning.
}

function forPeople(
  style: Style,
  item: LogLineView,
  last: LogLineView | undefined,
  now: number,
): string {
  const { at, agent, atom, phase, stream, text } = item;
  const moved = item.token !== last?.token; // Each ownership is one machine's.
  const head = moved ? `${style.paint("dim", `on ${escaped(agent)}:`)}\n` : "";
  const time = style.paint("dim", clockTime(Date.parse(at), now));
  const what = phase === "revert" ? `${escaped(atom)} (revert)` : escaped(atom);
  const said = stream === "stderr" ? style.paint("yellow", escaped(text)) : escaped(text);
  return `${head}${time} ${style.paint("cyan", what)} ${said}`;
}

function forPrograms({ at, agent, atom, phase, stream, text }: LogLineView): string {
  return [at, agent, atom, phase, stream, text].map(escaped).join("\t");
}
