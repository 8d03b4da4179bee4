import { hasCode, JobrunnerError } from "../../../common/error.js";
import type { ScheduleDetailView, ScheduleRequest } from "../../../common/wire/schedules.js";
import type { Client } from "../../api/client.js";
import { EXIT } from "../../exit.js";
import type { OutputFormat } from "../../options.js";
import { isTable, printData } from "../../print.js";
import { clockTime, untilThen } from "../../screen/time.js";
import type { Terminal } from "../../terminal.js";
import { namedByFlags } from "../post/flow.js";
import { scheduleData } from "./data.js";

export interface Making {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly output: OutputFormat | undefined;
}

/** Makes a schedule and says when it is due first. Returns the exit code. */
export async function makeSchedule(
  { client, terminal, output }: Making,
  request: ScheduleRequest,
): Promise<number> {
  const answer = client.post<ScheduleDetailView>("/v1/schedules", request);
  const { body, replayed } = await withoutPlaces(namedByFlags(answer, request.job.flow));
  if (replayed) terminal.say(`there is this very schedule ${body.name} already`);
  await printData(terminal, output, scheduleData(body));
  const now = Date.now();
  const due = body.dueAt === undefined ? now : Date.parse(body.dueAt);
  if (!body.paused && isTable(output)) {
    terminal.say(`due next at ${clockTime(due, now)}, in ${untilThen(due - now)}`);
  }
  return EXIT.ok;
}

/** The message says it all; places in a body that people have not written help nobody. */
async function withoutPlaces<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!hasCode(error, "USAGE")) throw error;
    const { hint } = error;
    throw new JobrunnerError("USAGE", error.message, hint === undefined ? {} : { hint });
  }
}

/** A schedule's name made of a label. */
export function scheduleName(label: string): string {
  const name = label
    .toLowerCase()
    .replaceAll(/[^a-z0-9_.-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 64);
  if (name !== "") return name;
  throw new JobrunnerError("USAGE", `"${label}" makes no name for a schedule`, {
    hint: "Name it with jobrunner schedule add.",
  });
}

/** The time zone of this machine, which is what people mean by a time of day. */
export function localZone(): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  // Where nobody has said where the machine stands.
  return timeZone === undefined || timeZone.startsWith("Etc/Unknown") ? "UTC" : timeZone;
}
