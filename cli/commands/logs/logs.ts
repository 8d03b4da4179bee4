import type { LogLineView, LogsEndView, LogsView } from "../../../common/wire/logs.js";
import { JobrunnerError } from "../../../common/error.js";
import { createClient, type Client } from "../../api/client.js";
import { jobPath } from "../../api/job-path.js";
import { resumedEvents } from "../../api/resumed-events.js";
import { EXIT } from "../../exit.js";
import type { CommonOptions } from "../../options.js";
import { printData } from "../../print.js";
import { endText } from "../../screen/job/end.js";
import { createLogLines, type LogLines, rawLines } from "./log-lines.js";
import { createTerminal, interruption, type Terminal } from "../../terminal.js";

export interface LogsOptions extends CommonOptions {
  readonly follow?: boolean;
  readonly atom?: string;
  /** RFC 3339. */
  readonly since?: string;
  readonly tail?: number;
  /** The lines alone, as they were written. */
  readonly raw?: boolean;
}

const PAGE = 1000;

/** `jobrunner logs JOB`: what its tasks and their commands wrote. Returns the exit code. */
export async function logs(job: string, options: LogsOptions): Promise<number> {
  const terminal = createTerminal(options);
  const print = printerOf(terminal, options);
  const path = `${jobPath(job)}/logs`;
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  if (options.follow === true) return follow(path, options, { client, terminal, print });
  const all: LogLineView[] = [];
  const whole = options.output === "json" || options.output === "yaml";
  const take = whole ? (items: typeof all) => void all.push(...items) : print;
  const count = await eachPage(client, path, options, take);
  const data = { view: all, names: [], table: () => "" };
  if (whole) await printData(terminal, options.output, data);
  else if (count === 0) terminal.say("nothing was written; follow what comes with -f");
  return EXIT.ok;
}

/** Prints lines as they are asked for. Throws USAGE for a form that they have not. */
export type Print = (items: readonly LogLineView[]) => void;

export function printerOf(terminal: Terminal, options: LogsOptions): Print {
  const lines = linesOf(terminal, options);
  return (items) => terminal.print(lines.text(items));
}

function linesOf(terminal: Terminal, options: LogsOptions): LogLines {
  const { output = "table", raw, follow, atom, since, tail } = options;
  const whole = output === "json" || output === "yaml";
  if (output === "name" || (whole && follow === true)) {
    throw new JobrunnerError("USAGE", `-o ${output} cannot be used here`, {
      hint: "Use -o jsonl: one object a line.",
    });
  }
  if (raw === true) return rawLines;
  if (output === "jsonl") {
    return { text: (items) => items.map((item) => JSON.stringify(item)).join("\n") };
  }
  return createLogLines(terminal.out, {
    now: Date.now,
    say: terminal.say,
    whole: atom === undefined && since === undefined && tail === undefined,
    filtered: atom !== undefined,
  });
}

export interface PageOptions extends Pick<LogsOptions, "atom" | "since" | "tail"> {
  /** Place of the line behind which to begin. */
  readonly cursor?: string | undefined;
}

/** Calls `take` with each page there is now; the number of lines. */
export async function eachPage(
  client: Client,
  path: string,
  options: PageOptions,
  take: (items: LogLineView[]) => void,
): Promise<number> {
  let count = 0;
  let { cursor } = options;
  do {
    const query = queryOf(options, { limit: PAGE, cursor });
    const page: LogsView = await client.get<LogsView>(`${path}?${query}`);
    take([...page.items]);
    count += page.items.length;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return count;
}

interface FollowParts {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly print: Print;
}

/** Ctrl-C leaves the job alone. */
async function follow(path: string, options: LogsOptions, parts: FollowParts): Promise<number> {
  using interrupted = interruption();
  const { signal } = interrupted;
  try {
    await followLines(`${path}?${queryOf(options, { follow: "true" })}`, { ...parts, signal });
    return EXIT.ok;
  } catch (error) {
    if (signal.aborted) return EXIT.interrupted;
    throw error;
  }
}

/**
 * Prints what comes until the job is over, from one agent after the other. Throws the reason of the
 * signal.
 */
export async function followLines(
  path: string,
  { client, terminal, signal, print }: FollowParts & { readonly signal: AbortSignal },
): Promise<void> {
  for await (const { event, data } of resumedEvents(path, { client, signal, say: terminal.say })) {
    // The agent's own words, as it wrote them.
    if (event === "line") print([JSON.parse(data) as LogLineView]);
    if (event === "end") terminal.hint(endText(JSON.parse(data) as LogsEndView));
  }
}

function queryOf(
  { atom, since, tail }: PageOptions,
  more: Readonly<Record<string, string | number | undefined>>,
): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries({ atom, since, tail, ...more })) {
    if (value !== undefined) query.set(key, String(value));
  }
  return query.toString();
}
