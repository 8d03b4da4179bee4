import { JobrunnerError } from "../../../common/error.js";
import type {
  EventsView,
  EventView,
  PlacedEventView,
  ResetView,
} from "../../../common/wire/events.js";
import type { LogsEndView } from "../../../common/wire/logs.js";
import { type Client, createClient } from "../../api/client.js";
import type { StreamEvent } from "../../api/event-stream.js";
import { jobPath } from "../../api/job-path.js";
import { resumedEvents } from "../../api/resumed-events.js";
import { EXIT } from "../../exit.js";
import type { CommonOptions, OutputFormat, WatchOptions } from "../../options.js";
import { printData } from "../../print.js";
import { endText } from "../../screen/job/end.js";
import { createTerminal, interruption, type Terminal } from "../../terminal.js";
import { eventLine } from "./event-line.js";

export interface EventsOptions extends CommonOptions {
  readonly job?: string;
  readonly flow?: string;
  readonly types?: string;
  /** Cursor of the last event that was read. */
  readonly after?: string;
}

const PAGE = 1_000;

/** `jobrunner events`: what happens on all agents, until Ctrl-C. */
export async function events(options: EventsOptions): Promise<number> {
  const { after, job, flow, types } = options;
  if (job !== undefined) jobPath(job); // A word that is no id is refused before anybody is asked.
  refuse(options, ...WHOLE, "name");
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries({ job, flow, types })) {
    if (value !== undefined) query.set(key, value);
  }
  const path = `/v1/events?${query.toString()}`;
  return follow(path, { client, terminal, printer: printer(terminal, options), after });
}

interface JobEventsOptions extends CommonOptions, WatchOptions {}

/** `jobrunner show JOB --events`: what its journal says; with `watch` until the job is over. */
export async function jobEvents(job: string, options: JobEventsOptions): Promise<number> {
  const isFollowed = options.watch !== undefined;
  refuse(options, "name", ...(isFollowed ? WHOLE : []));
  const path = `${jobPath(job)}/events`;
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  const printed = printer(terminal, options);
  if (isFollowed) return follow(path, { client, terminal, printer: printed });
  const all: PlacedEventView[] = [];
  const isWhole = WHOLE.some((each) => each === options.output);
  const take = isWhole ? (event: PlacedEventView) => void all.push(event) : printed.event;
  await eachEvent(client, path, take);
  const data = { view: all, names: [], table: () => "" };
  if (isWhole) await printData(terminal, options.output, data);
  return EXIT.ok;
}

/** Forms of a whole list, which has an end. */
const WHOLE = ["json", "yaml"] as const;

function refuse({ output }: CommonOptions, ...outputs: readonly OutputFormat[]): void {
  if (!outputs.some((each) => each === output)) return;
  throw new JobrunnerError("USAGE", `-o ${output} cannot be used here`, {
    hint: "Use -o jsonl: one object a line.",
  });
}

/** Those that there are now, page by page. */
async function eachEvent(
  client: Client,
  path: string,
  take: (event: PlacedEventView) => void,
): Promise<void> {
  let after: string | undefined;
  for (let more = true; more;) {
    const place = after === undefined ? "" : `&after=${after}`;
    const page: EventsView = await client.get<EventsView>(`${path}?limit=${PAGE}${place}`);
    page.items.forEach(take);
    after = page.nextCursor;
    more = page.items.length === PAGE;
  }
}

interface Printer {
  event(event: EventView & Partial<PlacedEventView>): void;
  /** Events are missing: for programs that is one, too. */
  reset(reset: ResetView): void;
}

function printer({ out, print, say }: Terminal, { output }: CommonOptions): Printer {
  if (output === "jsonl") {
    return {
      event: (event) => print(JSON.stringify(event)),
      reset: (reset) => print(JSON.stringify({ type: "reset", ...reset })),
    };
  }
  return {
    event: (event) => print(eventLine(out, event, Date.now())),
    reset: ({ agent, reason }) =>
      say(`events of ${agent} are missing: ${reason}; look with jobrunner show`),
  };
}

interface Following {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly printer: Printer;
  readonly after?: string | undefined;
}

/** From one agent after the other; Ctrl-C ends it. */
async function follow(path: string, { client, terminal, printer, after }: Following) {
  using interrupted = interruption();
  const { signal } = interrupted;
  const { say } = terminal;
  try {
    const sent = resumedEvents(path, { client, say, signal, lastEventId: after });
    for await (const event of sent) take(event, say, printer);
    return EXIT.ok;
  } catch (error) {
    if (signal.aborted) return EXIT.interrupted;
    throw error;
  }
}

function take({ event, id, data }: StreamEvent, say: Terminal["say"], to: Printer): void {
  const sent: unknown = JSON.parse(data);
  // The agent's own words, as it wrote them.
  const place = id === "" ? {} : { cursor: id };
  switch (event) {
    case "cursor":
      return;
    case "reset":
      return to.reset({ ...(sent as ResetView), ...place });
    case "end":
      return say(endText(sent as LogsEndView));
    default:
      return to.event({ ...(sent as EventView), ...place });
  }
}
