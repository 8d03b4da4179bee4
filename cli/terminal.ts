import type { OutputFormat } from "./options.js";
import { createLive } from "./screen/live.js";
import { createStyle, type Style } from "./screen/style.js";

export interface TerminalOptions {
  readonly ascii?: boolean | undefined;
  readonly color?: string | undefined;
  readonly output?: OutputFormat | undefined;
  /** `-q`: no hints. */
  readonly quiet?: boolean | undefined;
}

/** Where a command writes: data to stdout, everything else to stderr. */
export interface Terminal {
  readonly out: Style;
  readonly err: Style;
  /** A block of data; nothing at all for an empty one. */
  print(text: string): void;
  /** A line for the person: what is wrong, or was decided for them. */
  say(text: string): void;
  /** The same of what nobody misses with `-q`: what becomes of a job, what to do next. */
  hint(text: string): void;
  /** Progress on stderr that whatever is written next takes the place of. */
  sketch(text: string): void;
  /** Takes the last sketch away. */
  clear(): void;
}

export function createTerminal(options: TerminalOptions): Terminal {
  const live = createLive(process.stderr);
  const say = (text: string): void => {
    live.clear();
    process.stderr.write(`${text}\n`);
  };
  return {
    out: styleOf(process.stdout, options),
    err: styleOf(process.stderr, options),
    print: (text) => {
      live.clear();
      if (text !== "") process.stdout.write(`${text}\n`);
    },
    say,
    hint: options.quiet === true ? () => undefined : say,
    sketch: (text) => live.draw(text),
    clear: () => live.clear(),
  };
}

function styleOf(stream: NodeJS.WriteStream, { ascii, color, output }: TerminalOptions): Style {
  return createStyle({
    env: colourEnv(color),
    // Undefined when the stream is a pipe or a file.
    tty: stream.isTTY === true,
    columns: stream.columns,
    ascii: ascii ?? false,
    wide: output === "wide",
    platform: process.platform,
  });
}

/** `--color` wins over the environment. */
function colourEnv(color: string | undefined): NodeJS.ProcessEnv {
  if (color === "never") return { ...process.env, NO_COLOR: "1" };
  if (color === "always") return { ...process.env, NO_COLOR: "", FORCE_COLOR: "1" };
  return process.env;
}

/** Aborts at the first Ctrl-C; the second one ends the process at once. */
export function interruption(): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const onInterrupt = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on("SIGINT", onInterrupt);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => void process.off("SIGINT", onInterrupt),
  };
}
