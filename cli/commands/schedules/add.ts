import { JobrunnerError } from "../../../common/error.js";
import { SCHEDULE_NAME } from "../../../common/wire/schedules.js";
import { createClient } from "../../api/client.js";
import type { CommonOptions } from "../../options.js";
import { createTerminal } from "../../terminal.js";
import { findFlow, toJob } from "../post/flow.js";
import { findName, valueOf } from "../post/words.js";
import { readScheduling, valueFlags } from "./command.js";
import { localZone, makeSchedule } from "./making.js";

const ADD_HELP = `Usage: jobrunner schedule add NAME --cron PATTERN FLOW [flags]

Post a flow again and again. Its flags: jobrunner schedule add NAME FLOW --help

  --cron <pattern>      minute hour day month weekday: '0 3 * * 1-5'; or @daily
  --tz <zone>           the zone whose clocks are meant (default: that of this machine)
  --catch-up <policy>   due times that no agent could post for: none skips them, one posts
                        one job for all (default), all one for each`;

/** `jobrunner schedule add NAME FLOW [flags]`; `words` is what follows `add`. */
export async function addSchedule(words: readonly string[], outer: CommonOptions): Promise<number> {
  const first = findName(words, valueFlags());
  const second = findName(first.rest, valueFlags());
  const terminal = createTerminal(outer);
  if (second.name === undefined && (words.includes("--help") || words.includes("-h"))) {
    terminal.print(ADD_HELP);
    return 0;
  }
  if (first.name === undefined || second.name === undefined) {
    const what = first.name === undefined ? "which schedule, of which flow?" : "of which flow?";
    throw new JobrunnerError("USAGE", what, {
      hint: "jobrunner schedule add NAME --cron '0 3 * * *' FLOW",
    });
  }
  checkName(first.name);
  const via = valueOf(words, "--via") ?? outer.via;
  const client = await createClient({ via, env: process.env, say: terminal.say });
  const flow = await findFlow(client, second.name);
  const line = readScheduling(flow, second.rest);
  const flags = { ...outer, ...line.flags };
  const { cron, tz = localZone(), catchUp } = flags;
  if (cron === undefined) {
    throw new JobrunnerError("USAGE", "--cron must be given", {
      hint: "--cron '0 3 * * *' is every day at three.",
    });
  }
  const job = await toJob(flow, line, `schedule add ${first.name}`);
  const request = { name: first.name, cron, tz, ...(catchUp && { catchUp }), job };
  return makeSchedule({ client, terminal: createTerminal(flags), output: flags.output }, request);
}

function checkName(name: string): void {
  if (new RegExp(SCHEDULE_NAME).test(name)) return;
  throw new JobrunnerError("USAGE", `"${name}" is not a name for a schedule`, {
    hint: "a-z, 0-9, dots, _ and -, at most 64, such as nightly-backup.",
  });
}
