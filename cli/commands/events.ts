import type { JobDetailView } from "../../common/wire.js";
import type { EventsView, EventView, ResetView } from "../../common/wire/events.js";
import { type Client, createClient } from "../api/client.js";
import type { StreamEvent } from "../api/event-stream.js";
import { jobPath } from "../api/job-path.js";
import { resumedEvents } from "../api/resumed-events.js";
import { EXIT } from "../exit.js";
import type { CommonOptions, OutputFormat } from "../options.js";
import { shortId } from "../screen/job-list.js";
import { stateText, type Style } from "../screen/style.js";
import { clean, padEnd } from "../screen/text.js";
import { clockTime } from "../screen/time.js";
import { createTerminal, interruption, type Terminal } from "../terminal.js";

export interface EventsOptions extends CommonOptions {
  readonly job?: string;
  readonly flow?: string;
  readonly types?: string;
  /** Cursor of the last event that was read. */
  readonly after?: string;
}

const PAGE = 1_000;
/** Columns of the longest type. */
const TYPE_COLUMNS = "agent.unreachable".length;

/** `jobrunner events`: what happens on all agents, until Ctrl-C. */
export async function events(options: EventsOptions): Promise<number> {
  const { after, job, flow, types } = options;
  if (job !== undefined) jobPath(job); // A word that is no id is refused before anybody is asked.
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries({ job, flow, types })) {
    if (value !== undefined) query.set(key, value);
  }
  return follow({ client, terminal, options, after }, `/v1/events?${query.toString()}`);
}

/** `jobrunner show JOB --events`: what its journal says; with `watch` until the job is over. */
export async function jobEvents(
  { client, terminal }: { readonly client: Client; readonly terminal: Terminal },
  job: string,
  options: CommonOptions & { readonly watch?: number },
): Promise<number> {
  const path = `${jobPath(job)}/events`;
  if (options.watch !== undefined) return follow({ client, terminal, options }, path);
  for (let after: string | undefined, over = false; !over;) {
    const place: string = after === undefined ? "" : `&after=${after}`;
    const page: EventsView = await client.get<EventsView>(`${path}?limit=${PAGE}${place}`);
    for (const { cursor, ...event } of page.items) print(terminal, options.output, event, cursor);
    after = page.nextCursor;
    over = page.items.length < PAGE;
  }
  return EXIT.ok;
}

interface Following {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly options: CommonOptions;
  readonly after?: string | undefined;
}

async function follow(
  { client, terminal, options, after }: Following,
  path: string,
): Promise<number> {
  using interrupted = interruption();
  const { signal } = interrupted;
  const resumed = { client, say: terminal.say, signal, lastEventId: after };
  try {
    for await (const event of resumedEvents(path, resumed)) take(terminal, options.output, event);
    return EXIT.ok;
  } catch (error) {
    if (signal.aborted) return EXIT.interrupted;
    throw error;
  }
}

function take(terminal: Terminal, output: OutputFormat | undefined, sent: StreamEvent): void {
  const data = JSON.parse(sent.data) as EventView;
  switch (sent.event) {
    case "cursor":
      return;
    case "end": {
      const { state } = JSON.parse(sent.data) as Pick<JobDetailView, "state">;
      return terminal.say(`the job is over: ${state}`);
    }
    case "reset": {
      const { agent, reason } = JSON.parse(sent.data) as ResetView;
      if (isJson(output)) terminal.print(JSON.stringify({ type: "reset", agent, reason }));
      return terminal.say(`events of ${agent} are missing: ${reason}. See jobrunner show.`);
    }
    default:
      return print(terminal, output, data, sent.id);
  }
}

function isJson(output: OutputFormat | undefined): boolean {
  return output === "json" || output === "jsonl";
}

/** JSON always one object a line: a stream has no end that could close a list. */
function print(
  { out, print: write }: Terminal,
  output: OutputFormat | undefined,
  event: EventView,
  cursor: string,
): void {
  if (isJson(output)) write(JSON.stringify({ ...event, ...(cursor === "" ? {} : { cursor }) }));
  else if (output === "name") write(event.type);
  else write(out.tty ? lineOf(out, event) : plainLine(event));
}

function lineOf(style: Style, event: EventView): string {
  const time = style.paint("dim", clockTime(Date.parse(event.at), Date.now()));
  const job = event.job === undefined ? "" : shortId(event.job);
  const parts = [time, padEnd(event.type, TYPE_COLUMNS), padEnd(job, 8), clean(event.agent ?? "")];
  return [...parts, ...wordsOf(event, (state) => stateText(style, state))].join("  ").trimEnd();
}

/** The same for programs: the id whole, tabs between. */
function plainLine(event: EventView): string {
  const { at, type, job = "-", agent = "-" } = event;
  return [at, type, job, agent, wordsOf(event, (state) => state).join(" ")].join("\t");
}

function wordsOf(event: EventView, paint: (state: string) => string): readonly string[] {
  const { flow, name, version, atom, retry, from, to, decision, until, request, fraction } = event;
  const isPosted = event.type === "job.posted" || event.type.startsWith("flow.");
  const moved = to === undefined ? [] : [from === undefined ? "" : `${from} ->`, paint(String(to))];
  const words = [
    ...(isPosted ? [flow, version === undefined ? undefined : `v${version}`] : []),
    ...(name === flow ? [] : [name]),
    ...[atom, retry === undefined ? undefined : `by ${retry}`, decision, request],
    ...[...moved, until === undefined ? undefined : `until ${until}`],
    fraction === undefined ? undefined : `${Math.floor(fraction * 100)}%`,
    ...[event.note, event.reason, event.file, event.failure?.message],
  ];
  return words.flatMap((word) => (word === undefined || word === "" ? [] : [clean(word)]));
}
