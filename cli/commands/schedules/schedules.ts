import type {
  ScheduleDetailView,
  SchedulesView,
  ScheduleView,
} from "../../../common/wire/schedules.js";
import { type Client, createClient } from "../../api/client.js";
import { errorText, EXIT, exitCodeOf } from "../../exit.js";
import type { CommonOptions, WatchOptions } from "../../options.js";
import { type Data, printData } from "../../print.js";
import { clean } from "../../screen/text.js";
import { createTerminal, type Terminal } from "../../terminal.js";
import { watch } from "../watch.js";
import { scheduleData, schedulesData } from "./data.js";

export interface ScheduleOptions extends CommonOptions, WatchOptions {}

/** What schedules do is post. */
const EVENTS = "/v1/events?types=job.posted";

/** `jobrunner schedule list`: all of them, page by page. */
export async function listSchedules(options: ScheduleOptions): Promise<number> {
  const { client, terminal } = await asking(options);
  const { output, watch: everyMs } = options;
  if (everyMs !== undefined) {
    const look = async (): Promise<Data> => schedulesData(await allSchedules(client));
    return watch({ client, terminal, output, look, path: EVENTS }, everyMs);
  }
  const all = await allSchedules(client);
  await printData(terminal, output, schedulesData(all));
  for (const { name, trouble } of all) {
    if (trouble !== undefined) terminal.say(`${name} cannot post: ${clean(trouble)}`);
  }
  if (all.length === 0) terminal.say("no schedule; make one: jobrunner schedule add --help");
  return EXIT.ok;
}

async function allSchedules(client: Client): Promise<readonly ScheduleView[]> {
  const all: ScheduleView[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined;) {
    const after: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page: SchedulesView = await client.get(`/v1/schedules?limit=500${after}`);
    all.push(...page.items);
    cursor = page.nextCursor;
  }
  return all;
}

/** `jobrunner schedule show NAME`. */
export async function showSchedule(name: string, options: ScheduleOptions): Promise<number> {
  const { client, terminal } = await asking(options);
  const { output, watch: everyMs } = options;
  const look = async (): Promise<Data> =>
    scheduleData(await client.get<ScheduleDetailView>(pathOf(name)));
  if (everyMs !== undefined) {
    return watch({ client, terminal, output, look, path: EVENTS }, everyMs);
  }
  await printData(terminal, output, await look());
  return EXIT.ok;
}

export type ScheduleVerb = "pause" | "resume" | "delete";

/**
 * `jobrunner schedule pause|resume|delete NAME...`: each, whatever became of the others. Returns
 * the exit code of the first with which it could not be done.
 */
export async function tellSchedules(
  verb: ScheduleVerb,
  names: readonly string[],
  options: CommonOptions,
): Promise<number> {
  const { client, terminal } = await asking(options);
  let code: number = EXIT.ok;
  for (const name of names) {
    try {
      await tell({ client, terminal, options }, verb, name);
    } catch (error) {
      if (code === EXIT.ok) code = exitCodeOf(error);
      terminal.say(errorText(error));
    }
  }
  return code;
}

interface Asking {
  readonly client: Client;
  readonly terminal: Terminal;
}

async function tell(
  { client, terminal, options }: Asking & { readonly options: CommonOptions },
  verb: ScheduleVerb,
  name: string,
): Promise<void> {
  const { output } = options;
  if (verb !== "delete") {
    const { body } = await client.post<ScheduleDetailView>(`${pathOf(name)}/${verb}`, undefined);
    return printData(terminal, output, scheduleData(body));
  }
  await client.delete(pathOf(name));
  const data = { view: { deleted: name }, names: [name], table: () => `deleted  ${name}` };
  await printData(terminal, output, data);
}

async function asking(options: CommonOptions): Promise<Asking> {
  const terminal = createTerminal(options);
  const client = await createClient({ ...options, env: process.env, say: terminal.say });
  return { client, terminal };
}

function pathOf(name: string): string {
  return `/v1/schedules/${encodeURIComponent(name)}`;
}
